"""Features with their documents and sessions, as the viewer may see and change them."""

from domain.ids import DocumentId, FeatureId, ProjectId, SessionId
from domain.models.audit import AuditSubject, SubjectKind
from domain.models.feature_commands import ScanFeatures, UpsertFeature
from domain.models.features import Document, Feature, FeatureScan, Session
from domain.models.pages import Window
from domain.models.projects import Project
from resolvers import access, audit, projects
from resolvers.context import Context
from resolvers.paging import Page, cut, page_size


async def by_id(context: Context, feature_id: FeatureId) -> Feature | None:
    """None also where the viewer may not read its project."""
    found = await context.loaders.features.load(feature_id)
    return found if found and access.can_read(context.viewer, found.project_id) else None


async def document(context: Context, document_id: DocumentId) -> Document | None:
    """None also where the viewer may not read its project."""
    found = await context.loaders.documents.load(document_id)
    return found if found and access.can_read(context.viewer, found.project_id) else None


async def session(context: Context, session_id: SessionId) -> Session | None:
    """None also where the viewer may not read its project."""
    found = await context.loaders.sessions.load(session_id)
    return found if found and access.can_read(context.viewer, found.project_id) else None


async def by_slug(context: Context, project_id: ProjectId, slug: str) -> Feature | None:
    """Of a project that the viewer may read."""
    if not slug.isprintable():
        return None  # Not every database could be asked for such a text.
    return await context.loaders.features_by_slug.load((project_id, slug))


async def listed(
    context: Context, project_id: ProjectId, first: int | None, after: str | None
) -> Page[Feature]:
    """By slug; `after` is the slug of the last one seen."""
    size = page_size(first)
    async with context.store.snapshot() as unit:
        found = await unit.features.page(project_id, Window(limit=size + 1, after=after))
    return cut(found, size, continues=after is not None)


async def documents(
    context: Context, feature_id: FeatureId, first: int | None, after: str | None
) -> Page[Document]:
    """By path; `after` is the path of the last one seen."""
    size = page_size(first)
    async with context.store.snapshot() as unit:
        found = await unit.documents.page(feature_id, Window(limit=size + 1, after=after))
    return cut(found, size, continues=after is not None)


async def sessions(
    context: Context, feature_id: FeatureId, first: int | None, after: str | None
) -> Page[Session]:
    """In the order in which they came; `after` is the id of the last one seen."""
    size = page_size(first)
    async with context.store.snapshot() as unit:
        found = await unit.features.sessions(feature_id, Window(limit=size + 1, after=after))
    return cut(found, size, continues=after is not None)


async def upsert(context: Context, command: UpsertFeature) -> Feature:
    """Raises NotFound, NotPermitted, and what the service raises."""
    subject = AuditSubject(kind=SubjectKind.FEATURE, name=command.slug)
    async with audit.attempt(context, "featureUpsert", subject) as attempt:
        project = await projects.existing(context, command.project)
        attempt.project_id = project.id
        access.check(context.viewer, project.id, "featureUpsert")
        caller = audit.caller_of(context)
        return await context.services.features.by_hand.upsert(command, project, caller)


async def scan(context: Context, command: ScanFeatures) -> tuple[Project, FeatureScan]:
    """Raises NotFound, NotPermitted, and what the service raises."""
    subject = AuditSubject(kind=SubjectKind.PROJECT, name=command.project)
    async with audit.attempt(context, "featureScan", subject) as attempt:
        project = await projects.existing(context, command.project)
        attempt.project_id = project.id
        attempt.subject = AuditSubject(kind=SubjectKind.PROJECT, id=project.id)
        access.check(context.viewer, project.id, "featureScan")
        caller = audit.caller_of(context)
        return project, await context.services.features.scans.scan(command, project, caller)
