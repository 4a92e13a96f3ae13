"""Providers and how they are."""

from domain.circuit import CircuitState
from domain.ids import ProjectId
from domain.models.audit import AuditSubject, SubjectKind
from domain.models.projects import Project
from domain.models.providers import Health
from domain.ports import Provider
from resolvers import access, audit, projects
from resolvers.context import Context


async def health(context: Context, project_id: ProjectId, key: str) -> Health:
    """As it is now. Of a project that the viewer may read."""
    return (await context.services.provider_checks.look(project_id, key)).health


def circuit(context: Context, project_id: ProjectId, key: str) -> CircuitState:
    """Whether this node asks it about the project's runs."""
    return context.services.interventions.circuits.state(project_id, key)


async def check(context: Context, slug: str, key: str) -> tuple[Project, Provider, Health]:
    """Raises NotFound, NotPermitted."""
    known = context.services.registry.find(key)
    subject = AuditSubject(kind=SubjectKind.PROVIDER, name=known.key if known else None)
    async with audit.attempt(context, "providerCheck", subject) as attempt:
        project = await projects.existing(context, slug)
        attempt.project_id = project.id
        access.check(context.viewer, project.id, "providerCheck")
        provider = context.services.registry.get(key)
        caller = audit.caller_of(context)
        found = await context.services.provider_checks.check(key, project.id, caller)
        return project, provider, found
