"""Credentials of projects: what may be told of them, and setting them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from domain.ids import PrincipalId, ProjectId
from domain.models.audit import AuditSubject, SubjectKind
from domain.models.commands import DeleteCredential, SetCredential
from domain.models.credentials import CredentialHealth, CredentialSource
from domain.models.projects import Project
from domain.models.providers import CredentialSpec
from domain.ports import Provider
from resolvers import access, audit, projects
from resolvers.context import Context


@dataclass(frozen=True, slots=True, kw_only=True)
class CredentialStatus:
    """What a provider wants, and what is set of it. The hint is for administrators."""

    spec: CredentialSpec
    is_set: bool = False
    source: CredentialSource | None = None
    hint: str | None = None
    set_by: PrincipalId | None = None
    set_at: datetime | None = None
    expires_at: datetime | None = None
    health: CredentialHealth | None = None
    checked_at: datetime | None = None


async def of_provider(
    context: Context, project_id: ProjectId, provider: Provider
) -> Sequence[CredentialStatus]:
    """One for each that the provider wants. Of a project that the viewer may read."""
    kept = await context.loaders.credentials.load(project_id)
    found = {c.place.name: c for c in kept if c.place.provider == provider.key}
    sees_hints = access.may(context.viewer, project_id, "providerCredentialSet")
    statuses: list[CredentialStatus] = []
    for spec in provider.credentials:
        credential = found.get(spec.name)
        if credential is None:
            statuses.append(CredentialStatus(spec=spec))
            continue
        status = CredentialStatus(
            spec=spec,
            is_set=True,
            source=credential.source,
            hint=credential.hint if sees_hints else None,
            set_by=credential.set_by,
            set_at=credential.set_at,
            expires_at=credential.expires_at,
            health=context.services.credentials.health(credential),
            checked_at=credential.checked_at,
        )
        statuses.append(status)
    return statuses


async def put(context: Context, command: SetCredential) -> tuple[Project, Provider]:
    """Raises NotFound, NotPermitted, and what the service raises."""
    subject = _subject(context, command.provider)
    async with audit.attempt(context, "providerCredentialSet", subject) as attempt:
        project = await projects.existing(context, command.project)
        attempt.project_id = project.id
        access.check(context.viewer, project.id, "providerCredentialSet")
        caller = audit.caller_of(context)
        return project, await context.services.credentials.set(command, project.id, caller)


async def delete(context: Context, command: DeleteCredential) -> tuple[Project, Provider]:
    """Raises NotFound, NotPermitted, and what the service raises."""
    subject = _subject(context, command.provider)
    async with audit.attempt(context, "providerCredentialDelete", subject) as attempt:
        project = await projects.existing(context, command.project)
        attempt.project_id = project.id
        access.check(context.viewer, project.id, "providerCredentialDelete")
        caller = audit.caller_of(context)
        return project, await context.services.credentials.delete(command, project.id, caller)


def _subject(context: Context, provider: str) -> AuditSubject:
    """No name that is none here: it may be a secret in the wrong field."""
    known = context.services.registry.find(provider)
    return AuditSubject(kind=SubjectKind.CREDENTIAL, name=known.key if known else None)
