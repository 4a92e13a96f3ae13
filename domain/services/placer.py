"""Stores runs that the policy has decided on: to be dispatched, or BLOCKED by an approval."""

from dataclasses import dataclass, replace

from domain import audit
from domain.ids import IntentId, RunId
from domain.lifecycle import RUN_INITIAL, RunSignal, advance
from domain.limits import RunLimits
from domain.models.audit import Caller
from domain.models.commands import LaunchRun
from domain.models.events import RunApprovalRequested, RunStateChanged
from domain.models.projects import Project
from domain.models.runs import Run
from domain.ports import IdMaker, UnitOfWork
from domain.questions import Question
from domain.services.approvals import Approvals, StartAtOnce, dispatch_intent, queue
from domain.services.gate import Judgement
from domain.services.queue_bound import QueueBound


@dataclass(frozen=True, slots=True, kw_only=True)
class Placer:
    """Writes in the unit it is given. `caller` is None where the server launches a step itself."""

    approvals: Approvals
    new_id: IdMaker
    limits: RunLimits
    queue: QueueBound
    start_at_once: StartAtOnce

    def run_of(self, command: LaunchRun, judged: Judgement, caller: Caller) -> Run:
        """Make the run that was decided on, in its initial state. Nothing is stored."""
        request, now = judged.request, judged.decision.decided_at
        return Run(
            id=RunId(self.new_id()),
            project_id=request.project_id,
            kind=request.kind,
            requested_provider=request.provider,
            provider=request.provider,
            command=request.command,
            prompt=request.prompt,
            cwd=request.cwd,
            env_profile=request.env_profile,
            tool_scopes=request.tool_scopes,
            artifacts=request.artifacts,
            timeout_ms=command.timeout_ms or self.limits.timeout_ms_default,
            reason=command.reason,
            feature=request.feature,
            budget=request.budget,
            state=RUN_INITIAL,
            decision_id=judged.decision.id,
            requested_by=caller.principal.id,
            token_maker=caller.token_maker,
            created_at=now,
            queued_at=now,
        )

    async def dispatch(
        self,
        unit: UnitOfWork,
        run: Run,
        judged: Judgement,
        project: Project,
        caller: Caller | None,
    ) -> Run:
        """Store a run that the policy allows, with its intent; claim it at once if there is room.

        Raises QuotaExceeded where the queue is full.
        """
        await self.queue.take_place(unit)
        await unit.decisions.add(judged.decision, judged.request)
        unit.audit.add(audit.run_launched(run, judged.decision, caller))
        run = await unit.runs.add(run, [RunStateChanged(from_state=None, to_state=run.state)])
        intent = dispatch_intent(IntentId(self.new_id()), run, run.created_at)
        await queue(unit, intent, run, project, self.start_at_once)
        return run

    async def ask(
        self, unit: UnitOfWork, question: Question, project: Project, caller: Caller | None
    ) -> Run:
        """Store a BLOCKED run and its approval. It has no intent until the approval is granted.

        Raises QuotaExceeded where too many approvals are open already.
        """
        decision, approval = await self.approvals.add_decision(unit, question, project)
        state = advance(question.run.state, RunSignal.BLOCK)
        run = replace(question.run, state=state, approval_id=approval.id, queued_at=None)
        unit.audit.add(audit.run_launched(run, decision, caller))
        facts = (
            RunStateChanged(from_state=None, to_state=state),
            RunApprovalRequested(approval_id=approval.id),
        )
        run = await unit.runs.add(run, facts)
        await self.approvals.ask(unit, approval, caller, run.created_at)
        return run
