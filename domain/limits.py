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
TIMEOUT_MS_MAX: Final = 7 * 24 * 3600 * 1000
CPU_S: Final = (1, 7 * 24 * 3600)
MEMORY_BYTES: Final = (16 * 1024 * 1024, 1 << 50)
PROCESSES: Final = (1, 1_000_000)
OPEN_FILES: Final = (16, 1_000_000)
"""The least and the most that a project may set as a limit of its runs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunLimits:
    """What a server's settings say of every run."""

    timeout_ms_default: int = 3600 * 1000
    output_bytes_max: int = 256 * 1024 * 1024
    queue_max: int = 10_000


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
