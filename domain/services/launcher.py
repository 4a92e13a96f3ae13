"""Launching, retrying and canceling runs: one transaction each, no provider asked inside it."""

from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass, replace

from domain import audit
from domain.digest import digest
from domain.errors import (
    IdempotencyConflict,
    IllegalTransition,
    InvalidInput,
    NotFound,
    PolicyDenied,
    QuotaExceeded,
)
from domain.ids import RunId
from domain.lifecycle import RunSignal, RunState, advance
from domain.limits import CONFLICT_TRIES_MAX, REASON_CHARACTERS_MAX
from domain.models.audit import Caller
from domain.models.commands import CancelRun, LaunchRun, RetryRun
from domain.models.decisions import Decision, PolicyVerdict
from domain.models.events import RunCancelRequested, RunStateChanged
from domain.models.projects import Project
from domain.models.runs import Run, RunKind
from domain.ports import Clock, Meter, Store, UnitOfWork
from domain.questions import Question
from domain.services.approvals import Approvals, Overtaken
from domain.services.connections import Connections
from domain.services.gate import Gate, Judgement
from domain.services.known_switches import KnownSwitches
from domain.services.placer import Placer
from domain.topics import cancel_topic
from domain.validation import check_key, check_launch, check_text


@dataclass(frozen=True, slots=True, kw_only=True)
class Launcher:
    """Decides what becomes of a request for a run. Whoever calls has checked the permission."""

    store: Store
    gate: Gate
    connections: Connections
    approvals: Approvals
    clock: Clock
    meter: Meter
    placer: Placer
    switches: KnownSwitches

    async def launch(self, command: LaunchRun, project: Project, caller: Caller) -> Run:
        """Queue a new run in the project that the command names, or start it where there is room.

        Raises InvalidInput, NotFound, CapabilityMissing, ProviderUnconfigured, PolicyDenied,
        KillSwitchEngaged, FeatureDisabled, IdempotencyConflict, QuotaExceeded, StorageUnavailable.
        """
        return await self._launch(command, project, caller, retry_of=None)

    async def retry(self, command: RetryRun, caller: Caller) -> Run:
        """Queue a finished run again, as a new one. Raises what launch does, and IllegalTransition
        while the run is active."""
        check_key(command.idempotency_key)
        async with self.store.snapshot() as unit:
            run = await _existing(unit, command.run_id)
            project = await unit.projects.get(run.project_id)
        if run.is_active:
            message = f"The run is {run.state}. Only a finished run can be retried."
            raise IllegalTransition(run.state, message, run.allowed_actions)
        if run.state is RunState.FAILED and not command.acknowledge_failure:
            raise InvalidInput("Acknowledge the failure to retry it.", "acknowledgeFailure")
        assert project is not None, "a run's project is never removed"
        return await self._launch(_again(run, project, command), project, caller, retry_of=run.id)

    async def cancel(self, command: CancelRun, caller: Caller) -> Run:
        """Cancel a run that has not been handed over; ask the provider to stop one that has.

        Asking twice answers with the run as it is. Raises NotFound, IllegalTransition.
        """
        check_text(command.reason, REASON_CHARACTERS_MAX, "reason")
        return await self._again_if_overtaken(lambda: self._cancel(command, caller))

    async def _launch(
        self, command: LaunchRun, project: Project, caller: Caller, *, retry_of: RunId | None
    ) -> Run:
        check_launch(command)
        run = await self._again_if_overtaken(
            lambda: self._queue(command, project, caller, retry_of)
        )
        self.meter.launched(run.provider)
        return run

    async def _again_if_overtaken(self, attempt: Callable[[], Awaitable[Run]]) -> Run:
        for _ in range(CONFLICT_TRIES_MAX):
            try:
                return await attempt()
            except Overtaken:
                continue
        raise QuotaExceeded("Too many changes to this at once. Try again.")

    async def _queue(
        self, command: LaunchRun, project: Project, caller: Caller, retry_of: RunId | None
    ) -> Run:
        if first := await self._first_of_key(project, command, retry_of):
            return first
        provider = command.provider or project.settings.default_provider
        await self.switches.check(project.id, provider)
        # The folder is looked at before the transaction: a slow disk must not hold the database.
        judged = await self.gate.judge(command, project, caller)
        await self.connections.check_enabled(project.id, judged.request.provider)
        run, decision = self.placer.run_of(command, judged, caller), judged.decision
        run = replace(run, retry_of=retry_of)
        if _asks_people(command, decision):
            return await self._block(command, run, judged, project, caller)
        async with self.store.transaction() as unit:
            if decision.verdict is not PolicyVerdict.DENY:
                run = await self.placer.dispatch(unit, run, judged, project, caller)
                await _remember_key(unit, command, run)
                return run
            await unit.decisions.add(decision, judged.request)
            unit.audit.add(audit.run_launched(run, decision, caller))
        raise PolicyDenied(decision)

    async def _block(
        self, command: LaunchRun, run: Run, judged: Judgement, project: Project, caller: Caller
    ) -> Run:
        """Store a run that waits for people: nothing is there to be dispatched until they agree."""
        asked = Question(
            run=run,
            decision=judged.decision,
            request=judged.request,
            is_break_glass=command.break_glass,
        )
        async with self.store.transaction() as unit:
            run = await self.placer.ask(unit, asked, project, caller)
            await _remember_key(unit, command, run)
        return run

    async def _first_of_key(
        self, project: Project, command: LaunchRun, retry_of: RunId | None
    ) -> Run | None:
        """The run that this idempotency key made before; raises IdempotencyConflict for other
        input."""
        if command.idempotency_key is None:
            return None
        async with self.store.snapshot() as unit:
            found = await unit.idempotency.find(project.id, command.idempotency_key)
            if found is None:
                return None
            first_digest, run_id = found
            run = await _existing(unit, run_id)
        if first_digest != _input_digest(command, retry_of):
            raise IdempotencyConflict
        return run

    async def _cancel(self, command: CancelRun, caller: Caller) -> Run:
        async with self.store.transaction() as unit:
            return await self.cancel_in(unit, command, caller)

    async def cancel_in(self, unit: UnitOfWork, command: CancelRun, caller: Caller) -> Run:
        """The same as `cancel`, as a part of what somebody else stores. Raises Overtaken too."""
        run, now = await _existing(unit, command.run_id), self.clock.now()
        if not run.is_active:
            message = f"The run is {run.state} already."
            raise IllegalTransition(run.state, message, run.allowed_actions)
        if run.cancel_requested_at is not None:
            return run
        asked = replace(run, cancel_requested_at=now, cancel_reason=command.reason)
        facts = await self.approvals.void(unit, run, caller, now)
        facts.append(RunCancelRequested(reason=command.reason))
        if await _is_not_handed_over(unit, run):
            state = advance(run.state, RunSignal.CANCEL)
            asked = replace(asked, state=state, finished_at=now)
            facts.append(RunStateChanged(from_state=run.state, to_state=state))
        if run.is_handed_over:
            # Before the run is written, as whoever follows it does.
            await unit.following.hasten(run.id, now)
        changed = await unit.runs.change(run, asked, facts, actor=caller.principal.id, at=now)
        if changed is None:
            raise Overtaken
        unit.audit.add(audit.run_canceled(run, changed, caller, now))
        unit.wake(cancel_topic(run.id))
        if not changed.is_active:
            unit.after_commit(lambda: self.meter.changed_state(changed.provider, changed.state))
        return changed


