"""Asking people before a run goes out, and doing what they say: one path, one transaction each.

Whoever asks or answers, the approval is changed by compare-and-set before its run is, so that no
two writers wait for each other, and one of two at once decides again on what the other has left.
"""

import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from domain import approval_audit as audit
from domain.approvals import Poll, answered, facts_of, standing, voted
from domain.errors import IllegalTransition, InvalidInput, NotFound, QuotaExceeded
from domain.ids import ApprovalId, IntentId, PrincipalId
from domain.lifecycle import (
    APPROVAL_INITIAL,
    ApprovalSignal,
    ApprovalState,
    advance,
)
from domain.limits import (
    APPROVALS_PENDING_MAX,
    CONFLICT_TRIES_MAX,
    REASON_CHARACTERS_MAX,
)
from domain.models.approvals import Approval, ApprovalDecision, ApprovalVote
from domain.models.audit import Caller
from domain.models.commands import DecideApproval
from domain.models.decisions import (
    Decision,
    ExpiryAction,
)
from domain.models.events import RunApprovalDecided, RunApprovalRequested, RunFact
from domain.models.intents import Intent, IntentKind
from domain.models.principals import Role
from domain.models.project_events import ProjectApprovalChanged
from domain.models.projects import Project
from domain.models.runs import Run
from domain.ports import Clock, IdMaker, Meter, Store, UnitOfWork
from domain.questions import Question, asked_by
from domain.services.polls import polls, voter_of, warned
from domain.step_questions import StepQuestion
from domain.topics import INTENTS, steps_topic
from domain.validation import check_text

log = logging.getLogger(__name__)

StartAtOnce = Callable[[UnitOfWork, Intent, Run, Project], Awaitable[bool]]
"""Sees to it that a run starts when the unit that stores it is committed; False where it has to
wait in the queue."""


