"""The JSON Schema of a workflow file, by which editors help while one is written."""

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
    """Draft 2020-12. It knows the form; that a step which is needed is there, that a condition can
    be read and that a provider is known is checked by the server."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A workflow of the CCDash Execution Workbench",
        **_mapping(_of_workflow(), required=("name", "steps")),
    }


def _of_workflow() -> dict[str, Described]:
    steps = _list(_step(), STEPS_MAX, "What is done; each has a key of its own.")
    return {
        "name": _text("Sending a file of the same name again makes the next version.",
                      WORKFLOW_NAME_CHARACTERS_MAX),
        "description": _text("What it is for.", DESCRIPTION_CHARACTERS_MAX),
        "feature": _text("Slug of the feature that it belongs to.", SLUG_CHARACTERS_MAX),
        "inputs": {"type": "object", "description": "A JSON Schema of what it is started with."},
        "toolScopes": _texts("What no step's tools go beyond.", TOOL_SCOPES_MAX),
        "concurrency": _number("How many of its steps run at once at most.", 1, CONCURRENCY_MAX),
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
    key = _text("By what it is named; a letter, then letters, digits, _ and -.",
                STEP_KEY_CHARACTERS_MAX)  # fmt: skip
    return {
        "key": {**key, "pattern": f"^{KEY.pattern}$"},
        "needs": _texts("Keys of steps that are over first. If absent it follows the step before "
                        "it; [] starts at once.", NEEDS_MAX),
        "when": _condition("Where this does not hold, the step is skipped."),
        "forEach": _condition("inputs.name, a list: the step is made for each item."),
        "onFailure": _choice("What its failure means for those that need it.", FailureAction),
        "risk": _choice("The least that it is taken for.", RiskLevel),
    }  # fmt: skip


def _kinds() -> dict[str, Described]:
    command = _texts("A program and its arguments; no shell reads them.", COMMAND_ARGUMENTS_MAX)
    sdk = {
        "provider": _text("The agent; the project's default if absent."),
        "prompt": _text("What the agent is told."),
        "documents": _texts("Paths of the feature's documents that go along.", DOCUMENTS_MAX),
    }
    outputs = {
        "step": _text("Key of the step.", STEP_KEY_CHARACTERS_MAX),
        "schema": {"type": "object", "description": "A JSON Schema of its outputs."},
    }
    held = _mapping(outputs, required=("step", "schema"))
    return {
        "command": {**command, "minItems": 1},
        "sdk": {**_mapping(sdk, required=("prompt",)), "description": "Work for an agent."},
        "validate": {"description": "A gate: a condition in CEL, or what outputs are held to.",
                     "anyOf": [_condition("It fails where this does not hold."), held]},
        "approval": {**_mapping(_approval()), "description": "People who have to agree."},
    }  # fmt: skip


def _approval() -> dict[str, Described]:
    return {
        "role": _names("Who may agree.", tuple(APPROVER_RIGHTS)),
        "count": _number("How many have to.", 1, APPROVALS_MAX),
        "expiresMs": _number("How long it is open, in ms.", PERIOD_MS_MIN, PERIOD_MS_MAX),
        "escalateMs": _number("After how long others are asked, in ms.",
                              PERIOD_MS_MIN, PERIOD_MS_MAX),
        "onExpiry": _choice("What comes then.", ExpiryAction),
    }  # fmt: skip


def _of_what_runs() -> dict[str, Described]:
    retry = {
        "attempts": _number("In all.", 1, RETRY_ATTEMPTS_MAX),
        "backoffMs": _number("Before the second, in ms.", 0, STEP_BACKOFF_MS_MAX),
        "codes": {"type": "array", "items": _names("A failure that is tried again.", RETRYABLE)},
    }
    budget = {
        "costCents": _number("Cents.", 0, BUDGET_MAX),
        "tokens": _number("Tokens.", 0, BUDGET_MAX),
    }
    return {
        "provider": _text("Where a command runs; the project's default if absent."),
        "cwd": _text("Folder inside the project's root."),
        "envProfile": _choice("Which environment variables it gets.", EnvProfile),
        "timeoutMs": _number("It is stopped after this long, in ms.", 1, TIMEOUT_MS_MAX),
        "retry": {**_mapping(retry), "description": "Whether it is tried again."},
        "budget": {**_mapping(budget), "description": "What it may use up."},
        "toolScopes": _texts("What an agent's tools may do.", TOOL_SCOPES_MAX),
        "artifacts": _texts("Globs of files that it leaves.", ARTIFACT_GLOBS_MAX),
    }


def _mapping(members: Described, required: tuple[str, ...] = ()) -> dict[str, Any]:
    """Nothing else is taken; null is as if it were absent."""
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
    """In capitals or not."""
    spelled = [str(each) for each in names]
    return {"enum": [*spelled, *map(str.lower, spelled)], "description": description}
