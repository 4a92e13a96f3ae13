"""Projects, by id and by slug."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict

from sqlalchemy import bindparam, select, update
from sqlalchemy.dialects.postgresql import insert

from domain.ids import ProjectId
from domain.models.audit import ChainHead, chain_of
from domain.models.pages import Window
from domain.models.projects import Project
from domain.models.settings import ProjectSettings
from persistence import rows, settings
from persistence.audit_tables import audit_heads
from persistence.session import Session
from persistence.tables import project_heads, projects

# PostgreSQL's form of ON CONFLICT is written for SQLite too.
ADD = insert(projects).on_conflict_do_nothing(index_elements=["slug"])
BEGIN_CHAIN = insert(audit_heads)
BEGIN_STREAM = insert(project_heads)
GET = select(projects).where(projects.c.id == bindparam("id"))
GET_MANY = select(projects).where(projects.c.id.in_(bindparam("ids", expanding=True)))
BY_SLUG = select(projects).where(projects.c.slug == bindparam("slug"))
SET_SETTINGS = update(projects).where(
    projects.c.id == bindparam("project_id"),
    projects.c.settings_version == bindparam("seen_version"),
)
SET_POLICY_VERSION = (
    update(projects)
    .where(
        projects.c.id == bindparam("project_id"),
        projects.c.policy_version == bindparam("version_before"),
    )
    .values(policy_version=bindparam("version_after"))
)
IDS = select(projects.c.slug, projects.c.id).where(
    projects.c.slug.in_(bindparam("slugs", expanding=True))
)


class Projects:
    """See domain.repositories.ProjectRepository."""

    def __init__(self, session: Session) -> None:
        self._session = session

    async def add(self, project: Project) -> bool:
        columns = {
            "id": project.id,
            "slug": project.slug,
            "name": project.name,
            "root_path": project.root_path,
            "policy_version": project.policy_version,
            "created_at": project.created_at,
            **settings.columns(project.settings),
        }
        is_new = await self._session.write(ADD, columns) == 1
        if is_new:
            await self._session.write(BEGIN_CHAIN, asdict(ChainHead(chain=chain_of(project.id))))
            await self._session.write(BEGIN_STREAM, {"project_id": project.id, "sequence": 0})
        return is_new

    async def get(self, project_id: ProjectId) -> Project | None:
        row = await self._session.first(GET, {"id": project_id})
        return None if row is None else rows.project(row)

    async def get_many(self, ids: Collection[ProjectId]) -> Mapping[ProjectId, Project]:
        found = await self._session.all(GET_MANY, {"ids": list(ids)})
        return {ProjectId(row.id): rows.project(row) for row in found}

    async def set_policy_version(self, project_id: ProjectId, before: int, after: int) -> bool:
        which = {"project_id": project_id, "version_before": before, "version_after": after}
        return await self._session.write(SET_POLICY_VERSION, which) == 1

    async def by_slug(self, slug: str) -> Project | None:
        row = await self._session.first(BY_SLUG, {"slug": slug})
        return None if row is None else rows.project(row)

    async def ids(self, slugs: Collection[str]) -> Mapping[str, ProjectId]:
        found = await self._session.all(IDS, {"slugs": list(slugs)})
        return {row.slug: ProjectId(row.id) for row in found}

    async def set_settings(self, project_id: ProjectId, after: ProjectSettings) -> bool:
        seen = {"project_id": project_id, "seen_version": after.version - 1}
        return await self._session.write(SET_SETTINGS, {**seen, **settings.columns(after)}) == 1

    async def page(self, window: Window, among: Collection[ProjectId] | None) -> Sequence[Project]:
        statement = select(projects).order_by(projects.c.slug).limit(window.limit)
        if window.after is not None:
            statement = statement.where(projects.c.slug > window.after)
        if among is not None:
            statement = statement.where(projects.c.id.in_(among))
        return [rows.project(row) for row in await self._session.all(statement, {})]
