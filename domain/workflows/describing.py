"""The JSON Schema of a workflow file, for completion and checks in editors."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Final

from domain.limits import (
    ARTIFACT_GLOBS_MAX,
    COMMAND_ARGUMENTS_MAX,
    CONCURRENCY_MAX,
    DESCRIPTION_CHARACTERS_MAX,
    DOCUMENTS_MAX,
    EXPRESSION_BYTES_MAX,
    NEEDS_MAX,
    RETRY_ATTEMPTS_MAX,
    SLUG_CHARACTERS_MAX,
    STEP_BACKOFF_MS_MAX,
    STEP_KEY_CHARACTERS_MAX,
    STEPS_MAX,
    TIMEOUT_MS_MAX,
    TOOL_SCOPES_MAX,
    WORKFLOW_NAME_CHARACTERS_MAX,
)
from domain.models.decisions import ExpiryAction, RiskLevel
from domain.models.principals import APPROVER_RIGHTS
from domain.models.providers import EnvProfile
from domain.models.workflows import RETRYABLE, FailureAction
from domain.rules import APPROVALS_MAX, PERIOD_MS_MAX, PERIOD_MS_MIN
from domain.workflows.steps import BUDGET_MAX, KEY, KINDS

Described = Mapping[str, Any]
OF_WHAT_RUNS: Final = ("command", "sdk")


def schema() -> Described:
    """Return the schema (draft 2020-12).

    It describes the form alone. Only the server checks that needed steps exist, that conditions
    compile and that providers are known.
    """
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A workflow of the CCDash Execution Workbench",
        **_mapping(_of_workflow(), required=("name", "steps")),
    }


def _of_workflow() -> dict[str, Described]:
    steps = _list(_step(), STEPS_MAX, "The steps; each has a unique key.")
    return {
        "name": _text("A file with the same name becomes the next version of that workflow.",
                      WORKFLOW_NAME_CHARACTERS_MAX),
        "description": _text("What it is for.", DESCRIPTION_CHARACTERS_MAX),
        "feature": _text("Slug of the feature that it belongs to.", SLUG_CHARACTERS_MAX),
        "inputs": {"type": "object", "description": "A JSON Schema of the inputs of its runs."},
        "toolScopes": _texts("Upper bound for the tool scopes of its steps.", TOOL_SCOPES_MAX),
        "concurrency": _number("How many of its steps may run at once.", 1, CONCURRENCY_MAX),
        "timeoutMs": _number("A run of it is stopped after this long, in ms.", 1, TIMEOUT_MS_MAX),
        "steps": {**steps, "minItems": 1},
    }  # fmt: skip


def _step() -> Described:
    known = {**_kinds(), **_of_all(), **_of_what_runs()}
    only = {name: {"anyOf": [{"required": [kind]} for kind in OF_WHAT_RUNS]}
            for name in _of_what_runs() if name != "provider"}  # fmt: skip
    return {
        **_mapping(known, required=("key",)),
        "oneOf": [{"required": [kind]} for kind in KINDS],
        "dependentSchemas": {**only, "provider": {"required": ["command"]}},
    }


def _of_all() -> dict[str, Described]:
    key = _text("Its unique name: a letter, then letters, digits, _ and -.",
                STEP_KEY_CHARACTERS_MAX)  # fmt: skip
    return {
        "key": {**key, "pattern": f"^{KEY.pattern}$"},
        "needs": _texts("Keys of the steps that must be over first. If absent, the preceding step; "
                        "with [] it starts at once.", NEEDS_MAX),
        "when": _condition("Where this does not hold, the step is skipped."),
        "forEach": _condition("inputs.name, a list: the step runs once for each item."),
        "onFailure": _choice("What its failure means for the steps that need it.", FailureAction),
        "risk": _choice("Lower bound; the policy may rate the step higher.", RiskLevel),
    }  # fmt: skip


def _kinds() -> dict[str, Described]:
    command = _texts("A program and its arguments; no shell reads them.", COMMAND_ARGUMENTS_MAX)
    sdk = {
        "provider": _text("The agent; the project's default if absent."),
        "prompt": _text("The prompt for the agent."),
        "documents": _texts(
            "Paths of the feature's documents to put before the prompt.", DOCUMENTS_MAX
        ),
    }
    outputs = {
        "step": _text("Key of the step.", STEP_KEY_CHARACTERS_MAX),
        "schema": {"type": "object", "description": "A JSON Schema of its outputs."},
    }
    held = _mapping(outputs, required=("step", "schema"))
    return {
        "command": {**command, "minItems": 1},
        "sdk": {**_mapping(sdk, required=("prompt",)), "description": "Work for an agent."},
        "validate": {"description": "A gate: a condition in CEL, or a schema for outputs.",
                     "anyOf": [_condition("The step fails where this does not hold."), held]},
        "approval": {**_mapping(_approval()), "description": "People who have to approve."},
    }  # fmt: skip


def _approval() -> dict[str, Described]:
    return {
        "role": _names("The role that may approve.", tuple(APPROVER_RIGHTS)),
        "count": _number("How many people have to approve.", 1, APPROVALS_MAX),
        "expiresMs": _number("How long it stays open, in ms.", PERIOD_MS_MIN, PERIOD_MS_MAX),
        "escalateMs": _number("After how long a higher role is asked, in ms.",
                              PERIOD_MS_MIN, PERIOD_MS_MAX),
        "onExpiry": _choice("What happens when it expires.", ExpiryAction),
    }  # fmt: skip


def _of_what_runs() -> dict[str, Described]:
    retry = {
        "attempts": _number("Attempts in all, including the first.", 1, RETRY_ATTEMPTS_MAX),
        "backoffMs": _number("Longest wait before the second attempt, in ms; it doubles each time.",
                             0, STEP_BACKOFF_MS_MAX),
        "codes": {"type": "array",
                  "items": _names("A failure after which it is tried again.", RETRYABLE)},
    }  # fmt: skip
    budget = {
        "costCents": _number("Cost in cents.", 0, BUDGET_MAX),
        "tokens": _number("Tokens of a language model.", 0, BUDGET_MAX),
    }
    return {
        "provider": _text("Where a command runs; the project's default if absent."),
        "cwd": _text("Folder inside the project's root."),
        "envProfile": _choice("Which environment variables it gets.", EnvProfile),
        "timeoutMs": _number("It is stopped after this long, in ms.", 1, TIMEOUT_MS_MAX),
        "retry": {**_mapping(retry), "description": "How often it is tried again."},
        "budget": {**_mapping(budget), "description": "The most that it may consume."},
        "toolScopes": _texts("What an agent's tools may do.", TOOL_SCOPES_MAX),
        "artifacts": _texts("Globs of the files to keep as artifacts.", ARTIFACT_GLOBS_MAX),
    }


def _mapping(members: Described, required: tuple[str, ...] = ()) -> dict[str, Any]:
    """Describe an object with these members and no others. A member that is null counts as absent,
    except for required ones, kinds of work and `needs`."""
    made = {
        name: described if name in {*required, *KINDS, "needs"} else _or_nothing(described)
        for name, described in members.items()
    }
    asked = {"required": list(required)} if required else {}
    return {"type": "object", "properties": made, "additionalProperties": False, **asked}


def _or_nothing(described: Described) -> Described:
    if "enum" in described:
        return {**described, "enum": [*described["enum"], None]}
    return {**described, "type": [described["type"], "null"]}


def _text(description: str, most: int | None = None) -> dict[str, Any]:
    bound = {} if most is None else {"maxLength": most}
    return {"type": "string", **bound, "description": description}


def _condition(description: str) -> dict[str, Any]:
    return _text(description, EXPRESSION_BYTES_MAX)


def _texts(description: str, most: int) -> dict[str, Any]:
    return _list({"type": "string"}, most, description)


def _list(items: Described, most: int, description: str) -> dict[str, Any]:
    return {"type": "array", "items": items, "maxItems": most, "description": description}


def _number(description: str, least: int, most: int) -> Described:
    return {"type": "integer", "minimum": least, "maximum": most, "description": description}


def _choice(description: str, kind: type[StrEnum]) -> Described:
    return _names(description, tuple(kind))


def _names(description: str, names: tuple[StrEnum, ...]) -> Described:
    """Describe an enum whose names may be written in upper or lower case."""
    spelled = [str(each) for each in names]
    return {"enum": [*spelled, *map(str.lower, spelled)], "description": description}
