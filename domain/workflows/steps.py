"""Reads one step of a definition; faults are collected."""

import re
from typing import Any, Final

from domain.errors import InvalidInput
from domain.limits import (
    ARGUMENT_BYTES_MAX,
    ARTIFACT_GLOBS_MAX,
    COMMAND_ARGUMENTS_MAX,
    DOCUMENTS_MAX,
    EXPRESSION_BYTES_MAX,
    NEEDS_MAX,
    RETRY_ATTEMPTS_MAX,
    STEP_BACKOFF_MS_MAX,
    STEP_KEY_CHARACTERS_MAX,
    TIMEOUT_MS_MAX,
    TOOL_SCOPES_MAX,
)
from domain.models.decisions import ApprovalRequirement, ExpiryAction, RiskLevel
from domain.models.principals import APPROVER_RIGHTS, Role
from domain.models.providers import EnvProfile
from domain.models.runs import Budget, FailureCode
from domain.models.workflows import (
    NO_RETRY,
    RETRYABLE,
    FailureAction,
    RetryPolicy,
    Step,
    StepType,
)
from domain.rules import APPROVALS_MAX, PERIOD_MS_MAX, PERIOD_MS_MIN
from domain.validation import check_command, check_prompt
from domain.workflows.fields import Faults, Fields, Path
from domain.workflows.schemas import read_schema

KINDS: Final = {
    "command": StepType.COMMAND,
    "sdk": StepType.SDK,
    "validate": StepType.VALIDATION,
    "approval": StepType.APPROVAL,
}
OF_ALL: Final = ("key", "needs", "when", "forEach", "onFailure", "risk")
OF_DISPATCHED: Final = (
    "cwd", "envProfile", "timeoutMs", "retry", "budget", "toolScopes", "artifacts",
)  # fmt: skip
OF_COMMANDS: Final = ("provider",)
KEYS: Final = (*KINDS, *OF_ALL, *OF_DISPATCHED, *OF_COMMANDS)
KEY: Final = re.compile(r"[A-Za-z][A-Za-z0-9_-]*")
BUDGET_MAX: Final = 2**31 - 1
"""The largest Int of GraphQL."""


def read_step(raw: object, path: Path, before: tuple[str, ...], faults: Faults) -> Step:
    """Read a step. `before` holds the key of the preceding step, its need unless it has `needs`."""
    fields = Fields(raw, path, KEYS, faults)
    if not fields.is_mapping:
        return Step(key="", type=StepType.COMMAND)
    kind = _kind(fields)
    values: dict[str, Any] = {**_of_all(fields, before), **_of_dispatched(fields)}
    if kind is None:
        return Step(type=StepType.COMMAND, **values)
    _check_belongs(fields, kind)
    match kind:
        case StepType.COMMAND:
            values |= {"command": _command(fields), "provider": fields.text("provider")}
        case StepType.SDK:
            values |= _sdk(fields)
        case StepType.VALIDATION:
            values |= _validation(fields)
        case StepType.APPROVAL:
            values |= {"approval": _approval(fields)}
    return Step(type=kind, **values)


def _kind(fields: Fields) -> StepType | None:
    given = [name for name in KINDS if name in fields]
    if not given and not fields.meant.isdisjoint(KINDS):
        return None  # it is told already what was meant
    if len(given) != 1:
        told = " and ".join(given) or "none"
        message = f"A step has exactly one of {', '.join(KINDS)}; this one has {told}."
        fields.faults.add(fields.path, message)
        return None
    return KINDS[given[0]]


def _check_belongs(fields: Fields, kind: StepType) -> None:
    """Note a fault for each field that has no effect on this kind of step."""
    foreign: list[str] = []
    if kind in {StepType.VALIDATION, StepType.APPROVAL}:
        foreign += OF_DISPATCHED
    if kind is not StepType.COMMAND:
        foreign += OF_COMMANDS
    for name in foreign:
        if name in fields:
            fields.fault(name, f"A step of the type {kind} takes no {name} here.")


def _of_all(fields: Fields, before: tuple[str, ...]) -> dict[str, Any]:
    if fields.is_null("needs"):
        fields.fault("needs", "Write [] where it needs nothing.")
    return {
        "key": _key(fields),
        "needs": fields.texts("needs", NEEDS_MAX) if "needs" in fields else before,
        "when": fields.text("when", EXPRESSION_BYTES_MAX),
        "for_each": _for_each(fields),
        "on_failure": fields.choice("onFailure", FailureAction) or FailureAction.STOP,
        "risk": fields.choice("risk", RiskLevel),
    }


