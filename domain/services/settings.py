"""Changing what a project is set to."""

from dataclasses import dataclass, replace
from typing import Final

from domain import audit
from domain.errors import InvalidInput, NotFound, QuotaExceeded
from domain.ids import ProjectId
from domain.limits import CONFLICT_TRIES_MAX
from domain.models.audit import Caller
from domain.models.commands import UNCHANGED, Limit, UpdateSandbox, UpdateSettings
from domain.models.project_events import ProjectSettingsChanged
from domain.models.projects import Project
from domain.models.sandbox import SandboxSettings
from domain.models.settings import ProjectSettings
from domain.ports import Clock, Store
from domain.services.registry import Registry
from domain.validation import check_sandbox

RETENTION_DAYS_MAX: Final = 36_500
COST_CENTS_MAX: Final = 100_000_000


@dataclass(frozen=True, slots=True)
class SettingsUpdater:
    """Whoever calls has checked that the actor administers the project."""

    store: Store
    clock: Clock
    registry: Registry

    async def update(
        self, command: UpdateSettings, project_id: ProjectId, caller: Caller
    ) -> Project:
        """Change what the command names; what changes nothing is not stored.

        Raises InvalidInput.
        """
        self._check(command)
        for _ in range(CONFLICT_TRIES_MAX):
            changed = await self._update(command, project_id, caller)
            if changed is not None:
                return changed
        raise QuotaExceeded("Too many changes to this at once. Try again.")

    async def _update(
        self, command: UpdateSettings, project_id: ProjectId, caller: Caller
    ) -> Project | None:
        """None where somebody else was faster."""
        async with self.store.transaction() as unit:
            before = await unit.projects.get(project_id)
            if before is None:
                raise NotFound
            settings = merged(before.settings, command)
            if settings == before.settings:
                return before
            check_sandbox(settings.sandbox, "sandbox")
            after = replace(before, settings=replace(settings, version=settings.version + 1))
            if not await unit.projects.set_settings(project_id, after.settings):
                return None
            now, fact = self.clock.now(), ProjectSettingsChanged(version=after.settings.version)
            unit.audit.add(audit.settings_updated(before, after, caller, now))
            unit.project_events.add(project_id, fact, actor=caller.principal.id, at=now)
        return after

    def _check(self, command: UpdateSettings) -> None:
        provider = command.default_provider
        if provider is not None:
            self.registry.check(provider, "defaultProvider")
        _check_limit(command.retention_days, RETENTION_DAYS_MAX, "retentionDays")
        _check_limit(command.cost_cents_per_run, COST_CENTS_MAX, "budgets", "costCentsPerRun")


def merged(settings: ProjectSettings, command: UpdateSettings) -> ProjectSettings:
    """What is set where the command is obeyed; the version is not its matter. Pure."""
    turned_on = {flag for flag, is_on in command.flags.items() if is_on}
    turned_off = command.flags.keys() - turned_on
    return replace(
        settings,
        default_provider=command.default_provider or settings.default_provider,
        fallback=command.fallback or settings.fallback,
        self_approval=_present(command.self_approval, settings.self_approval),
        strict_approvers=_present(command.strict_approvers, settings.strict_approvers),
        resume_interrupted=_present(command.resume_interrupted, settings.resume_interrupted),
        disabled=(settings.disabled - turned_on) | turned_off,
        retention_days=_limit(command.retention_days, settings.retention_days),
        cost_cents_per_run=_limit(command.cost_cents_per_run, settings.cost_cents_per_run),
        sandbox=_sandbox(settings.sandbox, command.sandbox),
    )


def _sandbox(before: SandboxSettings, change: UpdateSandbox) -> SandboxSettings:
    return SandboxSettings(
        is_required=_present(change.is_required, before.is_required),
        cpu_s=_limit(change.cpu_s, before.cpu_s),
        memory_bytes=_limit(change.memory_bytes, before.memory_bytes),
        processes=_limit(change.processes, before.processes),
        open_files=_limit(change.open_files, before.open_files),
    )


def _present(given: bool | None, before: bool) -> bool:  # noqa: FBT001 - the value of a setting
    return before if given is None else given


def _limit(given: Limit, before: int | None) -> int | None:
    return before if given is UNCHANGED else given


def _check_limit(given: Limit, most: int, *path: str) -> None:
    if isinstance(given, int) and not 1 <= given <= most:
        raise InvalidInput(f"A number from 1 to {most}, or null for no limit.", *path)
