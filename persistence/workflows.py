"""Stores workflow versions with their steps and edges; a version is never changed."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from itertools import groupby
from typing import Any, Final

from sqlalchemy import Row, bindparam, func, select
from sqlalchemy import insert as plain_insert
from sqlalchemy.dialects.postgresql import insert as postgres_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from domain.ids import PrincipalId, ProjectId, WorkflowId
from domain.models.pages import Window
from domain.models.workflows import Step, Workflow, WorkflowDefinition
from persistence import steps
from persistence.session import Session
from persistence.workflow_tables import workflow_edges, workflow_steps, workflows

ADD_STEPS: Final = plain_insert(workflow_steps)
ADD_EDGES: Final = plain_insert(workflow_edges)
GET_MANY: Final = select(workflows).where(workflows.c.id.in_(bindparam("ids", expanding=True)))
STEPS: Final = (
    select(workflow_steps.c.workflow_id, workflow_steps.c.definition)
    .where(workflow_steps.c.workflow_id.in_(bindparam("ids", expanding=True)))
    .order_by(workflow_steps.c.workflow_id, workflow_steps.c.step_index)
)
_is_named: Final = (
    workflows.c.project_id == bindparam("project_id"),
    workflows.c.name == bindparam("name"),
)
NEWEST_VERSION: Final = select(func.max(workflows.c.version).label("version")).where(*_is_named)
NEWEST: Final = select(workflows).where(*_is_named).order_by(workflows.c.version.desc()).limit(1)


class Workflows:
    """See domain.workflow_repositories.WorkflowRepository."""

    def __init__(self, session: Session) -> None:
        self._session = session

    async def add(self, workflow: Workflow) -> Workflow | None:
        named = {"project_id": workflow.project_id, "name": workflow.name}
        last = await self._session.first(NEWEST_VERSION, named)
        assert last is not None, "a maximum has a row"
        stored = replace(workflow, version=(last.version or 0) + 1)
        if not await self._add_head(stored):
            return None
        numbered = list(enumerate(stored.definition.steps))
        rows = [_step_columns(stored.id, index, step) for index, step in numbered]
        await self._session.write(ADD_STEPS, rows)
        edges = [
            {"workflow_id": stored.id, "from_key": need, "to_key": step.key}
            for _, step in numbered
            for need in step.needs
        ]
        if edges:
            await self._session.write(ADD_EDGES, edges)
        return stored

    async def _add_head(self, workflow: Workflow) -> bool:
        """Return False where another unit has stored this version meanwhile."""
        insert = postgres_insert if self._session.is_postgres else sqlite_insert
        statement = insert(workflows).on_conflict_do_nothing().returning(workflows.c.id)
        return await self._session.first(statement, _columns(workflow)) is not None

    async def get(self, workflow_id: WorkflowId) -> Workflow | None:
        return (await self.get_many([workflow_id])).get(workflow_id)

    async def get_many(self, ids: Collection[WorkflowId]) -> Mapping[WorkflowId, Workflow]:
        found = await self._session.all(GET_MANY, {"ids": list(ids)})
        # Steps of unknown ids are queried too, so that timing does not reveal which ids exist.
        return {workflow.id: workflow for workflow in await self._with_steps(found, ids)}

    async def newest(self, project_id: ProjectId, name: str) -> Workflow | None:
        found = await self._session.all(NEWEST, {"project_id": project_id, "name": name})
        return next(iter(await self._with_steps(found)), None)

    async def versions(
        self, project_id: ProjectId, name: str, window: Window
    ) -> Sequence[Workflow]:
        chosen = select(workflows).where(
            workflows.c.project_id == project_id, workflows.c.name == name
        )
        if window.after is not None:
            chosen = chosen.where(workflows.c.id < window.after)
        statement = chosen.order_by(workflows.c.id.desc()).limit(window.limit)
        return await self._with_steps(await self._session.all(statement, {}))

    async def page(self, project_id: ProjectId, window: Window) -> Sequence[Workflow]:
        newest = (
            select(workflows.c.name, func.max(workflows.c.version).label("version"))
            .where(workflows.c.project_id == project_id)
            .group_by(workflows.c.name)
        )
        if window.after is not None:
            newest = newest.where(workflows.c.name > window.after)
        names = newest.order_by(workflows.c.name).limit(window.limit).subquery()
        statement = (
            select(workflows)
            .join(
                names,
                (workflows.c.name == names.c.name) & (workflows.c.version == names.c.version),
            )
            .where(workflows.c.project_id == project_id)
            .order_by(workflows.c.name)
        )
        return await self._with_steps(await self._session.all(statement, {}))

    async def _with_steps(
        self, found: Sequence[Row[Any]], asked: Collection[WorkflowId] = ()
    ) -> Sequence[Workflow]:
        ids = list(asked) or [row.id for row in found]
        if not ids:
            return []
        stored = await self._session.all(STEPS, {"ids": ids})
        of = {
            key: tuple(steps.to_step(row.definition) for row in group)
            for key, group in groupby(stored, lambda row: row.workflow_id)
        }
        return [_workflow(row, of.get(row.id, ())) for row in found]


def _columns(workflow: Workflow) -> Mapping[str, Any]:
    definition = workflow.definition
    return {
        "id": workflow.id,
        "project_id": workflow.project_id,
        "name": definition.name,
        "version": workflow.version,
        "description": definition.description,
        "feature": definition.feature,
        "inputs": definition.inputs,
        "tool_scopes": definition.tool_scopes,
        "concurrency": definition.concurrency,
        "timeout_ms": definition.timeout_ms,
        "author_id": workflow.author_id,
        "created_at": workflow.created_at,
    }


def _step_columns(workflow_id: WorkflowId, index: int, step: Step) -> Mapping[str, Any]:
    definition = steps.of_step(step)
    return {
        "workflow_id": workflow_id,
        "step_index": index,
        "key": step.key,
        "type": step.type,
        "provider": step.provider,
        "risk": step.risk,
        "condition": step.condition,
        "timeout_ms": step.timeout_ms,
        "retry": definition["retry"],
        "on_failure": step.on_failure,
        "definition": definition,
    }


def _workflow(row: Row[Any], own: tuple[Step, ...]) -> Workflow:
    definition = WorkflowDefinition(
        name=row.name,
        description=row.description,
        feature=row.feature,
        inputs=row.inputs,
        tool_scopes=tuple(row.tool_scopes),
        concurrency=row.concurrency,
        timeout_ms=row.timeout_ms,
        steps=own,
    )
    return Workflow(
        id=WorkflowId(row.id),
        project_id=ProjectId(row.project_id),
        version=row.version,
        definition=definition,
        author_id=PrincipalId(row.author_id),
        created_at=row.created_at,
    )
