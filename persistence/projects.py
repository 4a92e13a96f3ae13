"""Projects, by id and by slug."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict

from sqlalchemy import bindparam, select
from sqlalchemy.dialects.postgresql import insert

from domain.ids import ProjectId
from domain.models.audit import ChainHead, chain_of
from domain.models.pages import Window
from domain.models.projects import Project
from persistence import rows
from persistence.session import Session
from persistence.tables import audit_heads, projects

# PostgreSQL's form of ON CONFLICT is written for SQLite too.
ADD = insert(projects).on_conflict_do_nothing(index_elements=["slug"])
BEGIN_CHAIN = insert(audit_heads)
GET = select(projects).where(projects.c.id == bindparam("id"))
GET_MANY = select(projects).where(projects.c.id.in_(bindparam("ids", expanding=True)))
BY_SLUG = select(projects).where(projects.c.slug == bindparam("slug"))
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
            "default_provider": project.default_provider,
            "created_at": project.created_at,
        }
        is_new = await self._session.write(ADD, columns) == 1
        if is_new:
            await self._session.write(BEGIN_CHAIN, asdict(ChainHead(chain=chain_of(project.id))))
        return is_new

    async def get(self, project_id: ProjectId) -> Project | None:
        row = await self._session.first(GET, {"id": project_id})
        return None if row is None else rows.project(row)

    async def get_many(self, ids: Collection[ProjectId]) -> Mapping[ProjectId, Project]:
        found = await self._session.all(GET_MANY, {"ids": list(ids)})
        return {ProjectId(row.id): rows.project(row) for row in found}

    async def by_slug(self, slug: str) -> Project | None:
        row = await self._session.first(BY_SLUG, {"slug": slug})
        return None if row is None else rows.project(row)

    async def ids(self, slugs: Collection[str]) -> Mapping[str, ProjectId]:
        found = await self._session.all(IDS, {"slugs": list(slugs)})
        return {row.slug: ProjectId(row.id) for row in found}

    async def page(self, window: Window, among: Collection[ProjectId] | None) -> Sequence[Project]:
        statement = select(projects).order_by(projects.c.slug).limit(window.limit)
        if window.after is not None:
            statement = statement.where(projects.c.slug > window.after)
        if among is not None:
            statement = statement.where(projects.c.id.in_(among))
        return [rows.project(row) for row in await self._session.all(statement, {})]
