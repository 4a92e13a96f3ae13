"""Features with what belongs to them, and the sessions of agents."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict
from typing import Any, Final

from sqlalchemy import Column, Row, Table, bindparam, delete, func, select
from sqlalchemy.dialects.postgresql import insert

from domain.ids import DocumentId, FeatureId, ProjectId, SessionId
from domain.models import features as domain
from domain.models.features import Feature, LinkOrigin
from domain.models.pages import Window
from persistence.feature_tables import (
    feature_documents,
    feature_sessions,
    features,
    sessions,
)
from persistence.session import Session
from persistence.tables import projects

_put: Final = insert(features)
# PostgreSQL's form of ON CONFLICT is written for SQLite too.
PUT: Final = _put.on_conflict_do_update(
    index_elements=["id"],
    set_={
        name: _put.excluded[name]
        for name in ("given_title", "scanned_title", "status", "family", "updated_at")
    },
)
_put_session: Final = insert(sessions)
PUT_SESSION: Final = _put_session.on_conflict_do_update(
    index_elements=["id"], set_={name: _put_session.excluded[name] for name in ("title", "url")}
)
LOCK: Final = (
    select(projects.c.id)
    .where(projects.c.id == bindparam("project_id"))
    # Whoever stores what names the project need not wait.
    .with_for_update(key_share=True)
)
GET_MANY: Final = select(features).where(features.c.id.in_(bindparam("ids", expanding=True)))
_of_project: Final = features.c.project_id == bindparam("project_id")
BY_SLUGS: Final = select(features).where(
    _of_project, features.c.slug.in_(bindparam("slugs", expanding=True))
)
PAGE: Final = (
    select(features)
    .where(_of_project, features.c.slug > bindparam("after"))
    .order_by(features.c.slug)
    .limit(bindparam("most"))
)
COUNT: Final = select(func.count()).select_from(features).where(_of_project)
_linked: Final = select(feature_sessions.c.session_id).where(
    feature_sessions.c.feature_id == bindparam("feature_id")
)
SESSIONS: Final = (
    select(sessions)
    .where(sessions.c.id.in_(_linked), sessions.c.id > bindparam("after"))
    .order_by(sessions.c.id)
    .limit(bindparam("most"))
)
_in_project: Final = sessions.c.project_id == bindparam("project_id")
SESSIONS_NAMED: Final = (
    select(sessions)
    .where(_in_project, sessions.c.external_id.in_(bindparam("external_ids", expanding=True)))
    .order_by(sessions.c.id)
)
COUNT_SESSIONS: Final = select(func.count()).select_from(sessions).where(_in_project)
GET_SESSIONS: Final = select(sessions).where(sessions.c.id.in_(bindparam("ids", expanding=True)))


class Features:
    """See domain.feature_repositories.FeatureRepository."""

    def __init__(self, session: Session) -> None:
        self._session = session

    async def lock(self, project_id: ProjectId) -> None:
        await self._session.first(LOCK, {"project_id": project_id})

    async def put(self, feature: Feature) -> None:
        await self._session.write(PUT, asdict(feature))

    async def get_many(self, ids: Collection[FeatureId]) -> Mapping[FeatureId, Feature]:
        rows = await self._session.all(GET_MANY, {"ids": list(ids)})
        return {FeatureId(row.id): _feature(row) for row in rows}

    async def by_slugs(
        self, project_id: ProjectId, slugs: Collection[str]
    ) -> Mapping[str, Feature]:
        which = {"project_id": project_id, "slugs": list(slugs)}
        return {row.slug: _feature(row) for row in await self._session.all(BY_SLUGS, which)}

    async def page(self, project_id: ProjectId, window: Window) -> Sequence[Feature]:
        which = {"project_id": project_id, "after": window.after or "", "most": window.limit}
        return [_feature(row) for row in await self._session.all(PAGE, which)]

    async def count(self, project_id: ProjectId) -> int:
        return await self._count(COUNT, project_id)

    async def link(
        self,
        feature_id: FeatureId,
        origin: LinkOrigin,
        documents: Collection[DocumentId] | None,
        sessions: Collection[SessionId] | None,
    ) -> None:
        if documents is not None:
            of = feature_documents
            await self._replace(of, of.c.document_id, feature_id, origin, documents)
        if sessions is not None:
            of = feature_sessions
            await self._replace(of, of.c.session_id, feature_id, origin, sessions)

    async def put_sessions(self, sessions: Sequence[domain.Session]) -> None:
        if sessions:
            columns = [{**asdict(each), "provider": each.provider or ""} for each in sessions]
            await self._session.write(PUT_SESSION, columns)

    async def sessions(self, feature_id: FeatureId, window: Window) -> Sequence[domain.Session]:
        which = {"feature_id": feature_id, "after": window.after or "", "most": window.limit}
        return [_session(row) for row in await self._session.all(SESSIONS, which)]

    async def sessions_named(
        self, project_id: ProjectId, external_ids: Collection[str]
    ) -> Sequence[domain.Session]:
        which = {"project_id": project_id, "external_ids": list(external_ids)}
        return [_session(row) for row in await self._session.all(SESSIONS_NAMED, which)]

    async def count_sessions(self, project_id: ProjectId) -> int:
        return await self._count(COUNT_SESSIONS, project_id)

    async def get_sessions(self, ids: Collection[SessionId]) -> Mapping[SessionId, domain.Session]:
        rows = await self._session.all(GET_SESSIONS, {"ids": list(ids)})
        return {SessionId(row.id): _session(row) for row in rows}

    async def _count(self, statement: Any, project_id: ProjectId) -> int:
        row = await self._session.first(statement, {"project_id": project_id})
        return 0 if row is None else int(row[0])

    async def _replace(
        self,
        table: Table,
        column: Column[Any],
        feature_id: FeatureId,
        origin: LinkOrigin,
        ids: Collection[str],
    ) -> None:
        before = delete(table).where(table.c.feature_id == feature_id, table.c.origin == origin)
        await self._session.write(before, {})
        if ids:
            rows = [
                {"feature_id": feature_id, "origin": origin, column.name: each}
                for each in dict.fromkeys(ids)
            ]
            await self._session.write(insert(table), rows)


def _feature(row: Row[Any]) -> Feature:
    return Feature(
        id=FeatureId(row.id),
        project_id=ProjectId(row.project_id),
        slug=row.slug,
        given_title=row.given_title,
        scanned_title=row.scanned_title,
        status=row.status,
        family=row.family,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )


def _session(row: Row[Any]) -> domain.Session:
    return domain.Session(
        id=SessionId(row.id),
        project_id=ProjectId(row.project_id),
        provider=row.provider or None,
        external_id=row.external_id,
        title=row.title,
        url=row.url,
        created_at=row.created_at,
    )
