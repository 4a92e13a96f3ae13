"""What waits under a policy that is not the present one is decided on again."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from domain import approval_audit as audit
from domain.ids import RunId
from domain.lifecycle import RunSignal, RunState, advance
from domain.models.approvals import Approval
from domain.models.decisions import Decision, PolicyVerdict
from domain.models.events import (
    RunApprovalRequested,
    RunCancelRequested,
    RunFact,
    RunStateChanged,
)
from domain.models.policies import DispatchRequest
from domain.models.projects import Project
from domain.models.runs import FailureCode, Run, RunFailure
from domain.policy import is_stricter, requested
from domain.ports import UnitOfWork
from domain.questions import Question
from domain.services.approvals import Approvals, Overtaken
from domain.services.gate import Gate
from domain.topics import INTENTS, cancel_topic

DENIED: Final = RunFailure(
    code=FailureCode.POLICY_DENIED, message="The policy of the project does not allow it any more."
)
CANCEL_REASON: Final = "The policy of the project has changed."


@dataclass(frozen=True, slots=True, kw_only=True)
class _Redecision:
    """A run that waits, what it waits under, and what the present policy says of the same."""

    run: Run
    project: Project
    request: DispatchRequest
    grounds: Decision
    decision: Decision
    approval: Approval | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Redecisions:
    """Of runs that no provider has been asked for."""

    approvals: Approvals
    gate: Gate

    async def due(self, now: datetime, limit: int) -> list[RunId]:
        """Runs that wait under another version of their project's policy than the present one."""
        async with self.approvals.store.snapshot() as unit:
            return list(await unit.approvals.outdated(now, limit))

    async def redecide(self, run_id: RunId) -> None:
        """Ask the present policy about a run that waits: what is as before goes on, what is
        stricter asks people anew, what is denied ends. Raises Overtaken."""
        again = await self._decided_again(run_id)
        if again is None:
            return
        async with self.approvals.store.transaction() as unit:
            if is_stricter(again.decision, again.grounds):
                await self._tighten(unit, again)
            else:
                await self._confirm(unit, again)

    async def _decided_again(self, run_id: RunId) -> _Redecision | None:
        async with self.approvals.store.snapshot() as unit:
            run = await unit.runs.get(run_id)
            is_waiting = run is not None and run.state in {RunState.QUEUED, RunState.BLOCKED}
            if run is None or run.is_handed_over or not is_waiting:
                return None
            project = await unit.projects.get(run.project_id)
            known = await unit.decisions.get_many([run.decision_id])
            before = known[run.decision_id]
            grounds = (await unit.decisions.get_many([before.grounds]))[before.grounds]
            asked = await unit.decisions.requests([before.grounds])
            approval = await unit.approvals.get(run.approval_id) if run.approval_id else None
        assert project is not None, "a run's project is never removed"
        if before.policy_version == project.policy_version:
            return None
        request = asked.get(before.grounds) or requested(run, project)
        return _Redecision(
            run=run,
            project=project,
            request=request,
            grounds=grounds,
            decision=await self.gate.decide(request, project),
            approval=approval,
        )

    async def _confirm(self, unit: UnitOfWork, again: _Redecision) -> None:
        """What was approved, or allowed, stays so under the new version."""
        decision = replace(again.decision, confirms=again.grounds.id)
        after = replace(again.run, decision_id=decision.id)
        await unit.decisions.add(decision, again.request)
        await self._write(unit, again.run, after, decision, [])
        unit.wake(INTENTS)

    async def _tighten(self, unit: UnitOfWork, again: _Redecision) -> None:
        run, decision = again.run, again.decision
        facts = await self.approvals.void(unit, run, None, decision.decided_at)
        if run.state is RunState.QUEUED and not await unit.intents.withdraw(run.id):
            await self._take_back(unit, run, decision.decided_at)
        elif decision.verdict is PolicyVerdict.DENY and not _is_override(again.approval):
            await self._deny(unit, again, facts)
        else:
            await self._ask_again(unit, again, facts)

    async def _take_back(self, unit: UnitOfWork, run: Run, now: datetime) -> None:
        """The provider may have been asked already: it is asked to stop."""
        after = replace(run, cancel_requested_at=now, cancel_reason=CANCEL_REASON)
        fact = RunCancelRequested(reason=CANCEL_REASON)
        if await unit.runs.change(run, after, [fact], actor=None, at=now) is None:
            raise Overtaken
        unit.wake(cancel_topic(run.id), INTENTS)

    async def _deny(self, unit: UnitOfWork, again: _Redecision, facts: list[RunFact]) -> None:
        run, decision = again.run, again.decision
        await unit.decisions.add(decision, again.request)
        after = replace(
            run,
            state=advance(run.state, RunSignal.CANCEL),
            decision_id=decision.id,
            failure=DENIED,
            finished_at=decision.decided_at,
        )
        changed = RunStateChanged(from_state=run.state, to_state=after.state, failure=DENIED)
        await self._write(unit, run, after, decision, [*facts, changed])
        unit.after_commit(lambda: self.approvals.meter.changed_state(run.provider, after.state))

    async def _ask_again(self, unit: UnitOfWork, again: _Redecision, facts: list[RunFact]) -> None:
        run = again.run
        question = Question(
            run=run,
            decision=again.decision,
            request=again.request,
            is_break_glass=_is_override(again.approval),
        )
        decision, approval = await self.approvals.add_decision(unit, question, again.project)
        after = replace(run, decision_id=decision.id, approval_id=approval.id, queued_at=None)
        if run.state is RunState.QUEUED:
            after = replace(after, state=advance(run.state, RunSignal.BLOCK))
            facts.append(RunStateChanged(from_state=run.state, to_state=after.state))
        facts.append(RunApprovalRequested(approval_id=approval.id))
        await self.approvals.ask(unit, approval, None, decision.decided_at)
        await self._write(unit, run, after, decision, facts)

    async def _write(
        self,
        unit: UnitOfWork,
        before: Run,
        after: Run,
        decision: Decision,
        facts: list[RunFact],
    ) -> None:
        at = decision.decided_at
        if await unit.runs.change(before, after, facts, actor=None, at=at) is None:
            raise Overtaken
        unit.audit.add(audit.run_redecided(before, after, decision))


def _is_override(approval: Approval | None) -> bool:
    return approval is not None and approval.break_glass
