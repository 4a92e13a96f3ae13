"""Kill switches as the viewer may see and move them."""

from collections.abc import Iterable, Sequence
from typing import Final

from domain.errors import NotPermitted
from domain.ids import ProjectId
from domain.models.audit import AuditSubject, SubjectKind
from domain.models.commands import SetKillSwitch
from domain.models.kill_switches import SERVER, KillSwitch, KillSwitchScope, SwitchTarget
from domain.models.principals import Permission
from domain.models.runs import Run
from domain.services.kill_switches import Engagement
from resolvers import access, audit, projects
from resolvers.context import Context

SHOWN_MAX: Final = 100


async def of_server(context: Context) -> KillSwitch:
    async with context.store.snapshot() as unit:
        return await unit.kill_switches.get(SERVER)


async def of_project(context: Context, project_id: ProjectId) -> KillSwitch:
    """The project's own."""
    target = SwitchTarget(scope=KillSwitchScope.PROJECT, project_id=project_id)
    return _among(await context.loaders.kill_switches.load(project_id), target)


async def of_provider(context: Context, project_id: ProjectId, provider: str) -> KillSwitch:
    """The provider's own: the one for every project while that is engaged, else the project's."""
    known = await context.loaders.kill_switches.load(project_id)
    everywhere = SwitchTarget(scope=KillSwitchScope.PROVIDER, provider=provider)
    here = SwitchTarget(scope=KillSwitchScope.PROVIDER, project_id=project_id, provider=provider)
    found = _among(known, everywhere)
    return found if found.is_engaged else _among(known, here)


async def holding(context: Context, run: Run) -> KillSwitch | None:
    """An engaged switch that is for the run, the widest one."""
    known = await context.loaders.kill_switches.load(run.project_id)
    engaged = (each for each in known if each.is_engaged)
    found = [each for each in engaged if each.target.covers(run.project_id, run.provider)]
    return min(
        found, key=lambda each: tuple(KillSwitchScope).index(each.target.scope), default=None
    )


async def engaged(context: Context) -> Sequence[KillSwitch]:
    """The newest SHOWN_MAX of those that concern what the viewer may read."""
    async with context.store.snapshot() as unit:
        return await unit.kill_switches.engaged(access.readable(context.viewer), SHOWN_MAX)


async def move(context: Context, command: SetKillSwitch) -> Engagement:
    """Raises NotFound, NotPermitted, and what the service raises."""
    subject = AuditSubject(kind=SubjectKind.KILL_SWITCH, name=command.scope)
    async with audit.attempt(context, "killSwitchSet", subject) as attempt:
        project_id = None
        if command.project is None:
            access.check_server(context.viewer, "killSwitchSet")
        else:
            project_id = (await projects.existing(context, command.project)).id
            attempt.project_id = project_id
            access.check(context.viewer, project_id, "killSwitchSet")
        if command.cancel_active:
            _check_cancel(context, project_id)
        caller = audit.caller_of(context)
        return await context.services.kill_switches.set(command, project_id, caller)


def _check_cancel(context: Context, project_id: ProjectId | None) -> None:
    """A token that cancels no run cancels none by a switch either. Raises NotPermitted."""
    viewer = context.viewer
    if project_id is not None:
        held = access.permissions(viewer, project_id)
    else:
        held = viewer.token.permissions if viewer.token else frozenset({Permission.CANCEL})
    if Permission.CANCEL not in held:
        raise NotPermitted("To cancel runs too your token needs the scope LAUNCH.")


def _among(known: Iterable[KillSwitch], target: SwitchTarget) -> KillSwitch:
    """One that was never touched is released."""
    return next((each for each in known if each.target == target), KillSwitch(target=target))
