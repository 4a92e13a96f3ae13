"""What projects have set for their providers, for those who administer them."""

from domain.ids import ProjectId
from domain.models.audit import AuditSubject, SubjectKind
from domain.models.commands import ConfigureProvider
from domain.models.projects import Project
from domain.models.provider_configs import ProviderConfig
from domain.ports import Provider
from resolvers import access, audit, projects
from resolvers.context import Context


async def of_provider(
    context: Context, project_id: ProjectId, provider: str
) -> ProviderConfig | None:
    """None where nothing was ever configured. Of a project that the viewer may read."""
    found = await context.loaders.provider_configs.load(project_id)
    return next((config for config in found if config.provider == provider), None)


async def configure(context: Context, command: ConfigureProvider) -> tuple[Project, Provider]:
    """Raises NotFound, NotPermitted, and what the service raises."""
    subject = AuditSubject(kind=SubjectKind.PROVIDER, name=command.provider)
    async with audit.attempt(context, "providerConfigure", subject) as attempt:
        project = await projects.existing(context, command.project)
        attempt.project_id = project.id
        access.check(context.viewer, project.id, "providerConfigure")
        caller = audit.caller_of(context)
        service = context.services.provider_configs
        provider = await service.configure(command, project.id, caller)
    # It may have a new default provider by now.
    return await projects.existing(context, command.project), provider
