"""What a person does to a run that its provider has: have it asked after, decide, answer it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from domain import run_audit as audit
from domain.errors import (
    CapabilityMissing,
    IllegalTransition,
    InvalidInput,
    NotFound,
    ProviderRefused,
    QuotaExceeded,
    WorkbenchError,
)
from domain.ids import RunId
from domain.limits import ANSWER_CHARACTERS_MAX, CONFLICT_TRIES_MAX, REASON_CHARACTERS_MAX
from domain.models.audit import Caller
from domain.models.commands import AnswerRun, ReconcileRun
from domain.models.runs import Run, RunQuestion
from domain.ports import Clock, Meter, Store
from domain.reconciliation import answered, resolved, unanswered
from domain.services.circuits import START_TIMEOUT_S, Circuits
from domain.services.connections import Connections
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
    meter: Meter
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
                unit.after_commit(lambda: self.meter.changed_state(run.provider, after.state))
        return after

    async def answer(self, command: AnswerRun, caller: Caller) -> Run:
        """Tell the provider what the run asked for. Of several at once one is heard.

        Raises NotFound, IllegalTransition, InvalidInput, CapabilityMissing, ProviderUnavailable,
        ProviderUnconfigured, KillSwitchEngaged, since it would go on, and InvalidInput where the
        provider refuses the answer.
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
        run = await self._taken(waiting, caller)
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
        run = _handed_over(await self._find(run_id))
        if run.question is None:
            raise IllegalTransition(run.state, "It asks nothing.", run.allowed_actions)
        return _Asking(run=run, question=run.question)

    async def _taken(self, waiting: "_Asking", caller: Caller) -> Run:
        """It goes on from now on, so that nobody else answers as well. Where the server dies before
        the provider has heard it, the next look finds it waiting again."""
        run, now = waiting.run, self.clock.now()
        found = answered(run, now)
        async with self.store.transaction() as unit:
            actor = caller.principal.id
            after = await unit.runs.change(run, found.after, found.facts, actor=actor, at=now)
            if after is None:
                raise IllegalTransition(run.state, "Somebody was faster.", run.allowed_actions)
            unit.audit.add(audit.run_answered(run, after, caller, now))
        self.meter.changed_state(run.provider, after.state)
        return after

    async def _put_back(self, run: Run, before: Run) -> None:
        found = unanswered(run, before)
        async with self.store.transaction() as unit:
            now = self.clock.now()
            await unit.runs.change(run, found.after, found.facts, actor=None, at=now)

    async def _find(self, run_id: RunId) -> Run | None:
        async with self.store.snapshot() as unit:
            return await unit.runs.get(run_id)

    async def _load(self, run_id: RunId) -> Run:
        return _existing(await self._find(run_id))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asking:
    """A run and what it asks."""

    run: Run
    question: RunQuestion


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