class Overtaken(Exception):
    """Somebody changed what this decision was made on: roll back, load and decide again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Approvals:
    """Whoever calls has checked that the viewer may read the project."""

    store: Store
    clock: Clock
    new_id: IdMaker
    meter: Meter
    start_at_once: StartAtOnce

    async def add_decision(
        self, unit: UnitOfWork, question: Question, project: Project
    ) -> tuple[Decision, Approval]:
        """Store a decision that asks people, telling so where too few members could answer; and
        what they are to be asked, for `ask` once the run is stored."""
        decision = question.decision
        approval = asked_by(question, question.approval_id or ApprovalId(self.new_id()))
        poll = Poll(
            approval=approval,
            at=decision.decided_at,
            has_self_approval=project.settings.self_approval,
            is_strict=project.settings.strict_approvers,
        )
        decision = await warned(unit, decision, poll)
        await unit.decisions.add(decision, question.request)
        return decision, approval

    async def ask_about_step(
        self, unit: UnitOfWork, question: StepQuestion, project: Project, caller: Caller | None
    ) -> None:
        """Store what people are asked about a step for which there is no run.

        Raises QuotaExceeded where too many wait already.
        """
        poll = Poll(
            approval=question.approval,
            at=question.decision.decided_at,
            has_self_approval=project.settings.self_approval,
            is_strict=project.settings.strict_approvers,
        )
        decision = await warned(unit, question.decision, poll)
        await unit.decisions.add(decision, None)
        await self.ask(unit, question.approval, caller, decision.decided_at)

    async def ask(
        self, unit: UnitOfWork, approval: Approval, caller: Caller | None, at: datetime
    ) -> None:
        """Store a pending approval of a run that is stored and names it.

        Raises QuotaExceeded where too many wait already. Without a caller the policy asks again.
        """
        waiting = await unit.approvals.count_pending(approval.project_id) if caller else 0
        if waiting >= APPROVALS_PENDING_MAX:
            raise QuotaExceeded(f"{APPROVALS_PENDING_MAX} approvals are waited for already.")
        await unit.approvals.add(approval)
        actor = caller.principal.id if caller else None
        _tell_project(unit, None, approval, actor=actor, at=at)
        unit.audit.add(audit.approval_requested(approval, caller, at))
        if approval.break_glass:
            log.warning("break-glass was asked for", extra={"run_id": approval.run_id})
            unit.after_commit(lambda: self.meter.broke_glass(approval.state))

    async def decide(
        self, command: DecideApproval, caller: Caller, *, is_vouched: bool
    ) -> Approval:
        """Give one person's word; the run goes on, or ends, with the last one that was needed.

        `is_vouched`: the caller's roles came with the sign-in and are stored nowhere.
        Raises NotFound, IllegalTransition once it is decided, ApprovalNotEligible, InvalidInput.
        """
        check_text(command.reason, REASON_CHARACTERS_MAX, "reason")
        for _ in range(CONFLICT_TRIES_MAX):
            try:
                if decided := await self._decide(command, caller, is_vouched=is_vouched):
                    return decided
            except Overtaken:
                continue
        raise QuotaExceeded("Too many changes to this at once. Try again.")

    async def _decide(
        self, command: DecideApproval, caller: Caller, *, is_vouched: bool
    ) -> Approval | None:
        """None where its time was over, which has been noted now."""
        now = self.clock.now()
        async with self.store.transaction() as unit:
            approval = await unit.approvals.get(command.approval_id)
            if approval is None:
                raise NotFound
            if approval.state is not ApprovalState.PENDING:
                raise IllegalTransition(approval.state, f"It is {approval.state} already.")
            if approval.expires_at <= now:
                await self.lapse(unit, approval, now)
                return None
            return await self._vote(unit, approval, command, caller, is_vouched=is_vouched)

    async def _vote(
        self,
        unit: UnitOfWork,
        approval: Approval,
        command: DecideApproval,
        caller: Caller,
        *,
        is_vouched: bool,
    ) -> Approval:
        now, who = self.clock.now(), caller.principal.id
        (poll,) = await polls(unit, [approval], who, now, caller.token_maker)
        under = standing(poll, voter_of(poll, caller, is_vouched=is_vouched))
        if command.digest != approval.digest:
            raise InvalidInput("This is not the digest of what is asked about.", "digest")
        vote = ApprovalVote(
            approval_id=approval.id,
            principal_id=who,
            on_behalf_of=under.on_behalf_of,
            decision=command.decision,
            reason=command.reason,
            digest=command.digest,
            right=under.right,
            at=now,
            is_self=under.is_self,
            is_vouched=is_vouched and under.on_behalf_of is None,
            token_maker=caller.token_maker,
        )
        after = voted(poll, vote)
        await self._write(unit, approval, after, vote)
        unit.audit.add(audit.approval_decided(approval, after, vote, caller))
        if approval.break_glass:
            log.warning("break-glass was decided on", extra={"run_id": approval.run_id})
            unit.after_commit(lambda: self.meter.broke_glass(after.state))
        await self._move_run(unit, after, vote.decision, actor=who, at=now)
        return after

    async def lapse(self, unit: UnitOfWork, approval: Approval, now: datetime) -> None:
        """Its time is over: a higher role is asked for as long again, or it has expired."""
        if approval.on_expiry is ExpiryAction.ESCALATE:
            again = now + (approval.expires_at - approval.created_at)
            longer = replace(approval, expires_at=again, on_expiry=ExpiryAction.CANCEL)
            await self.escalate(unit, approval, longer, now)
            return
        await self._end(unit, approval, ApprovalSignal.EXPIRE, now)

    async def escalate(
        self, unit: UnitOfWork, approval: Approval, longer: Approval, now: datetime
    ) -> None:
        """Ask an elevated approver from now on; what plain approvers said does not count then."""
        after = replace(longer, required_role=Role.ELEVATED_APPROVER, escalates_at=None)
        await self._write(unit, approval, after)
        unit.audit.add(audit.approval_escalated(approval, after, now))
        _tell_project(unit, approval, after, actor=None, at=now)
        if run := await _waiting_run(unit, approval):
            fact = RunApprovalRequested(approval_id=approval.id)
            await _changed(unit, run, run, [fact], actor=None, at=now)

    async def _end(
        self, unit: UnitOfWork, approval: Approval, signal: ApprovalSignal, now: datetime
    ) -> None:
        after = replace(approval, state=advance(approval.state, signal), decided_at=now)
        await self._write(unit, approval, after)
        unit.audit.add(audit.approval_ended(approval, after, None, now))
        await self._move_run(unit, after, None, actor=None, at=now)

    async def void(
        self, unit: UnitOfWork, run: Run, caller: Caller | None, now: datetime
    ) -> list[RunFact]:
        """Nobody is asked about this run any more; what the run's change is to tell of it."""
        if run.approval_id is None:
            return []
        after = await self.withdraw(unit, run.approval_id, caller, now)
        return [RunApprovalDecided(approval_id=after.id, state=after.state)] if after else []

    async def withdraw(
        self, unit: UnitOfWork, approval_id: ApprovalId, caller: Caller | None, now: datetime
    ) -> Approval | None:
        """Ask nobody any more; None where it is decided already."""
        approval = await unit.approvals.get(approval_id)
        if approval is None or approval.state is not ApprovalState.PENDING:
            return None
        state = advance(approval.state, ApprovalSignal.VOID)
        after = replace(approval, state=state, decided_at=now)
        await self._write(unit, approval, after)
        unit.audit.add(audit.approval_ended(approval, after, caller, now))
        actor = caller.principal.id if caller else None
        _tell_project(unit, approval, after, actor=actor, at=now)
        return after

    async def _write(
        self,
        unit: UnitOfWork,
        before: Approval,
        after: Approval,
        vote: ApprovalVote | None = None,
    ) -> None:
        if not await unit.approvals.change(before, after, vote):
            raise Overtaken
        if after.workflow_run_id is not None:
            unit.wake(steps_topic(after.workflow_run_id))

    async def _move_run(
        self,
        unit: UnitOfWork,
        approval: Approval,
        said: ApprovalDecision | None,
        *,
        actor: PrincipalId | None,
        at: datetime,
    ) -> None:
        """What an answer does to the run that waits for it."""
        before = replace(approval, state=APPROVAL_INITIAL)
        _tell_project(unit, before, approval, actor=actor, at=at)
        run = await _waiting_run(unit, approval)
        if run is None:
            return
        after = answered(run, approval.state, at)
        facts = facts_of(run, after, approval, said)
        after = await _changed(unit, run, after, facts, actor=actor, at=at)
        if approval.state is ApprovalState.APPROVED:
            await self._let_go(unit, after, at)
        elif not after.is_active:
            unit.after_commit(lambda: self.meter.changed_state(run.provider, after.state))

    async def _let_go(self, unit: UnitOfWork, run: Run, at: datetime) -> None:
        project = await unit.projects.get(run.project_id)
        assert project is not None, "a run's project is never removed"
        intent = dispatch_intent(IntentId(self.new_id()), run, at)
        await queue(unit, intent, run, project, self.start_at_once)


