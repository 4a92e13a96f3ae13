"""Loads reports of workflow runs. Nothing is kept: each request reads what is stored."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from domain.errors import NotFound
from domain.ids import ApprovalId, DecisionId, PrincipalId, RunId, WorkflowRunId
from domain.lifecycle import StepRunState
from domain.limits import (
    REPORT_APPROVALS_MAX,
    REPORT_ARTIFACTS_MAX,
    REPORT_ATTEMPTS_MAX,
    REPORT_EVENTS_MAX,
    REPORT_EXCERPTS_MAX,
    REPORT_LINE_CHARACTERS_MAX,
    REPORT_LINES_MAX,
)
from domain.models.approvals import Approval
from domain.models.artifacts import Artifact
from domain.models.audit import AuditSpan, chain_of
from domain.models.decisions import Decision
from domain.models.logs import LogBatch
from domain.models.pages import LogWindow
from domain.models.reports import (
    Excerpt,
    Omissions,
    Report,
    ReportedApproval,
    ReportedStep,
    ReportFormat,
)
from domain.models.runs import Run
from domain.models.workflow_events import WorkflowRunEvent
from domain.models.workflow_runs import StepAttempt, StepRun, WorkflowRun
from domain.ports import Store, UnitOfWork
from domain.reports.writing import write

GOES_ON: Final = frozenset({StepRunState.RUNNING, StepRunState.BLOCKED})
FAILED: Final = frozenset({StepRunState.FAILED, StepRunState.CANCELED})


@dataclass(slots=True, kw_only=True)
class _Found:
    """What has been read about one workflow run so far."""

    run: WorkflowRun
    events: Sequence[WorkflowRunEvent]
    steps: Sequence[ReportedStep]
    attempts_omitted: int
    approvals: Sequence[ReportedApproval]
    approvals_omitted: int
    runs: Mapping[RunId, Run] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reporter:
    """Whoever calls has checked that the run may be read."""

    store: Store

    async def report(self, workflow_run_id: WorkflowRunId, report_format: ReportFormat) -> str:
        """The run as it is now. Raises NotFound, QuotaExceeded where there is too much to tell."""
        return await self.write(await self.load(workflow_run_id), report_format)

    async def write(self, report: Report, report_format: ReportFormat) -> str:
        """Raises QuotaExceeded."""
        return await asyncio.to_thread(write, report, report_format)

    async def load(self, workflow_run_id: WorkflowRunId) -> Report:
        """All of it as of one moment. How many statements that takes depends on how many excerpts
        of logs there are, and on nothing else."""
        async with self.store.snapshot() as unit:
            run = await unit.workflow_runs.get(workflow_run_id)
            if run is None:
                raise NotFound
            return await _report(unit, await _found(unit, run))


async def _found(unit: UnitOfWork, run: WorkflowRun) -> _Found:
    events = await unit.workflow_runs.after(run.id, 0, REPORT_EVENTS_MAX)
    step_runs = await unit.step_runs.of(run.id)
    ended = await unit.step_runs.attempts([one.id for one in step_runs])
    steps, attempts_omitted = _bounded(
        [ReportedStep(step_run=s, attempts=_attempts(s, ended.get(s.id, ()))) for s in step_runs]
    )
    limit = REPORT_APPROVALS_MAX + 1
    newest = (await unit.approvals.of_workflow_runs([run.id], limit)).get(run.id, ())
    approvals = list(reversed(newest[:REPORT_APPROVALS_MAX]))
    found = _Found(
        run=run,
        events=events,
        steps=steps,
        attempts_omitted=attempts_omitted,
        approvals=await _voted(unit, approvals),
        approvals_omitted=len(newest) - len(approvals),
    )
    found.runs = await unit.runs.get_many(_run_ids(steps))
    return found


async def _report(unit: UnitOfWork, found: _Found) -> Report:
    run = found.run
    project = await unit.projects.get(run.project_id)
    workflow = await unit.workflows.get(run.workflow_id)
    assert project is not None, "projects are never removed"
    assert workflow is not None, "workflows are never removed"
    artifacts = await unit.artifacts.of_runs(list(found.runs), REPORT_ARTIFACTS_MAX + 1)
    failed = _failed(found)
    principals = await unit.principals.get_many(_principals(found))
    return Report(
        run=run,
        workflow=workflow,
        project=project.slug,
        steps=tuple(found.steps),
        events=tuple(found.events),
        runs=found.runs,
        decisions=await _decisions(unit, found),
        approvals=tuple(found.approvals),
        artifacts=tuple(artifacts[:REPORT_ARTIFACTS_MAX]),
        excerpts=await _excerpts(unit, failed[:REPORT_EXCERPTS_MAX]),
        audit=await _span(unit, found),
        names={key: one.name for key, one in principals.items()},
        omitted=_omissions(found, artifacts, failed),
    )


def _attempts(step_run: StepRun, ended: Sequence[StepAttempt]) -> tuple[StepAttempt | StepRun, ...]:
    return (*ended, step_run) if step_run.state in GOES_ON else tuple(ended)


def _bounded(steps: Sequence[ReportedStep]) -> tuple[list[ReportedStep], int]:
    """Return every step with its newest attempts, REPORT_ATTEMPTS_MAX in all, and how many were
    left out."""
    room = REPORT_ATTEMPTS_MAX
    kept, omitted = [], 0
    for each in steps:
        attempts = each.attempts[max(0, len(each.attempts) - room) :] if room else ()
        room -= len(attempts)
        omitted += len(each.attempts) - len(attempts)
        kept.append(ReportedStep(step_run=each.step_run, attempts=attempts))
    return kept, omitted


async def _voted(unit: UnitOfWork, approvals: Sequence[Approval]) -> list[ReportedApproval]:
    votes = await unit.approvals.votes([each.id for each in approvals])
    return [
        ReportedApproval(approval=each, votes=tuple(votes.get(each.id, ()))) for each in approvals
    ]


async def _decisions(unit: UnitOfWork, found: _Found) -> tuple[Decision, ...]:
    """Return the decisions about runs and approvals, in the order in which they were made."""
    ids: set[DecisionId] = {run.decision_id for run in found.runs.values()}
    ids |= {each.approval.decision_id for each in found.approvals}
    decided = await unit.decisions.get_many(sorted(ids))
    return tuple(sorted(decided.values(), key=lambda each: (each.decided_at, each.id)))


def _run_ids(steps: Sequence[ReportedStep]) -> list[RunId]:
    return [one.run_id for each in steps for one in each.attempts if one.run_id is not None]


def _failed(found: _Found) -> list[Run]:
    """Return the runs with output whose attempts did not succeed, in plan order."""
    tried = (
        found.runs.get(one.run_id)
        for each in found.steps
        for one in each.attempts
        if one.run_id is not None and one.state in FAILED
    )
    return [run for run in tried if run is not None and run.log.lines]


async def _excerpts(unit: UnitOfWork, runs: Iterable[Run]) -> tuple[Excerpt, ...]:
    window = LogWindow(limit=REPORT_LINES_MAX, backward=True)
    found = []
    for run in runs:
        events = await unit.logs.page(run.id, window)
        batches = [event.fact for event in events if isinstance(event.fact, LogBatch)]
        if batches:
            found.append(_excerpt(run.id, batches))
    return tuple(found)


def _excerpt(run_id: RunId, batches: Sequence[LogBatch]) -> Excerpt:
    """Cut the last REPORT_LINES_MAX lines out of the last batches, each of which has a line."""
    numbered = [
        (batch.first_line + place, line)
        for batch in batches
        for place, line in enumerate(batch.lines)
    ]
    last = sorted(numbered)[-REPORT_LINES_MAX:]
    lines = [line for _, line in last]
    return Excerpt(
        run_id=run_id,
        first_line=last[0][0],
        lines=tuple(line[:REPORT_LINE_CHARACTERS_MAX] for line in lines),
        is_cut=any(len(line) > REPORT_LINE_CHARACTERS_MAX for line in lines),
    )


async def _span(unit: UnitOfWork, found: _Found) -> AuditSpan | None:
    """Return the part of the project's audit chain that is about the workflow run, its steps,
    their runs and their approvals."""
    approvals: set[ApprovalId] = {each.approval.id for each in found.approvals}
    steps = {each.step_run.id for each in found.steps}
    subjects = {found.run.id, *steps, *found.runs, *approvals}
    return await unit.audit.span(chain_of(found.run.project_id), subjects)


def _principals(found: _Found) -> set[PrincipalId]:
    actors = {event.actor_id for event in found.events if event.actor_id is not None}
    askers = {each.approval.requested_by for each in found.approvals}
    votes = [vote for each in found.approvals for vote in each.votes]
    voters = {vote.principal_id for vote in votes} | {vote.holder_id for vote in votes}
    return {found.run.requested_by, *actors, *askers, *voters}


def _omissions(found: _Found, artifacts: Sequence[Artifact], failed: Sequence[Run]) -> Omissions:
    """Count what was left out. Events are numbered without gaps, so unread ones can be counted."""
    return Omissions(
        events=found.run.sequence - len(found.events),
        attempts=found.attempts_omitted,
        approvals=found.approvals_omitted,
        artifacts=max(0, len(artifacts) - REPORT_ARTIFACTS_MAX),
        excerpts=max(0, len(failed) - REPORT_EXCERPTS_MAX),
    )
