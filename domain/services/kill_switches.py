"""Engaging and releasing kill switches."""

import logging
from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from domain import audit
from domain.errors import IllegalTransition, InvalidInput
from domain.ids import ProjectId
from domain.limits import REASON_CHARACTERS_MAX
from domain.models.audit import Caller
from domain.models.commands import CancelRun, SetKillSwitch
from domain.models.kill_switches import KillSwitch, KillSwitchScope, SwitchTarget
from domain.models.pages import Window
from domain.models.project_events import ProjectKillSwitchChanged
from domain.models.runs import Run
from domain.ports import Clock, Store, UnitOfWork
from domain.services.registry import Registry
from domain.topics import INTENTS, KILL_SWITCHES
from domain.validation import check_text

SETTLE_S: Final = 2.0
"""How long whoever engages a switch waits for what was being dispatched already."""
SETTLE_STEP_S: Final = 0.02
CANCEL_PAGE: Final = 32
PROJECTS_PAGE: Final = 500

log = logging.getLogger(__name__)

Cancel = Callable[[CancelRun, Caller], Awaitable[Run]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Engagement:
    """What became of it: the switch, how many runs were asked to stop, and how many some node was
    still handing over when the time to wait for them was up."""

    switch: KillSwitch
    canceled: int = 0
    dispatching: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class KillSwitches:
    """Whoever calls has checked that the actor administers the project, or the server."""

    store: Store
    clock: Clock
    registry: Registry
    cancel: Cancel

    async def set(
        self, command: SetKillSwitch, project_id: ProjectId | None, caller: Caller
    ) -> Engagement:
        """Engage or release. Once this has answered, nothing is dispatched that the switch is for,
        by any node; but what `dispatching` counts, whose provider was being asked already.

        Asking twice does what asking once does. Raises InvalidInput.
        """
        self._check(command)
        target = SwitchTarget(scope=command.scope, project_id=project_id, provider=command.provider)
        switch = await self._moved(target, command, caller)
        if not command.engaged:
            return Engagement(switch=switch)
        dispatching = await self._settle(target)
        canceled = await self._cancel_running(switch, caller) if command.cancel_active else 0
        return Engagement(switch=switch, canceled=canceled, dispatching=dispatching)

    async def _moved(
        self, target: SwitchTarget, command: SetKillSwitch, caller: Caller
    ) -> KillSwitch:
        now = self.clock.now()
        after = KillSwitch(
            target=target,
            is_engaged=command.engaged,
            reason=command.reason,
            set_by=caller.principal.id,
            set_at=now,
        )
        async with self.store.transaction() as unit:
            # Every claim holds this lock: one that was first is committed before this, and whoever
            # comes later sees the switch.
            await unit.intents.lock_queue()
            before = await unit.kill_switches.get(target)
            if _is_the_same(before, after):
                return before
            await unit.kill_switches.set(after)
            unit.audit.add(audit.kill_switch_set(before, after, caller, now))
            await _tell(unit, after, caller, now)
            unit.wake(KILL_SWITCHES, INTENTS)
        state = "engaged" if after.is_engaged else "released"
        log.warning("kill switch %s %s", target.key, state, extra={"by": caller.principal.name})
        return after

    async def _settle(self, target: SwitchTarget) -> int:
        """What was claimed before the switch was engaged is handed over or put back within
        moments; a node that died with it leaves its lease behind."""
        dispatching = await self._dispatching(target)
        for _ in range(round(SETTLE_S / SETTLE_STEP_S)):
            if not dispatching:
                break
            await self.clock.sleep(SETTLE_STEP_S)
            dispatching = await self._dispatching(target)
        return dispatching

    async def _dispatching(self, target: SwitchTarget) -> int:
        async with self.store.snapshot() as unit:
            return await unit.intents.dispatching(target, self.clock.now())

    async def _cancel_running(self, switch: KillSwitch, caller: Caller) -> int:
        canceled, after = 0, None
        while page := await self._running(switch.target, after):
            for run in page:
                canceled += await self._cancel(run, switch, caller)
            after = page[-1].id
        return canceled

    async def _running(self, target: SwitchTarget, after: str | None) -> list[Run]:
        async with self.store.snapshot() as unit:
            window = Window(limit=CANCEL_PAGE, after=after)
            return list(await unit.runs.running(target, window))

    async def _cancel(self, run: Run, switch: KillSwitch, caller: Caller) -> bool:
        """False where it has ended meanwhile, or its provider cannot stop it."""
        provider = self.registry.find(run.provider)
        if provider is None or not provider.capabilities.cancel:
            return False
        try:
            await self.cancel(CancelRun(run_id=run.id, reason=switch.reason), caller)
        except IllegalTransition:
            return False
        return True

    def _check(self, command: SetKillSwitch) -> None:
        _check_target(command)
        check_text(command.reason, REASON_CHARACTERS_MAX, "reason")
        if not command.engaged:
            if command.cancel_active:
                raise InvalidInput("Only engaging a switch cancels runs.", "cancelActive")
            return
        if not (command.reason or "").strip():
            raise InvalidInput("Say why: people will ask.", "reason")
        if command.provider is not None:
            self.registry.check(command.provider, "provider")


async def _tell(unit: UnitOfWork, switch: KillSwitch, caller: Caller, at: datetime) -> None:
    """In every project that the switch is for."""
    fact = ProjectKillSwitchChanged(
        scope=switch.target.scope,
        project_id=switch.target.project_id,
        provider=switch.target.provider,
        is_engaged=switch.is_engaged,
        reason=switch.reason,
    )
    async for project_id in _projects(unit, switch.target):
        unit.project_events.add(project_id, fact, actor=caller.principal.id, at=at)


async def _projects(unit: UnitOfWork, target: SwitchTarget) -> AsyncGenerator[ProjectId, None]:
    if target.project_id is not None:
        yield target.project_id
        return
    after = None
    while page := await unit.projects.page(Window(limit=PROJECTS_PAGE, after=after), None):
        for project in page:
            yield project.id
        after = page[-1].slug


def _check_target(command: SetKillSwitch) -> None:
    """Raises InvalidInput where the scope needs what is missing, or has no use for what is."""
    is_of_provider = command.scope is KillSwitchScope.PROVIDER
    if is_of_provider is not (command.provider is not None):
        raise InvalidInput("Name a provider for the scope PROVIDER, and for no other.", "provider")
    is_of_project = command.scope is KillSwitchScope.PROJECT
    if is_of_project and command.project is None:
        raise InvalidInput("Name the project.", "project")
    if command.scope is KillSwitchScope.SERVER and command.project is not None:
        raise InvalidInput("The switch of the server is for every project.", "project")


def _is_the_same(before: KillSwitch, after: KillSwitch) -> bool:
    """Released twice is released once; engaged twice too, where nothing else is told."""
    if not after.is_engaged:
        return not before.is_engaged
    return before.is_engaged and before.reason == after.reason
