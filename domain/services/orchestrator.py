"""Advances workflow runs in turns: read what is new, decide, write everything in one transaction.

The write carries the node's lease and is compared with the sequence that was read. A turn can
therefore be cut off anywhere and taken again: what it has not written has not happened, and a run
is dispatched only by an intent that is part of the same transaction.
"""

import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Final

from domain import features, workflow_run_audit
from domain.conclusions import checkpoint, concluded, is_stopping, may_start
from domain.errors import FeatureDisabled, IllegalTransition, QuotaExceeded
from domain.lifecycle import (
    STEPS_OVER,
    StepRunSignal,
    StepRunState,
    WorkflowRunSignal,
    WorkflowRunState,
    advance,
)
from domain.limits import CONFLICT_TRIES_MAX
from domain.models.audit import Caller
from domain.models.commands import CancelRun
from domain.models.principals import Membership
from domain.models.projects import Project
from domain.models.runs import FailureCode, Run
from domain.models.settings import FeatureFlag
from domain.models.steps import StepNews, WorkflowLease
from domain.models.workflow_events import WorkflowRunStateChanged
from domain.models.workflow_runs import StepRun, WorkflowRun
from domain.ports import Clock, Random, Store, UnitOfWork
from domain.progress import ACTIVE_STEPS, PASSED, Progress
from domain.services.approvals import Approvals, Overtaken
from domain.services.drafts import STARTS_PER_TURN, Draft, Held
from domain.services.gate import Gate
from domain.services.placer import Placer
from domain.services.seats import Handed
from domain.services.step_news import link, tell_of_artifacts, with_artifacts
from domain.services.step_starts import StepStarts
from domain.steps import again, decided, dropped, lapsed, outcome_of, retry_due, told_of_approval

STOPPED: Final = "The workflow was stopped."
INTERRUPTED: Final = "A step was interrupted: {}. Resume to have it tried once more."

Cancel = Callable[[CancelRun, Caller], Awaitable[Run]]

log = logging.getLogger(__name__)


