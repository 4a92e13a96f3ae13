"""Writes a definition as plain values: the inverse of `reading`."""

from collections.abc import Mapping
from typing import Any

from domain.models.decisions import ApprovalRequirement, ExpiryAction
from domain.models.workflows import (
    RETRYABLE,
    FailureAction,
    RetryPolicy,
    Step,
    StepType,
    WorkflowDefinition,
)

Written = dict[str, Any]


def write(definition: WorkflowDefinition) -> Written:
    """Return the plain values, without defaults, in the order of the documentation."""
    steps = definition.steps
    befores: list[tuple[str, ...]] = [(), *((step.key,) for step in steps)]
    return _given(
        name=definition.name,
        description=definition.description,
        feature=definition.feature,
        inputs=_plain(definition.inputs) or None,
        toolScopes=list(definition.tool_scopes) or None,
        concurrency=definition.concurrency,
        timeoutMs=definition.timeout_ms,
        steps=[_step(step, before) for step, before in zip(steps, befores, strict=False)],
    )


def _step(step: Step, before: tuple[str, ...]) -> Written:
    is_command = step.type is StepType.COMMAND
    return _given(
        key=step.key,
        needs=None if step.needs == before else list(step.needs),
        when=step.when,
        forEach=step.for_each,
        **_work(step),
        provider=step.provider if is_command else None,
        cwd=step.cwd,
        envProfile=step.env_profile,
        timeoutMs=step.timeout_ms,
        retry=_retry(step.retry),
        onFailure="continue" if step.on_failure is FailureAction.CONTINUE else None,
        risk=step.risk,
        budget=_given(costCents=step.budget.cost_cents, tokens=step.budget.tokens)
        if step.budget
        else None,
        toolScopes=list(step.tool_scopes) or None,
        artifacts=list(step.artifacts) or None,
    )


def _work(step: Step) -> Written:
    match step.type:
        case StepType.COMMAND:
            return {"command": list(step.command)}
        case StepType.SDK:
            documents = list(step.documents) or None
            sdk = _given(provider=step.provider, prompt=step.prompt, documents=documents)
            return {"sdk": sdk}
        case StepType.VALIDATION if step.condition is not None:
            return {"validate": step.condition}
        case StepType.VALIDATION:
            return {"validate": {"step": step.checks, "schema": _plain(step.output_schema or {})}}
        case StepType.APPROVAL:
            return {"approval": _approval(step.approval or ApprovalRequirement())}


def _approval(asked: ApprovalRequirement) -> Written:
    is_usual = asked.on_expiry is ExpiryAction.CANCEL
    return _given(
        role=str(asked.role),
        count=asked.count,
        expiresMs=asked.expires_ms,
        escalateMs=asked.escalate_ms,
        onExpiry=None if is_usual else str(asked.on_expiry),
    )


def _retry(retry: RetryPolicy) -> Written | None:
    usual = RetryPolicy()
    return (
        _given(
            attempts=retry.attempts if retry.attempts != usual.attempts else None,
            backoffMs=retry.backoff_ms if retry.backoff_ms != usual.backoff_ms else None,
            codes=None if retry.codes == RETRYABLE else [str(code) for code in retry.codes],
        )
        or None
    )


def _given(**members: object) -> Written:
    return {
        name: str(value) if isinstance(value, str) else value
        for name, value in members.items()
        if value is not None
    }


def _plain(value: object) -> Any:  # noqa: ANN401 - what JSON holds has any type
    """Convert mappings and tuples to dicts and lists."""
    if isinstance(value, Mapping):
        return {name: _plain(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    return value
