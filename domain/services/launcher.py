"""Launching, retrying and canceling runs: one transaction each, no provider asked inside it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

from domain import audit, policy
from domain.digest import digest
from domain.errors import (
    CapabilityMissing,
    IdempotencyConflict,
    IllegalTransition,
    InvalidInput,
    NotFound,
    PolicyDenied,
    QuotaExceeded,
)
from domain.ids import DecisionId, IntentId, RunId
from domain.lifecycle import RUN_INITIAL, RunSignal, RunState, advance
from domain.limits import REASON_CHARACTERS_MAX, RunLimits
from domain.models.audit import Caller
from domain.models.commands import CancelRun, LaunchRun, RetryRun
from domain.models.decisions import Decision, PolicyVerdict
from domain.models.events import RunCancelRequested, RunFact, RunStateChanged
from domain.models.intents import Intent, IntentKind
from domain.models.projects import Project
from domain.models.providers import EnvProfile, ProviderKind
from domain.models.runs import Run, RunKind
from domain.ports import Clock, IdMaker, Meter, Store, UnitOfWork
from domain.services.queue_bound import QueueBound
from domain.services.registry import Registry
from domain.topics import INTENTS, cancel_topic
from domain.validation import check_key, check_launch, check_text

CONFLICT_TRIES_MAX = 10

StartAtOnce = Callable[[UnitOfWork, Intent, Run, Project], Awaitable[bool]]
"""Sees to it that a run starts when the unit that stores it is committed; False where it has to
wait in the queue."""


class _Overtaken(Exception):
    """Somebody changed what this decision was made on: roll back, load and decide again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Launcher:
    """Decides what becomes of a request for a run. Whoever calls has checked the permission."""

    store: Store
    registry: Registry
    clock: Clock
    new_id: IdMaker
    meter: Meter
    limits: RunLimits
    queue: QueueBound
    start_at_once: StartAtOnce

    async def launch(self, command: LaunchRun, project: Project, caller: Caller) -> Run:
        """Queue a new run in the project that the command names, or start it where there is room.

        Raises InvalidInput, NotFound, CapabilityMissing, PolicyDenied, IdempotencyConflict,
        QuotaExceeded, StorageUnavailable.
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
            except _Overtaken:
                continue
        raise QuotaExceeded("Too many changes to this at once. Try again.")

    async def _queue(
        self, command: LaunchRun, project: Project, caller: Caller, retry_of: RunId | None
    ) -> Run:
        if first := await self._first_of_key(project, command, retry_of):
            return first
        # The folder is looked at before the transaction: a slow disk must not hold the database.
        provider = command.provider or project.default_provider
        run, decision = self._decided(command, project, provider, caller, retry_of)
        async with self.store.transaction() as unit:
            await unit.decisions.add(decision)
            unit.audit.add(audit.run_launched(run, decision, caller))
            if decision.verdict is not PolicyVerdict.DENY:
                return await self._store(unit, command, run, project)
        raise PolicyDenied(decision)

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

    async def _store(self, unit: UnitOfWork, command: LaunchRun, run: Run, project: Project) -> Run:
        await self.queue.take_place(unit)
        run = await unit.runs.add(run, [RunStateChanged(from_state=None, to_state=run.state)])
        intent = self._dispatch_intent(run)
        await unit.intents.add(intent)
        await _remember_key(unit, command, run)
        if not await self.start_at_once(unit, intent, run, project):
            unit.wake(INTENTS)
        return run

    def _decided(
        self,
        command: LaunchRun,
        project: Project,
        provider: str,
        caller: Caller,
        retry_of: RunId | None,
    ) -> tuple[Run, Decision]:
        adapter = self.registry.get(provider)
        if command.prompt is not None and adapter.kind is ProviderKind.LOCAL:
            raise CapabilityMissing("prompt", f"{adapter.name} runs commands, not prompts.")
        now = self.clock.now()
        cwd = adapter.resolve_cwd(project.root_path, command.cwd)
        env_profile = command.env_profile or EnvProfile.DEFAULT
        decision = policy.decide(
            decision_id=DecisionId(self.new_id()),
            project_id=project.id,
            provider=provider,
            command=command.command or (),
            prompt=command.prompt,
            cwd=cwd,
            env_profile=env_profile,
            tool_scopes=command.tool_scopes,
            at=now,
        )
        run = Run(
            id=RunId(self.new_id()),
            project_id=project.id,
            kind=RunKind.COMMAND if command.prompt is None else RunKind.PROMPT,
            requested_provider=provider,
            provider=provider,
            command=command.command or (),
            prompt=command.prompt,
            cwd=cwd,
            env_profile=env_profile,
            tool_scopes=command.tool_scopes,
            timeout_ms=command.timeout_ms or self.limits.timeout_ms_default,
            reason=command.reason,
            state=RUN_INITIAL,
            decision_id=decision.id,
            retry_of=retry_of,
            requested_by=caller.principal.id,
            created_at=now,
            queued_at=now,
        )
        return run, decision

    def _dispatch_intent(self, run: Run) -> Intent:
        return Intent(
            id=IntentId(self.new_id()),
            run_id=run.id,
            project_id=run.project_id,
            provider=run.provider,
            kind=IntentKind.DISPATCH,
            created_at=run.created_at,
            due_at=run.created_at,
        )

    async def _cancel(self, command: CancelRun, caller: Caller) -> Run:
        now = self.clock.now()
        async with self.store.transaction() as unit:
            run = await _existing(unit, command.run_id)
            if not run.is_active:
                message = f"The run is {run.state} already."
                raise IllegalTransition(run.state, message, run.allowed_actions)
            if run.cancel_requested_at is not None:
                return run
            asked = replace(run, cancel_requested_at=now, cancel_reason=command.reason)
            facts: list[RunFact] = [RunCancelRequested(reason=command.reason)]
            if await _is_not_handed_over(unit, run):
                state = advance(run.state, RunSignal.CANCEL)
                asked = replace(asked, state=state, finished_at=now)
                facts.append(RunStateChanged(from_state=run.state, to_state=state))
            actor = caller.principal.id
            changed = await unit.runs.change(run, asked, facts, actor=actor, at=now)
            if changed is None:
                raise _Overtaken
            unit.audit.add(audit.run_canceled(run, changed, caller, now))
            unit.wake(cancel_topic(run.id))
        if not changed.is_active:
            self.meter.changed_state(changed.provider, changed.state)
        return changed


async def _is_not_handed_over(unit: UnitOfWork, run: Run) -> bool:
    """No provider has been asked, and from now on none will be."""
    if run.state is RunState.RUNNING:
        return False
    return run.state is RunState.BLOCKED or await unit.intents.withdraw(run.id)


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
        raise _Overtaken


def _input_digest(command: LaunchRun, retry_of: RunId | None) -> str:
    return digest(
        {
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