class LeaseLost(Exception):
    """Another node has taken over the workflow run; this node can no longer write to it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Orchestrator:
    """Takes turns with the workflow runs that its node holds."""

    store: Store
    clock: Clock
    random: Random
    gate: Gate
    placer: Placer
    approvals: Approvals
    starts: StepStarts
    cancel: Cancel

    async def held(self, lease: WorkflowLease) -> Held:
        """Load the workflow run of a lease with its steps, project and requester."""
        async with self.store.snapshot() as unit:
            run = await unit.workflow_runs.get(lease.workflow_run_id)
            assert run is not None, "what is held is stored"
            held = await _read(unit, lease, run)
        held.has_no_news = not (held.progress.has_active or held.progress.has_asked)
        return held

    async def turn(self, held: Held) -> bool:
        """Take one turn; return whether another one should follow at once.

        Raises StorageUnavailable, in which case nothing was written, and QuotaExceeded where the
        queue of runs has no room for a further step, in which case everything else was written.
        After either, the turn should be taken again later.
        """
        news = [] if held.has_no_news else await self._look(held)
        held.has_no_news = False
        draft = await self._decide(held, news)
        if not draft.is_empty:
            await self._write(held, draft)
        return held.is_stale or _goes_on(draft) or self._has_more(held, draft)

    async def end(self, held: Held, handed: Handed) -> bool:
        """The end of a step's run and all that follows from it, in one transaction. Whether that
        is all there is to do.

        It is decided on what was read or written last, and stored only if nobody has changed that.
        Raises whatever keeps it from being stored; StorageUnavailable where nobody knows.
        """
        if held.is_stale:
            raise Overtaken
        draft = await self._decide(held, [handed.news], handed)
        if draft.is_empty:
            raise Overtaken
        try:
            async with self.store.transaction() as unit:
                held.run = await self._store(unit, held, draft, handed)
        except BaseException:
            held.is_stale = True
            raise
        has_more = draft.has_more or held.progress.next_due_at is not None or _goes_on(draft)
        return held.run.needs_engine and not has_more

    async def _decide(
        self, held: Held, news: list[StepNews], handed: Handed | None = None
    ) -> Draft:
        draft = Draft(
            before=held.run,
            after=held.run,
            progress=held.progress,
            at=self.clock.now(),
            ahead=None if handed is None else handed.run.id,
        )
        try:
            await self._absorb(held, draft, news)
            await self._start_ready(held, draft)
            await self._stop(held, draft)
            self._conclude(draft)
        except BaseException:
            held.is_stale = True
            raise
        return draft

    def _has_more(self, held: Held, draft: Draft) -> bool:
        """Raises QuotaExceeded where there was no room for any."""
        if draft.has_more and not held.starts_max:
            held.starts_max = 1
            raise QuotaExceeded("No step can start: the queue of runs is full.")
        return draft.has_more

    async def _look(self, held: Held) -> list[StepNews]:
        """What has come of the steps; where somebody else has written, all is read anew."""
        async with self.store.snapshot() as unit:
            run = await unit.workflow_runs.get(held.run.id)
            assert run is not None, "workflow runs are never removed"
            if held.is_stale or run.sequence != held.run.sequence:
                fresh = await _read(unit, held.lease, run)
                held.run, held.caller, held.progress = run, fresh.caller, fresh.progress
                held.is_stale = False
            project = await unit.projects.get(run.project_id)
            assert project is not None, "projects are never removed"
            held.project = project
            has_asked = held.progress.has_asked
            news = await unit.step_runs.news(run.id, has_asked=has_asked)
            return [await with_artifacts(unit, one) for one in news]

    async def _absorb(self, held: Held, draft: Draft, news: list[StepNews]) -> None:
        for one in news:
            step_run = draft.progress.by_id(one.step_run_id)
            if step_run is None:
                continue
            if one.approval is not None:
                after = draft.take(decided(step_run, one.approval, draft.at))
                if step_run.run_id is not None and after.state is StepRunState.SKIPPED:
                    await self._cancel_run(held, step_run, STOPPED)
            elif one.run is not None and (change := outcome_of(step_run, one.run, draft.at)):
                draft.facts += told_of_approval(step_run, one.run)
                after = draft.take(change)
                tell_of_artifacts(draft, after, one)
            else:
                continue
            self._retry(held, draft, after)

    def _retry(self, held: Held, draft: Draft, step_run: StepRun) -> None:
        """By the step's own policy, or by the project's for what was interrupted: else, nobody
        knowing how far that had come, a person looks before it is done once more."""
        is_resumed = held.project.settings.resume_interrupted
        due_at = retry_due(step_run, draft.at, self.random(), is_resumed=is_resumed)
        if due_at is not None and not is_stopping(draft.after, draft.at):
            draft.take(again(step_run, StepRunSignal.RETRY, draft.at, due_at=due_at))
        if _is_interrupted(step_run) and not (is_resumed and due_at is not None):
            _pause(draft, INTERRUPTED.format(step_run.key))

    async def _start_ready(self, held: Held, draft: Draft) -> None:
        if not may_start(draft.after, draft.at):
            return
        try:
            features.check(FeatureFlag.ORCHESTRATION, held.project.settings, self.gate.disabled)
            await self._start_all(held, draft)
        except FeatureDisabled as error:
            _pause(draft, error.message)

    async def _start_all(self, held: Held, draft: Draft) -> None:
        """In the order of the plan, as many runs at once as the workflow may have."""
        left = held.starts_max
        while startable := _startable(draft, max(1, left)):
            if not left:
                draft.has_more = True
                return
            for step_run in startable:
                if step_run.step.is_dispatched and not _has_room(draft):
                    continue
                self._retry(held, draft, await self.starts.start(held, draft, step_run))
                left -= 1

    async def _stop(self, held: Held, draft: Draft) -> None:
        """Whatever goes on is asked to stop; what waits for nothing but us is dropped."""
        if not is_stopping(draft.after, draft.at):
            return
        is_canceled = draft.after.cancel_requested_at is not None
        for step_run in list(draft.progress):
            if step_run.run_id is not None and step_run.state in ACTIVE_STEPS:
                await self._cancel_run(held, step_run, draft.after.cancel_reason)
            elif step_run.state is StepRunState.BLOCKED or (
                is_canceled and step_run.state is StepRunState.PENDING
            ):
                draft.take(dropped(step_run, draft.at))
            elif step_run.approval_id is not None and step_run.state in STEPS_OVER - PASSED:
                draft.take(lapsed(step_run))

    async def _cancel_run(self, held: Held, step_run: StepRun, reason: str | None) -> None:
        """In a transaction of its own, told once; its end comes as news."""
        assert step_run.run_id is not None, "whoever calls has looked"
        if step_run.run_id in held.told_to_stop:
            return
        try:
            await self.cancel(
                CancelRun(run_id=step_run.run_id, reason=reason or STOPPED), held.caller
            )
        except IllegalTransition:
            log.info("had ended already", extra={"run_id": step_run.run_id})
        held.told_to_stop.add(step_run.run_id)

    def _conclude(self, draft: Draft) -> None:
        done = concluded(draft.after, draft.progress, draft.at)
        draft.facts += done.facts
        draft.after = replace(done.after, checkpoint=checkpoint(draft.before, draft.facts))

    async def _write(self, held: Held, draft: Draft) -> None:
        """All of it or nothing. Where somebody was first, all is to be read and decided again."""
        try:
            async with self.store.transaction() as unit:
                held.run = await self._store(unit, held, draft)
        except Overtaken:
            held.is_stale = True
            held.overtaken += 1
            if held.overtaken > CONFLICT_TRIES_MAX:
                raise LeaseLost from None
        except QuotaExceeded:
            held.is_stale = True
            if not draft.launches:
                raise
            held.starts_max = held.starts_max // 2
        except BaseException:
            held.is_stale = True
            raise
        else:
            held.overtaken, held.starts_max = 0, min(held.starts_max * 2, STARTS_PER_TURN)

    async def _store(
        self, unit: UnitOfWork, held: Held, draft: Draft, handed: Handed | None = None
    ) -> WorkflowRun:
        """The workflow run is locked first, and then runs of it: as by whoever cancels some."""
        changed = await unit.workflow_runs.change(
            draft.before,
            draft.after,
            draft.facts,
            steps=list(draft.changes),
            actor=None,
            at=draft.at,
            lease=held.lease,
        )
        if changed is None:
            raise Overtaken
        if handed is not None:
            await handed.write(unit)
            await _check_unchanged(unit, held.project)
        for launch in draft.launches:
            await self.placer.dispatch(unit, launch.run, launch.judged, held.project, None)
        for question in draft.questions:
            await self.placer.ask(unit, question, held.project, None)
        for asked in draft.step_questions:
            await self.approvals.ask_about_step(unit, asked, held.project, None)
        for denied in draft.denials:
            await unit.decisions.add(denied.decision, denied.request)
        for record in workflow_run_audit.went_on(changed, draft.facts, draft.decisions, draft.at):
            unit.audit.add(record)
        await link(unit, draft)
        await self._void(unit, draft)
        return changed

    async def _void(self, unit: UnitOfWork, draft: Draft) -> None:
        """Nobody is asked any more about what was dropped, or has begun and asks something else."""
        for change in draft.changes:
            asked = change.before.approval_id
            if asked is not None and asked != change.after.approval_id:
                await self.approvals.withdraw(unit, asked, None, draft.at)


async def _check_unchanged(unit: UnitOfWork, project: Project) -> None:
    """What was decided by is what holds. Raises Overtaken."""
    if await unit.projects.get(project.id) != project:
        raise Overtaken


def _goes_on(draft: Draft) -> bool:
    """Steps may start from now on, where they might not before."""
    return may_start(draft.after, draft.at) and not may_start(draft.before, draft.at)


def _startable(draft: Draft, most: int) -> list[StepRun]:
    ready = draft.progress.ready(most, draft.at)
    return [one for one in ready if not one.step.is_dispatched or _has_room(draft)]


def _has_room(draft: Draft) -> bool:
    return draft.progress.count(StepRunState.RUNNING) < draft.after.concurrency


def _is_interrupted(step_run: StepRun) -> bool:
    return step_run.failure is not None and step_run.failure.code is FailureCode.INTERRUPTED


def _pause(draft: Draft, reason: str) -> None:
    before = draft.after
    if before.state is WorkflowRunState.PAUSED:
        return
    state = advance(before.state, WorkflowRunSignal.PAUSE)
    draft.after = replace(before, state=state, pause_reason=reason)
    draft.facts.append(
        WorkflowRunStateChanged(from_state=before.state, to_state=state, reason=reason)
    )


async def _read(unit: UnitOfWork, lease: WorkflowLease, run: WorkflowRun) -> Held:
    project = await unit.projects.get(run.project_id)
    people = await unit.principals.get_many([run.asker])
    steps = await unit.step_runs.of(run.id)
    assert project is not None, "projects are never removed"
    roles = Membership(project_id=run.project_id, principal_id=run.asker, roles=run.requester_roles)
    return Held(
        lease=lease,
        run=run,
        project=project,
        caller=Caller(principal=people[run.asker], memberships=(roles,)),
        progress=Progress(steps),
    )
