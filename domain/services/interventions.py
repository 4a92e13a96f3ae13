"""What a person does to a run that its provider has: have it asked after, decide, answer it."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, assert_never

from domain import run_audit as audit
from domain.errors import (
    ApprovalRequired,
    CapabilityMissing,
    IllegalTransition,
    InvalidInput,
    NotFound,
    PolicyDenied,
    ProviderRefused,
    QuotaExceeded,
    WorkbenchError,
)
from domain.ids import RunId
from domain.limits import ANSWER_CHARACTERS_MAX, CONFLICT_TRIES_MAX, REASON_CHARACTERS_MAX
from domain.models.audit import Caller
from domain.models.commands import AnswerRun, ReconcileRun
from domain.models.decisions import ApprovalRequirement, Decision, PolicyVerdict
from domain.models.policies import DispatchRequest
from domain.models.projects import Project
from domain.models.runs import Run
from domain.policy import is_stricter
from domain.ports import Clock, Store, UnitOfWork
from domain.questions import OVERRIDE
from domain.reconciliation import answered, resolved, unanswered
from domain.services.circuits import START_TIMEOUT_S, Circuits
from domain.services.connections import Connections
from domain.services.gate import Gate, Judgement
from domain.services.known_switches import KnownSwitches
from domain.validation import check_text

REFRESH_S: Final = 2.0
"""How long whoever asks for a look waits for what comes of it."""
REFRESH_STEP_S: Final = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Interventions:
    """Whoever calls has checked the permission."""

    store: Store
    clock: Clock
    gate: Gate
    connections: Connections
    circuits: Circuits
    switches: KnownSwitches

    async def reconcile(self, command: ReconcileRun, caller: Caller) -> Run:
        """Have the run asked after at once, and answer with it as it is then, or after a while as
        it is; or decide how it ended, while its record is doubtful.

        Raises NotFound, IllegalTransition, InvalidInput.
        """
        check_text(command.reason, REASON_CHARACTERS_MAX, "reason")
        if command.resolve_as is None:
            return await self._refreshed(command.run_id, caller)
        if not (command.reason or "").strip():
            raise InvalidInput("Say how you know: people will ask.", "reason")
        for _ in range(CONFLICT_TRIES_MAX):
            if run := await self._resolved(command, caller):
                return run
        raise QuotaExceeded("Too many changes to this at once. Try again.")

    async def _refreshed(self, run_id: RunId, caller: Caller) -> Run:
        now = self.clock.now()
        async with self.store.transaction() as unit:
            run = _handed_over(await unit.runs.get(run_id))
            await unit.following.hasten(run.id, now)
            unit.audit.add(audit.run_reconciled(run, run, caller, now))
        for _ in range(round(REFRESH_S / REFRESH_STEP_S)):
            if not run.is_active or not self._is_older(run, now):
                break
            await self.clock.sleep(REFRESH_STEP_S)
            run = await self._load(run_id)
        return run

    def _is_older(self, run: Run, asked_at: datetime) -> bool:
        """Than a look that was asked for; one that streams is as new as can be."""
        provider = self.connections.registry.find(run.provider)
        is_polled = provider is not None and provider.poll_s is not None
        seen_at = run.last_reconciled_at
        return is_polled and (seen_at is None or seen_at < asked_at)

    async def _resolved(self, command: ReconcileRun, caller: Caller) -> Run | None:
        """None where somebody was faster."""
        assert command.resolve_as is not None
        now = self.clock.now()
        async with self.store.transaction() as unit:
            run = _handed_over(await unit.runs.get(command.run_id))
            if not run.is_degraded:
                message = "Its provider tells how it is: only a degraded run can be resolved."
                raise IllegalTransition(run.state, message, run.allowed_actions)
            found = resolved(run, command.resolve_as, command.reason or "", now)
            await unit.following.end(run.id)
            actor = caller.principal.id
            after = await unit.runs.change(run, found.after, found.facts, actor=actor, at=now)
            if after is not None:
                unit.audit.add(audit.run_reconciled(run, after, caller, now))
                unit.after_commit(
                    lambda: self.circuits.meter.changed_state(run.provider, after.state)
                )
        return after

    async def answer(self, command: AnswerRun, caller: Caller) -> Run:
        """Tell the provider what the run asked for, where the policy lets that through as a prompt.
        Of several at once one is heard.

        Raises NotFound, IllegalTransition, InvalidInput, CapabilityMissing, ProviderUnavailable,
        ProviderUnconfigured, PolicyDenied, ApprovalRequired, FeatureDisabled, QuotaExceeded,
        KillSwitchEngaged, since it would go on, and InvalidInput where the provider refuses the
        answer.
        """
        check_text(command.text, ANSWER_CHARACTERS_MAX, "text")
        if not command.text.strip():
            raise InvalidInput("The answer is empty.", "text")
        waiting = await self._asking(command.run_id)
        provider = self.connections.registry.get(waiting.run.provider)
        if not provider.capabilities.resume:
            raise CapabilityMissing("resume")
        await self.switches.check(waiting.run.project_id, provider.key)
        await self.connections.check_enabled(waiting.run.project_id, provider.key)
        run = await self._let_through(waiting, command.text, caller)
        try:
            adapter = await self.connections.adapter(run.project_id, run.provider)
            await self.circuits.ask(
                provider,
                run.project_id,
                lambda: adapter.resume(run.handle, command.text),
                START_TIMEOUT_S,
            )
        except WorkbenchError as error:
            await self._put_back(run, waiting.run)
            if isinstance(error, ProviderRefused):
                raise InvalidInput(f"Its provider refuses it: {error.message}", "text") from error
            raise
        async with self.store.transaction() as unit:
            await unit.following.hasten(run.id, self.clock.now())
        return run

    async def _asking(self, run_id: RunId) -> "_Asking":
        async with self.store.snapshot() as unit:
            run = _handed_over(await unit.runs.get(run_id))
            if run.question is None:
                raise IllegalTransition(run.state, "It asks nothing.", run.allowed_actions)
            decided = (await unit.decisions.get_many([run.decision_id]))[run.decision_id]
            grounds = (await unit.decisions.get_many([decided.grounds]))[decided.grounds]
        return _Asking(run=run, grounds=grounds)

    async def _let_through(self, waiting: "_Asking", text: str, caller: Caller) -> Run:
        """Raises PolicyDenied, ApprovalRequired, IllegalTransition, QuotaExceeded."""
        for _ in range(CONFLICT_TRIES_MAX):
            project = await self._project(waiting.run)
            judged = await self.gate.judge_answer(text, waiting.run, project, caller)
            if run := await self._taken(waiting, judged, caller):
                return run
        raise QuotaExceeded("Too many changes to this at once. Try again.")

    async def _taken(self, waiting: "_Asking", judged: Judgement, caller: Caller) -> Run | None:
        """It goes on from now on, so that nobody else answers as well. Where the server dies before
        the provider has heard it, the next look finds it waiting again. None: the policy has
        changed since it decided."""
        run, decision = waiting.run, judged.decision
        refusal = _refusal(decision, waiting.grounds)
        if refusal is None and decision.verdict is PolicyVerdict.REQUIRE_APPROVAL:
            decision = replace(decision, confirms=waiting.grounds.id)
        async with self.store.transaction() as unit:
            project = await unit.projects.get(run.project_id)
            if project is None or project.policy_version != decision.policy_version:
                return None
            await unit.decisions.add(decision, self._kept(judged.request))
            if refusal is not None:
                unit.audit.add(audit.answer_refused(run, decision, refusal, caller))
            else:
                run = await self._going_on(unit, run, decision, caller)
        if refusal is not None:
            raise refusal
        self.circuits.meter.changed_state(run.provider, run.state)
        return run

    async def _going_on(
        self, unit: UnitOfWork, run: Run, decision: Decision, caller: Caller
    ) -> Run:
        at, actor = decision.decided_at, caller.principal.id
        found = answered(run, at)
        after = await unit.runs.change(run, found.after, found.facts, actor=actor, at=at)
        if after is None:
            raise IllegalTransition(run.state, "Somebody was faster.", run.allowed_actions)
        unit.audit.add(audit.run_answered(run, after, decision, caller))
        return after

    def _kept(self, request: DispatchRequest) -> DispatchRequest:
        """What is said to a provider is kept nowhere else, and may be what it asked for to let us
        in: it is kept without the secrets that can be told."""
        redact = self.circuits.redactors.of(request.project_id).text
        return replace(request, prompt=redact(request.prompt or ""))

    async def _put_back(self, run: Run, before: Run) -> None:
        found = unanswered(run, before)
        async with self.store.transaction() as unit:
            now = self.clock.now()
            await unit.runs.change(run, found.after, found.facts, actor=None, at=now)

    async def _project(self, run: Run) -> Project:
        async with self.store.snapshot() as unit:
            project = await unit.projects.get(run.project_id)
        assert project is not None, "a run's project is never removed"
        return project

    async def _find(self, run_id: RunId) -> Run | None:
        async with self.store.snapshot() as unit:
            return await unit.runs.get(run_id)

    async def _load(self, run_id: RunId) -> Run:
        return _existing(await self._find(run_id))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asking:
    """A run that asks something, and the decision that it went out under."""

    run: Run
    grounds: Decision


def _refusal(decision: Decision, grounds: Decision) -> PolicyDenied | ApprovalRequired | None:
    """None where the answer may go out: it is allowed, or the run was granted as much before."""
    match decision.verdict:
        case PolicyVerdict.ALLOW:
            return None
        case PolicyVerdict.DENY:
            return PolicyDenied(decision)
        case PolicyVerdict.REQUIRE_APPROVAL:
            if not is_stricter(decision, _granted(grounds)):
                return None
            asked = decision.requirement or ApprovalRequirement()
            message = (
                f"The policy asks for {asked.count} with the right of {asked.role} for this answer "
                f"of {decision.risk} risk, and the run was granted less: nothing was sent."
            )
            return ApprovalRequired(decision, message)
        case _:
            assert_never(decision.verdict)


def _granted(grounds: Decision) -> Decision:
    """A denial that a run went out in spite of was set aside by those who may."""
    if grounds.verdict is not PolicyVerdict.DENY:
        return grounds
    return replace(grounds, verdict=PolicyVerdict.REQUIRE_APPROVAL, requirement=OVERRIDE)


def _existing(run: Run | None) -> Run:
    if run is None:
        raise NotFound
    return run


def _handed_over(run: Run | None) -> Run:
    """Raises IllegalTransition where no provider has it, or none has it any more."""
    found = _existing(run)
    if not found.is_active:
        message = f"The run is {found.state} already."
        raise IllegalTransition(found.state, message, found.allowed_actions)
    if not found.is_handed_over:
        message = "Its provider has not got it yet."
        raise IllegalTransition(found.state, message, found.allowed_actions)
    return found
