"""Converts steps, step runs and attempts to rows and back."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from sqlalchemy import Row

from domain.ids import ApprovalId, ProjectId, RunId, StepRunId, WorkflowRunId
from domain.lifecycle import StepRunState
from domain.models.decisions import RiskLevel
from domain.models.providers import EnvProfile
from domain.models.runs import Budget, FailureCode, RunFailure
from domain.models.workflow_runs import StepAttempt, StepRun
from domain.models.workflows import FailureAction, RetryPolicy, Step, StepType
from persistence import rows, rules

Fields = Mapping[str, Any]


def of_step(step: Step) -> Fields:
    return asdict(step)


def to_step(stored: Fields) -> Step:
    profile, risk, budget = stored["env_profile"], stored["risk"], stored["budget"]
    texts = {name: tuple(value) for name, value in stored.items() if isinstance(value, list)}
    return Step(
        **{
            **stored,
            **texts,
            "type": StepType(stored["type"]),
            "approval": rules.to_requirement(stored["approval"]),
            "env_profile": None if profile is None else EnvProfile(profile),
            "budget": None if budget is None else Budget(**budget),
            "retry": _retry(stored["retry"]),
            "on_failure": FailureAction(stored["on_failure"]),
            "risk": None if risk is None else RiskLevel(risk),
        }
    )


def _retry(stored: Fields) -> RetryPolicy:
    return RetryPolicy(**{**stored, "codes": tuple(map(FailureCode, stored["codes"]))})


def step_run_columns(step_run: StepRun) -> Fields:
    return {
        "id": step_run.id,
        "workflow_run_id": step_run.workflow_run_id,
        "project_id": step_run.project_id,
        "step_index": step_run.index,
        "key": step_run.key,
        "item": step_run.item,
        "item_index": step_run.item_index,
        **step_run_facts_columns(step_run),
    }


def step_run_facts_columns(step_run: StepRun) -> Fields:
    """The columns that may change after a step run was stored."""
    return {
        "step": of_step(step_run.step),
        "needs": step_run.needs,
        "state": step_run.state,
        "attempt": step_run.attempt,
        **failure_columns(step_run.failure),
        "run_id": step_run.run_id,
        "approval_id": step_run.approval_id,
        "outputs": step_run.outputs,
        "exit_code": step_run.exit_code,
        "due_at": step_run.due_at,
        "revision": step_run.revision,
        "removed_in": step_run.removed_in,
        "started_at": step_run.started_at,
        "finished_at": step_run.finished_at,
    }


def step_run(row: Row[Any]) -> StepRun:
    return StepRun(
        id=StepRunId(row.id),
        workflow_run_id=WorkflowRunId(row.workflow_run_id),
        project_id=ProjectId(row.project_id),
        index=row.step_index,
        key=row.key,
        step=to_step(row.step),
        needs=tuple(row.needs),
        item=row.item,
        item_index=row.item_index,
        state=StepRunState(row.state),
        attempt=row.attempt,
        failure=rows.failure(row.failure_code, row.failure_message),
        run_id=None if row.run_id is None else RunId(row.run_id),
        approval_id=None if row.approval_id is None else ApprovalId(row.approval_id),
        outputs=row.outputs,
        exit_code=row.exit_code,
        due_at=row.due_at,
        revision=row.revision,
        removed_in=row.removed_in,
        started_at=row.started_at,
        finished_at=row.finished_at,
    )


def attempt_columns(attempt: StepAttempt) -> Fields:
    return {
        "step_run_id": attempt.step_run_id,
        "number": attempt.number,
        "state": attempt.state,
        "run_id": attempt.run_id,
        "approval_id": attempt.approval_id,
        **failure_columns(attempt.failure),
        "outputs": attempt.outputs,
        "exit_code": attempt.exit_code,
        "started_at": attempt.started_at,
        "finished_at": attempt.finished_at,
    }


def attempt(row: Row[Any]) -> StepAttempt:
    return StepAttempt(
        step_run_id=StepRunId(row.step_run_id),
        number=row.number,
        state=StepRunState(row.state),
        run_id=None if row.run_id is None else RunId(row.run_id),
        approval_id=None if row.approval_id is None else ApprovalId(row.approval_id),
        failure=rows.failure(row.failure_code, row.failure_message),
        outputs=row.outputs,
        exit_code=row.exit_code,
        started_at=row.started_at,
        finished_at=row.finished_at,
    )


def failure_columns(failure: RunFailure | None) -> Fields:
    return {
        "failure_code": failure.code if failure else None,
        "failure_message": failure.message if failure else None,
    }
