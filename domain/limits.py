"""The bounds on what one run may ask for and leave behind, on what a principal may have, on what
may be connected, and on what may be asked at once."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

ARGUMENT_BYTES_MAX: Final = 128 * 1024 - 1
"""What Linux takes for one argument, its closing NUL not counted (MAX_ARG_STRLEN)."""
COMMAND_BYTES_MAX: Final = 512 * 1024
COMMAND_ARGUMENTS_MAX: Final = 4096
TOOL_SCOPES_MAX: Final = 100
PROMPT_BYTES_MAX: Final = 256 * 1024
REASON_CHARACTERS_MAX: Final = 2000
ANSWER_CHARACTERS_MAX: Final = 20_000
"""Of what a person says to a run that asks."""
SLUG_CHARACTERS_MAX: Final = 64
IDEMPOTENCY_KEY_CHARACTERS_MAX: Final = 200
NAME_CHARACTERS_MAX: Final = 100
"""Of a principal or a token."""
TOKENS_PER_PRINCIPAL_MAX: Final = 100
"""API tokens that can be used."""
UNUSABLE_TOKENS_KEPT: Final = 1000
"""Revoked or expired API tokens of one principal; the oldest beyond go when a new one is made."""
PROJECTS_PER_TOKEN_MAX: Final = 50
APPROVAL_EXPIRES_MS: Final = 7 * 24 * 3600 * 1000
"""Where the policy says nothing of it."""
APPROVALS_PENDING_MAX: Final = 1000
"""In one project at once."""
DELEGATIONS_PER_PRINCIPAL_MAX: Final = 50
"""In one project, given by one: neither over nor revoked."""
DELEGATION_MS_MAX: Final = 90 * 24 * 3600 * 1000
BREAK_GLASS_APPROVERS: Final = 2
APPROVERS_LOOKED_FOR_MAX: Final = 10_000
"""So many members of a project are looked at, to find who could approve."""
CONFLICT_TRIES_MAX: Final = 10
"""So often what others have overtaken is decided again."""
FEATURES_PER_PROJECT_MAX: Final = 5000
DOCUMENTS_PER_PROJECT_MAX: Final = 10_000
SESSIONS_PER_PROJECT_MAX: Final = 50_000
DOCUMENTS_GIVEN_MAX: Final = 100
SESSIONS_GIVEN_MAX: Final = 100
"""Of one feature, by hand."""
DOCUMENT_BYTES_MAX: Final = 1024 * 1024
FRONT_MATTER_BYTES_MAX: Final = 64 * 1024
FRONT_MATTER_NODES_MAX: Final = 2000
FRONT_MATTER_DEPTH_MAX: Final = 20
FRONT_MATTER_TEXT_CHARACTERS_MAX: Final = 1000
FRONT_MATTER_LIST_MAX: Final = 100
"""Of the values that are used."""
SCAN_FILES_MAX: Final = 2000
SCAN_ENTRIES_MAX: Final = 50_000
"""Files and folders of any kind that one scan looks at."""
SCAN_BYTES_MAX: Final = 64 * 1024 * 1024
DOCUMENT_PATH_CHARACTERS_MAX: Final = 1024
FEATURE_TITLE_CHARACTERS_MAX: Final = 200
BRIEFING_BYTES_DEFAULT: Final = 64 * 1024
"""Of the documents that go with a prompt; at most PROMPT_BYTES_MAX."""
TIMEOUT_MS_MAX: Final = 7 * 24 * 3600 * 1000
CPU_S: Final = (1, 7 * 24 * 3600)
MEMORY_BYTES: Final = (16 * 1024 * 1024, 1 << 50)
PROCESSES: Final = (1, 1_000_000)
OPEN_FILES: Final = (16, 1_000_000)
"""The least and the most that a project may set as a limit of its runs."""

STEPS_MAX: Final = 1000
"""Of one workflow."""
NEEDS_MAX: Final = 1000
"""Of one step."""
EDGES_MAX: Final = 50_000
FOR_EACH_MAX: Final = 100
STEP_RUNS_MAX: Final = 5000
"""Of one workflow run, with those that `forEach` makes."""
WORKFLOW_RUNS_ACTIVE_MAX: Final = 500
"""Of one project, that need an engine. A server sees to 1,000: no project takes all."""
PLAN_CHARACTERS_MAX: Final = 16 * 1024 * 1024
"""Of one workflow run: what its steps say, once for each item that a step is made for."""
CONCURRENCY_MAX: Final = 1000
RETRY_ATTEMPTS_MAX: Final = 20
STEP_BACKOFF_MS_MAX: Final = 3600 * 1000
WORKFLOW_NAME_CHARACTERS_MAX: Final = 100
STEP_KEY_CHARACTERS_MAX: Final = 64
WORKFLOW_BYTES_MAX: Final = 1024 * 1024
"""Of a workflow as a file."""
WORKFLOW_DEPTH_MAX: Final = 50
FAULTS_MAX: Final = 100
"""Told at once."""
DESCRIPTION_CHARACTERS_MAX: Final = 4000
SCHEMA_BYTES_MAX: Final = 16 * 1024
SUBSCHEMAS_MAX: Final = 1000
"""In all schemas of one workflow: each takes the library about a millisecond to look at."""
SCHEMA_WORK_MAX: Final = 100_000
"""Keywords that are held to a value, and members of both that they go through."""
INPUTS_BYTES_MAX: Final = 64 * 1024
EXPRESSION_BYTES_MAX: Final = 1024
EXPRESSION_PARENTHESES_MAX: Final = 20
EXPRESSION_ITEMS_MAX: Final = 250
"""Of a list or mapping that a condition may go through."""
EXPRESSION_VALUES_MAX: Final = 20_000
"""In all that a condition is given."""
FILLED_BYTES_MAX: Final = PROMPT_BYTES_MAX
"""Of a text whose references have been replaced."""
DOCUMENTS_MAX: Final = 50
ARTIFACT_GLOBS_MAX: Final = 50
GLOB_CHARACTERS_MAX: Final = 500
REPORT_EVENTS_MAX: Final = 20_000
REPORT_ATTEMPTS_MAX: Final = 10_000
REPORT_APPROVALS_MAX: Final = 1000
REPORT_ARTIFACTS_MAX: Final = 10_000
REPORT_EXCERPTS_MAX: Final = 50
REPORT_LINES_MAX: Final = 20
"""Of one excerpt of a log: the last ones."""
REPORT_LINE_CHARACTERS_MAX: Final = 1000
REPORT_TEXT_CHARACTERS_MAX: Final = 2000
"""Of any other text: a command as a whole, a reason, a message."""
REPORT_VALUE_BYTES_MAX: Final = 4096
"""Of the outputs of one attempt, and of the item that a step is made for, as JSON."""
REPORT_BYTES_MAX: Final = 16 * 1024 * 1024
LAST_LINES_MAX: Final = 20
"""Of a step's output, that later steps can see."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunLimits:
    """What a server's settings say of every run."""

    timeout_ms_default: int = 3600 * 1000
    output_bytes_max: int = 256 * 1024 * 1024
    queue_max: int = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class ArtifactLimits:
    """What a server's settings say of the files that a run leaves behind."""

    file_bytes_max: int = 100 * 1024 * 1024
    files_max: int = 1000
    run_bytes_max: int = 1024 * 1024 * 1024


class ConnectionKind(StrEnum):
    """What stays connected: a socket before and after it has signed in, an event stream."""

    UNSIGNED = "unsigned"
    SOCKET = "socket"
    STREAM = "stream"


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionLimits:
    """What a server's settings say of everything that stays connected."""

    principal_connections: int = 1000
    socket_operations: int = 100
    unsigned_sockets: int = 1000
    unsigned_sockets_per_address: int = 500
    init_timeout_s: float = 5.0
    idle_timeout_s: float = 900.0


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentLimits:
    """What one document may hold, and what an operation of it may cost, in points.

    Depth, fields, aliases and directives are those of its largest operation, counted as if each
    spread of a fragment were written out.
    """

    bytes_max: int = 64 * 1024
    tokens_max: int = 4000
    depth_max: int = 20
    fields_max: int = 1000
    root_fields_max: int = 20
    aliases_max: int = 100
    directives_max: int = 100
    cost_max: int = 25_000
    has_introspection: bool = True
    has_suggestions: bool = False