def _key(fields: Fields) -> str:
    key = fields.required("key", STEP_KEY_CHARACTERS_MAX)
    if key and not KEY.fullmatch(key):
        fields.fault("key", "A key is a letter, then letters, digits, `_` and `-`.")
    return key


def _for_each(fields: Fields) -> str | None:
    """Accept `inputs.targets` and `${{ inputs.targets }}`."""
    text = fields.text("forEach", EXPRESSION_BYTES_MAX)
    if text is None:
        return None
    return text.removeprefix("${{").removesuffix("}}").strip()


def _of_dispatched(fields: Fields) -> dict[str, Any]:
    return {
        "cwd": fields.text("cwd", ARGUMENT_BYTES_MAX),
        "env_profile": fields.choice("envProfile", EnvProfile),
        "timeout_ms": fields.number("timeoutMs", 1, TIMEOUT_MS_MAX),
        "retry": _retry(fields),
        "budget": _budget(fields),
        "tool_scopes": fields.texts("toolScopes", TOOL_SCOPES_MAX),
        "artifacts": fields.texts("artifacts", ARTIFACT_GLOBS_MAX),
    }


def _retry(fields: Fields) -> RetryPolicy:
    if "retry" not in fields:
        return NO_RETRY
    retry = fields.inner("retry", ("attempts", "backoffMs", "codes"))
    codes = retry.choices("codes", FailureCode)
    for code in codes:
        if code not in RETRYABLE:
            retry.fault("codes", f"A step is never retried after {code}.")
    backoff_ms = retry.number("backoffMs", 0, STEP_BACKOFF_MS_MAX)
    return RetryPolicy(
        attempts=retry.number("attempts", 1, RETRY_ATTEMPTS_MAX) or NO_RETRY.attempts,
        backoff_ms=NO_RETRY.backoff_ms if backoff_ms is None else backoff_ms,
        codes=codes if "codes" in retry else RETRYABLE,
    )


def _budget(fields: Fields) -> Budget | None:
    if "budget" not in fields:
        return None
    budget = fields.inner("budget", ("costCents", "tokens"))
    return Budget(
        cost_cents=budget.number("costCents", 0, BUDGET_MAX),
        tokens=budget.number("tokens", 0, BUDGET_MAX),
    )


def _command(fields: Fields) -> tuple[str, ...]:
    told = len(fields.faults.found)
    command = fields.texts("command", COMMAND_ARGUMENTS_MAX)
    if len(fields.faults.found) > told:
        return command
    try:
        check_command(command)
    except InvalidInput as fault:
        fields.faults.add((*fields.path, *fault.path), fault.message)
    return command


def _sdk(fields: Fields) -> dict[str, Any]:
    sdk = fields.inner("sdk", ("provider", "prompt", "documents"))
    prompt = sdk.required("prompt")
    try:
        check_prompt(prompt or "-")
    except InvalidInput as fault:
        sdk.fault("prompt", fault.message)
    return {
        "prompt": prompt,
        "provider": sdk.text("provider"),
        "documents": sdk.texts("documents", DOCUMENTS_MAX),
    }


def _validation(fields: Fields) -> dict[str, Any]:
    if isinstance(fields.raw("validate"), str):
        return {"condition": fields.required("validate", EXPRESSION_BYTES_MAX)}
    validation = fields.inner("validate", ("step", "schema"))
    if "schema" not in validation:
        validation.fault("schema", "Give a condition, or a step and the schema of its outputs.")
    return {
        "checks": validation.required("step", STEP_KEY_CHARACTERS_MAX),
        "output_schema": read_schema(validation, "schema"),
    }


def _approval(fields: Fields) -> ApprovalRequirement:
    known = ("role", "count", "expiresMs", "escalateMs", "onExpiry")
    asked = fields.inner("approval", known)
    role = asked.choice("role", Role) or Role.APPROVER
    if role not in APPROVER_RIGHTS:
        asked.fault("role", f"Only {' and '.join(APPROVER_RIGHTS)} approve, not {role}.")
    expires_ms = asked.number("expiresMs", PERIOD_MS_MIN, PERIOD_MS_MAX)
    escalate_ms = asked.number("escalateMs", PERIOD_MS_MIN, PERIOD_MS_MAX)
    if escalate_ms and expires_ms and escalate_ms >= expires_ms:
        asked.fault("escalateMs", "escalateMs has to be less than expiresMs.")
    return ApprovalRequirement(
        role=role,
        count=asked.number("count", 1, APPROVALS_MAX) or 1,
        expires_ms=expires_ms,
        escalate_ms=escalate_ms,
        on_expiry=asked.choice("onExpiry", ExpiryAction) or ExpiryAction.CANCEL,
    )