async def _waiting_run(unit: UnitOfWork, approval: Approval) -> Run | None:
    """The run that waits for exactly this approval."""
    run = await unit.runs.get(approval.run_id) if approval.run_id else None
    is_waiting = run is not None and run.approval_id == approval.id
    return run if is_waiting else None


async def _changed(
    unit: UnitOfWork,
    before: Run,
    after: Run,
    facts: Sequence[RunFact],
    *,
    actor: PrincipalId | None,
    at: datetime,
) -> Run:
    changed = await unit.runs.change(before, after, facts, actor=actor, at=at)
    if changed is None:
        raise Overtaken
    return changed


def _tell_project(
    unit: UnitOfWork,
    before: Approval | None,
    after: Approval,
    *,
    actor: PrincipalId | None,
    at: datetime,
) -> None:
    told = ProjectApprovalChanged(
        approval_id=after.id, from_state=before.state if before else None, to_state=after.state
    )
    unit.project_events.add(after.project_id, told, actor=actor, at=at)


def dispatch_intent(intent_id: IntentId, run: Run, at: datetime) -> Intent:
    """To hand a run to its provider, from this time on. Only a run that is QUEUED has one."""
    return Intent(
        id=intent_id,
        run_id=run.id,
        project_id=run.project_id,
        provider=run.provider,
        kind=IntentKind.DISPATCH,
        created_at=at,
        due_at=at,
    )


async def queue(
    unit: UnitOfWork, intent: Intent, run: Run, project: Project, start_at_once: StartAtOnce
) -> None:
    """Have a run dispatched: at once where there is room, or else when its turn has come."""
    await unit.intents.add(intent)
    if not await start_at_once(unit, intent, run, project):
        unit.wake(INTENTS)
