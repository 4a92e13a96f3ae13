"""Artifacts: added with their run's end, paged as they came, removed but never forgotten."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Row, bindparam, exists, insert, select, update
from sqlalchemy.dialects.postgresql import insert as postgres_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from domain.ids import ArtifactId, ProjectId, RunId, StepRunId, WorkflowRunId
from domain.models.artifacts import Artifact
from domain.models.pages import Window
from persistence.artifact_tables import artifact_uses, artifacts
from persistence.session import Session
from persistence.tables import runs
from persistence.types import instant

_ours: Final = frozenset({"is_gone", "workflow_run_id"})
_all = [column for column in artifacts.c if column.name not in _ours]
_other = artifacts.alias("other")

ADD: Final = insert(artifacts)
GET_MANY: Final = select(*_all).where(artifacts.c.id.in_(bindparam("ids", expanding=True)))
OF_RUNS: Final = (
    select(*_all)
    .where(artifacts.c.run_id.in_(bindparam("ids", expanding=True)))
    .order_by(artifacts.c.id)
    .limit(bindparam("most"))
)
ASSIGN: Final = (
    update(artifacts)
    .where(artifacts.c.run_id == bindparam("of_run"))
    .values(
        step_run_id=bindparam("made_by"),
        attempt=bindparam("number"),
        workflow_run_id=select(runs.c.workflow_run_id)
        .where(runs.c.id == bindparam("of_run"))
        .scalar_subquery(),
    )
)
CONSUME_SQLITE: Final = sqlite_insert(artifact_uses).on_conflict_do_nothing()
CONSUME_POSTGRES: Final = postgres_insert(artifact_uses).on_conflict_do_nothing()
CONSUMERS: Final = (
    select(artifact_uses.c.step_run_id)
    .where(artifact_uses.c.artifact_id == bindparam("id"))
    .order_by(artifact_uses.c.at, artifact_uses.c.step_run_id)
    .limit(bindparam("most"))
)
CONSUMED_BY: Final = (
    select(*_all)
    .join(artifact_uses, artifact_uses.c.artifact_id == artifacts.c.id)
    .where(artifact_uses.c.step_run_id == bindparam("step"))
    .order_by(artifact_uses.c.artifact_id)
    .limit(bindparam("most"))
)
ENDED_BEFORE: Final = (
    select(runs.c.id)
    .where(
        runs.c.project_id == bindparam("project_id"),
        runs.c.finished_at < instant("ended"),
        exists().where(artifacts.c.run_id == runs.c.id, artifacts.c.removed_at.is_(None)),
    )
    .order_by(runs.c.id)
    .limit(bindparam("most"))
)
REMOVE: Final = (
    update(artifacts)
    .where(artifacts.c.run_id == bindparam("of_run"), artifacts.c.removed_at.is_(None))
    .values(removed_at=instant("at"), is_gone=artifacts.c.sha256.is_(None))
)
UNNAMED: Final = (
    select(artifacts.c.sha256)
    .where(
        artifacts.c.removed_at.is_not(None),
        ~artifacts.c.is_gone,
        ~exists().where(_other.c.sha256 == artifacts.c.sha256, _other.c.removed_at.is_(None)),
    )
    .distinct()
    .order_by(artifacts.c.sha256)
    .limit(bindparam("most"))
)
FORGET: Final = (
    update(artifacts)
    .where(
        artifacts.c.sha256.in_(bindparam("digests", expanding=True)),
        artifacts.c.removed_at.is_not(None),
    )
    .values(is_gone=True)
)


class Artifacts:
    """See domain.artifact_repositories.ArtifactRepository."""

    def __init__(self, session: Session) -> None:
        self._session = session

    async def add(self, artifacts: Sequence[Artifact]) -> None:
        if artifacts:
            await self._session.write(ADD, [asdict(artifact) for artifact in artifacts])

    async def get_many(self, ids: Collection[ArtifactId]) -> Mapping[ArtifactId, Artifact]:
        found = await self._session.all(GET_MANY, {"ids": list(ids)})
        return {ArtifactId(row.id): _artifact(row) for row in found}

    async def page(self, run_id: RunId, window: Window) -> Sequence[Artifact]:
        return await self._page(artifacts.c.run_id == run_id, window)

    async def page_of_step(self, step_run_id: StepRunId, window: Window) -> Sequence[Artifact]:
        return await self._page(artifacts.c.step_run_id == step_run_id, window)

    async def page_of_workflow_run(
        self, workflow_run_id: WorkflowRunId, window: Window
    ) -> Sequence[Artifact]:
        return await self._page(artifacts.c.workflow_run_id == workflow_run_id, window)

    async def _page(self, which: ColumnElement[bool], window: Window) -> Sequence[Artifact]:
        chosen = select(*_all).where(which)
        if window.after is not None:
            chosen = chosen.where(artifacts.c.id > window.after)
        statement = chosen.order_by(artifacts.c.id).limit(window.limit)
        return [_artifact(row) for row in await self._session.all(statement, {})]

    async def of_runs(self, ids: Collection[RunId], limit: int) -> Sequence[Artifact]:
        found = await self._session.all(OF_RUNS, {"ids": list(ids), "most": limit})
        return [_artifact(row) for row in found]

    async def assign(self, run_id: RunId, step_run_id: StepRunId, attempt: int) -> None:
        which = {"of_run": run_id, "made_by": step_run_id, "number": attempt}
        await self._session.write(ASSIGN, which)

    async def consume(self, ids: Collection[ArtifactId], by: StepRunId, at: datetime) -> None:
        uses = [{"artifact_id": each, "step_run_id": by, "at": at} for each in sorted(set(ids))]
        if uses:
            statement = CONSUME_POSTGRES if self._session.is_postgres else CONSUME_SQLITE
            await self._session.write(statement, uses)

    async def consumers(self, artifact_id: ArtifactId, limit: int) -> Sequence[StepRunId]:
        found = await self._session.all(CONSUMERS, {"id": artifact_id, "most": limit})
        return [StepRunId(row.step_run_id) for row in found]

    async def consumed_by(self, step_run_id: StepRunId, limit: int) -> Sequence[Artifact]:
        found = await self._session.all(CONSUMED_BY, {"step": step_run_id, "most": limit})
        return [_artifact(row) for row in found]

    async def ended_before(
        self, project_id: ProjectId, at: datetime, limit: int
    ) -> Sequence[RunId]:
        which = {"project_id": project_id, "ended": at, "most": limit}
        return [RunId(row.id) for row in await self._session.all(ENDED_BEFORE, which)]

    async def remove(self, run_id: RunId, at: datetime) -> None:
        await self._session.write(REMOVE, {"of_run": run_id, "at": at})

    async def unnamed(self, limit: int) -> Sequence[str]:
        return [row.sha256 for row in await self._session.all(UNNAMED, {"most": limit})]

    async def forget(self, digests: Collection[str]) -> None:
        if digests:
            await self._session.write(FORGET, {"digests": list(digests)})


def _artifact(row: Row[Any]) -> Artifact:
    return Artifact(
        id=ArtifactId(row.id),
        project_id=ProjectId(row.project_id),
        run_id=RunId(row.run_id),
        name=row.name,
        media_type=row.media_type,
        size=row.size,
        sha256=row.sha256,
        created_at=row.created_at,
        source_url=row.source_url,
        step_run_id=None if row.step_run_id is None else StepRunId(row.step_run_id),
        attempt=row.attempt,
        removed_at=row.removed_at,
    )
