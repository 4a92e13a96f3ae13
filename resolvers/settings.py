"""Settings of projects, for those who administer them."""

from domain.models.audit import AuditSubject, SubjectKind
from domain.models.commands import UpdateSettings
from domain.models.projects import Project
from resolvers import access, audit, projects
from resolvers.context import Context


async def update(context: Context, command: UpdateSettings) -> Project:
    """Raises NotFound, NotPermitted, and what the service raises."""
    subject = AuditSubject(kind=SubjectKind.PROJECT, name=command.project)
    async with audit.attempt(context, "projectSettingsUpdate", subject) as attempt:
        project = await projects.existing(context, command.project)
        attempt.project_id = project.id
        attempt.subject = AuditSubject(kind=SubjectKind.PROJECT, id=project.id)
        access.check(context.viewer, project.id, "projectSettingsUpdate")
        caller = audit.caller_of(context)
        return await context.services.settings.update(command, project.id, caller)