async def _is_not_handed_over(unit: UnitOfWork, run: Run) -> bool:
    """No provider has been asked, and from now on none will be."""
    if run.is_handed_over or run.state is RunState.RUNNING:
        return False
    return run.state is RunState.BLOCKED or await unit.intents.withdraw(run.id)


def _asks_people(command: LaunchRun, decision: Decision) -> bool:
    """Whether somebody has to agree first: because the policy says so, or to set it aside."""
    if decision.verdict is PolicyVerdict.ALLOW:
        return False
    return command.break_glass or decision.verdict is PolicyVerdict.REQUIRE_APPROVAL


async def _existing(unit: UnitOfWork, run_id: RunId) -> Run:
    run = await unit.runs.get(run_id)
    if run is None:
        raise NotFound
    return run


def _again(run: Run, project: Project, command: RetryRun) -> LaunchRun:
    return LaunchRun(
        project=project.slug,
        provider=run.requested_provider,
        command=run.command if run.kind is RunKind.COMMAND else None,
        prompt=run.prompt,
        cwd=run.cwd,
        env_profile=run.env_profile,
        timeout_ms=run.timeout_ms,
        tool_scopes=run.tool_scopes,
        artifacts=run.artifacts,
        feature=run.feature,
        budget=run.budget,
        reason=run.reason,
        idempotency_key=command.idempotency_key,
    )


async def _remember_key(unit: UnitOfWork, command: LaunchRun, run: Run) -> None:
    if command.idempotency_key is None:
        return
    is_first = await unit.idempotency.add(
        run.project_id,
        command.idempotency_key,
        digest=_input_digest(command, run.retry_of),
        run_id=run.id,
        at=run.created_at,
    )
    if not is_first:
        raise Overtaken


def _input_digest(command: LaunchRun, retry_of: RunId | None) -> str:
    # What came later is left out where it is not given, so that keys of before still answer.
    added = {
        "breakGlass": command.break_glass or None,
        "artifacts": list(command.artifacts) or None,
        "feature": command.feature,
        "budget": command.budget and asdict(command.budget),
    }
    return digest(
        {
            **{name: given for name, given in added.items() if given is not None},
            "provider": command.provider,
            "command": list(command.command) if command.command is not None else None,
            "prompt": command.prompt,
            "cwd": command.cwd,
            "envProfile": command.env_profile,
            "timeoutMs": command.timeout_ms,
            "toolScopes": sorted(command.tool_scopes),
            "reason": command.reason,
            "retryOf": retry_of,
        }
    )
