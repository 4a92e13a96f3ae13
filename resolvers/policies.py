"""Policies of projects as the viewer may see, set and try them."""

from collections.abc import Sequence

from domain.ids import ProjectId
from domain.models.audit import AuditSubject, SubjectKind
from domain.models.commands import LaunchRun, SetPolicy, SimulatePolicy
from domain.models.decisions import Decision
from domain.models.pages import Window
from domain.models.policies import Policy
from domain.models.projects import Project
from domain.services.policies import PolicyChange, Simulation
from resolvers import access, audit, projects
from resolvers.context import Context
from resolvers.paging import Page, cut, page_size


async def current(context: Context, project: Project) -> Policy:
    """Of a project that the viewer may read."""
    return await context.services.policies.current(project)


async def listed(
    context: Context, project_id: ProjectId, first: int | None, after: str | None
) -> Page[Policy]:
    """Newest first; `after` is the version of the last one seen."""
    size = page_size(first)
    async with context.store.snapshot() as unit:
        found = await unit.policies.page(project_id, Window(limit=size + 1, after=after))
    return cut(found, size, continues=after is not None)


async def replace_rules(context: Context, command: SetPolicy) -> tuple[Project, Policy]:
    """Raises NotFound, NotPermitted, and what the service raises."""
    subject = AuditSubject(kind=SubjectKind.PROJECT, name=command.project)
    async with audit.attempt(context, "policySet", subject) as attempt:
        project = await projects.existing(context, command.project)
        attempt.project_id = project.id
        attempt.subject = AuditSubject(kind=SubjectKind.PROJECT, id=project.id)
        access.check(context.viewer, project.id, "policySet")
        caller = audit.caller_of(context)
        return await context.services.policies.set(command, project.id, caller)


async def check(context: Context, command: LaunchRun) -> Decision:
    """What would be said of a launch. Raises NotFound, NotPermitted, and what the gate raises."""
    project = await projects.existing(context, command.project)
    access.check(context.viewer, project.id, "policyCheck")
    return await context.services.gate.check(command, project, audit.caller_of(context))


async def simulate(context: Context, command: SimulatePolicy) -> tuple[Project, Simulation]:
    """Raises NotFound, NotPermitted, InvalidInput."""
    project = await projects.existing(context, command.project)
    access.check(context.viewer, project.id, "policySimulate")
    return project, await context.services.policies.simulate(command, project)


def changes(
    found: Sequence[PolicyChange], first: int | None, after: str | None
) -> Page[PolicyChange]:
    """Newest first; `after` is the id of the last decision seen."""
    size = page_size(first)
    rest = found if after is None else [each for each in found if each.before.id < after]
    return cut(rest, size, continues=after is not None)
