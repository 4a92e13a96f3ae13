"""Sending a run to this machine instead, where its provider cannot be reached and that is allowed.

Only what has surely not reached the provider goes elsewhere: what it refused, or perhaps got, does
not. It is decided on afresh, as a launch on this machine would be, and people are asked again.
"""

import logging
from dataclasses import dataclass, replace
from typing import Final

from domain import run_audit as audit
from domain.errors import InvalidInput
from domain.ids import IntentId
from domain.lifecycle import RunSignal, advance
from domain.models.decisions import Decision, PolicyVerdict
from domain.models.events import RunApprovalRequested, RunFact, RunRerouted, RunStateChanged
from domain.models.intents import Lease
from domain.models.policies import DispatchRequest
from domain.models.projects import Project
from domain.models.providers import ProviderKind
from domain.models.runs import Run
from domain.models.settings import ProviderFallback
from domain.policy import requested
from domain.ports import IdMaker, Provider, UnitOfWork
from domain.questions import Question
from domain.services.approvals import Approvals, Overtaken, dispatch_intent
from domain.services.gate import Gate
from domain.topics import INTENTS

UNSENT_TRIES: Final = 3
"""So often a provider is tried before its runs go elsewhere; at once while its circuit is open."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rerouting:
    """A run as it would be here, and what the policy says of that."""

    before: Run
    after: Run
    project: Project
    request: DispatchRequest
    decision: Decision
    lease: Lease


@dataclass(frozen=True, slots=True, kw_only=True)
class Fallbacks:
    """Of runs whose dispatch has surely not been received."""

    gate: Gate
    approvals: Approvals
    new_id: IdMaker

    async def reroute(self, run: Run, project: Project, lease: Lease, reason: str) -> bool:
        """Have this machine do what the provider cannot be asked for; `reason` is why not. False
        where the project, the work or the policy does not allow it, and nothing was done."""
        here = self._here(run, project)
        if here is None:
            return False
        try:
            cwd = here.resolve_cwd(project.root_path, run.cwd)
        except InvalidInput:
            return False
        reason = f"{run.provider} could not be reached: {reason}"
        after = replace(run, provider=here.key, cwd=cwd, fallback_reason=reason)
        request = await self._request(run, after, project)
        decision = await self.gate.decide(request, project)
        if decision.verdict is PolicyVerdict.DENY:
            log.info("not sent elsewhere: the policy forbids it", extra={"run_id": run.id})
            return False
        rerouting = _Rerouting(
            before=run,
            after=after,
            project=project,
            request=request,
            decision=decision,
            lease=lease,
        )
        return await self._store(rerouting)

    def _here(self, run: Run, project: Project) -> Provider | None:
        """This machine, where the project lets runs go there and it can do all that is asked: an
        agent's tools and a budget mean nothing to it."""
        if project.settings.fallback is not ProviderFallback.LOCAL:
            return None
        if run.tool_scopes or run.budget is not None or run.cancel_requested_at is not None:
            return None
        found = (p for p in self.gate.registry.all() if p.kind is ProviderKind.LOCAL)
        here = next(found, None)
        if here is None or run.provider == here.key or run.kind not in here.run_kinds:
            return None
        return here

    async def _request(self, run: Run, after: Run, project: Project) -> DispatchRequest:
        """As it was decided on first, with the roles of then, but for where it goes."""
        async with self.gate.store.snapshot() as unit:
            known = await unit.decisions.get_many([run.decision_id])
            grounds = known[run.decision_id].grounds
            asked = await unit.decisions.requests([grounds])
        request = asked.get(grounds) or requested(run, project)
        return replace(request, provider=after.provider, cwd=after.cwd)

    async def _store(self, rerouting: _Rerouting) -> bool:
        async with self.gate.store.transaction() as unit:
            # Its intent first, as everywhere; a run has one to dispatch it at a time.
            if not await unit.intents.finish(rerouting.lease):
                return False
            if rerouting.decision.verdict is PolicyVerdict.REQUIRE_APPROVAL:
                return await self._ask_people(unit, rerouting)
            return await self._queue(unit, rerouting)

    async def _queue(self, unit: UnitOfWork, rerouting: _Rerouting) -> bool:
        decision, at = rerouting.decision, rerouting.decision.decided_at
        await unit.decisions.add(decision, rerouting.request)
        after = replace(rerouting.after, decision_id=decision.id)
        await self._write(unit, rerouting, after, [])
        await unit.intents.add(dispatch_intent(IntentId(self.new_id()), after, at))
        unit.wake(INTENTS)
        return True

    async def _ask_people(self, unit: UnitOfWork, rerouting: _Rerouting) -> bool:
        run, at = rerouting.after, rerouting.decision.decided_at
        question = Question(run=run, decision=rerouting.decision, request=rerouting.request)
        decision, approval = await self.approvals.add_decision(unit, question, rerouting.project)
        after = replace(
            run,
            state=advance(run.state, RunSignal.BLOCK),
            decision_id=decision.id,
            approval_id=approval.id,
            queued_at=None,
        )
        await self.approvals.ask(unit, approval, None, at)
        facts: list[RunFact] = [
            RunStateChanged(from_state=run.state, to_state=after.state),
            RunApprovalRequested(approval_id=approval.id),
        ]
        await self._write(unit, rerouting, after, facts)
        return True

    async def _write(
        self, unit: UnitOfWork, rerouting: _Rerouting, after: Run, facts: list[RunFact]
    ) -> None:
        before, at = rerouting.before, rerouting.decision.decided_at
        told = RunRerouted(provider=after.provider, reason=after.fallback_reason or "")
        changed = await unit.runs.change(before, after, [told, *facts], actor=None, at=at)
        if changed is None:
            raise Overtaken
        unit.audit.add(audit.run_rerouted(before, after, at))
