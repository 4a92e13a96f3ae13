"""The queries that are asked all the time go by an index, however much is stored."""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

import pytest
from sqlalchemy import event, text

from domain.ids import ApprovalId, IntentId, WorkflowRunId
from domain.lifecycle import ApprovalState, RunState
from domain.models.audit import chain_of
from domain.models.pages import (
    ApprovalFilter,
    AuditFilter,
    LogWindow,
    RunFilter,
    Window,
    WorkflowRunFilter,
)
from domain.models.principals import TokenKind
from domain.models.providers import LogStream
from domain.models.runs import Run
from domain.models.subjects import Subject
from domain.ports import UnitOfWork
from persistence.tables import metadata
from tests.contract.store.scene import NODE, NOW, Scene, later
from tests.persistence.artifact_queries import OF_ARTIFACTS

pytestmark = pytest.mark.anyio

Ask = Callable[[Scene, UnitOfWork, Run], Awaitable[object]]


async def runs_page(scene: Scene, unit: UnitOfWork, run: Run) -> object:
    return await unit.runs.page(scene.project.id, RunFilter(), Window(limit=50, after=run.id))


async def runs_in_state(scene: Scene, unit: UnitOfWork, run: Run) -> object:
    states = RunFilter(states=(RunState.FAILED,))
    return await unit.runs.page(scene.project.id, states, Window(limit=50))


async def named_by_provider(scene: Scene, unit: UnitOfWork, run: Run) -> object:
    return await unit.runs.named_by_provider(scene.project.id, "local", "far-7")


async def queue_position(scene: Scene, unit: UnitOfWork, run: Run) -> object:
    async with scene.store.snapshot() as other:
        queued = await other.runs.page(
            scene.project.id, RunFilter(states=(RunState.QUEUED,)), Window(limit=1)
        )
    return await unit.runs.queue_position(queued[0])


async def events_after(scene: Scene, unit: UnitOfWork, run: Run) -> object:
    return await unit.events.after(run.id, 5, 100)


async def log_tail(scene: Scene, unit: UnitOfWork, run: Run) -> object:
    return await unit.logs.page(run.id, LogWindow(limit=50, backward=True))


async def log_back(scene: Scene, unit: UnitOfWork, run: Run) -> object:
    window = LogWindow(limit=50, before=99, backward=True, stream=LogStream.STDERR)
    return await unit.logs.page(run.id, window)


async def pending(scene: Scene, unit: UnitOfWork, run: Run) -> object:
    return await unit.intents.pending(
        NOW, full_providers=["x"], full_projects=[], sites=[], limit=32
    )


async def claim_followed(scene: Scene, unit: UnitOfWork, run: Run) -> object:
    return await unit.intents.claim_followed(
        sites=["s"], owner=NODE, now=NOW, until=later(9), limit=32
    )


async def followed_due(scene: Scene, unit: UnitOfWork, run: Run) -> object:
    return await unit.following.due(["local"], NOW)


async def claim_due(scene: Scene, unit: UnitOfWork, run: Run) -> object:
    return await unit.following.claim_due(
        scene.project.id,
        "local",
        sites=["s"],
        owner=NODE,
        now=NOW,
        until=later(9),
        limit=32,
    )


async def depth(scene: Scene, unit: UnitOfWork, run: Run) -> object:
    return await unit.intents.depth()


async def active(scene: Scene, unit: UnitOfWork, run: Run) -> object:
    return await unit.intents.active_counts(NOW)


async def holder(scene: Scene, unit: UnitOfWork, run: Run) -> object:
    return await unit.principals.holder("digest")


async def by_subject(scene: Scene, unit: UnitOfWork, run: Run) -> object:
    return await unit.principals.by_subject(Subject(issuer="https://login.example.org", sub="7"))


async def project_ids(scene: Scene, unit: UnitOfWork, run: Run) -> object:
    return await unit.projects.ids(["main"])


async def tokens(scene: Scene, unit: UnitOfWork, run: Run) -> object:
    window = Window(limit=50, after=run.id)
    return await unit.principals.tokens(scene.actor.id, TokenKind.API, window)


async def members(scene: Scene, unit: UnitOfWork, run: Run) -> object:
    window = Window(limit=50, after=scene.actor.id)
    return await unit.principals.members(scene.project.id, window)


async def ahead(scene: Scene, unit: UnitOfWork, run: Run) -> object:
    return await unit.intents.ahead_of(scene.intent(run), NOW)


async def audit_page(scene: Scene, unit: UnitOfWork, run: Run) -> object:
    window = Window(limit=50, after="9")
    return await unit.audit.page(chain_of(scene.project.id), AuditFilter(), window)


async def audit_of_actor(scene: Scene, unit: UnitOfWork, run: Run) -> object:
    chosen = AuditFilter(actor_id=scene.actor.id)
    return await unit.audit.page(chain_of(scene.project.id), chosen, Window(limit=50))


async def audit_of_subject(scene: Scene, unit: UnitOfWork, run: Run) -> object:
    chosen = AuditFilter(subject=run.id)
    return await unit.audit.page(chain_of(scene.project.id), chosen, Window(limit=50))


async def audit_after(scene: Scene, unit: UnitOfWork, run: Run) -> object:
    return await unit.audit.after(chain_of(scene.project.id), 5, 100)


async def inbox(scene: Scene, unit: UnitOfWork, run: Run) -> object:
    chosen = ApprovalFilter(
        project_ids=frozenset({scene.project.id}), states=(ApprovalState.PENDING,)
    )
    return await unit.approvals.page(chosen, Window(limit=50, after="9"))


async def expired(scene: Scene, unit: UnitOfWork, run: Run) -> object:
    return await unit.approvals.expired(NOW, 32)


async def escalating(scene: Scene, unit: UnitOfWork, run: Run) -> object:
    return await unit.approvals.escalating(NOW, 32)


async def count_pending(scene: Scene, unit: UnitOfWork, run: Run) -> object:
    return await unit.approvals.count_pending(scene.project.id)


async def votes(scene: Scene, unit: UnitOfWork, run: Run) -> object:
    return await unit.approvals.votes([ApprovalId("x")])


async def delegated_to(scene: Scene, unit: UnitOfWork, run: Run) -> object:
    return await unit.approvals.delegated_to([scene.project.id], [scene.actor.id])


async def outdated(scene: Scene, unit: UnitOfWork, run: Run) -> object:
    return await unit.approvals.outdated(NOW, 32)


async def claim(scene: Scene, unit: UnitOfWork, run: Run) -> object:
    return await unit.intents.claim(IntentId("x"), fence=0, owner=NODE, until=later(9))


async def features_page(scene: Scene, unit: UnitOfWork, run: Run) -> object:
    return await unit.features.page(scene.project.id, Window(limit=50, after="search"))


async def documents_within(scene: Scene, unit: UnitOfWork, run: Run) -> object:
    return await unit.documents.within(scene.project.id, "docs")


async def documents_about(scene: Scene, unit: UnitOfWork, run: Run) -> object:
    return await unit.documents.about(scene.project.id, ["search"])


async def approvals_of(scene: Scene, unit: UnitOfWork, run: Run) -> object:
    return await unit.approvals.of_workflow_runs([WorkflowRunId("x"), WorkflowRunId("y")], 100)


async def workflow_runs_page(scene: Scene, unit: UnitOfWork, run: Run) -> object:
    window = Window(limit=50, after="9")
    return await unit.workflow_runs.page(scene.project.id, WorkflowRunFilter(), window)


async def workflow_events_after(scene: Scene, unit: UnitOfWork, run: Run) -> object:
    return await unit.workflow_runs.after(WorkflowRunId("x"), 5, 100)


async def audit_span(scene: Scene, unit: UnitOfWork, run: Run) -> object:
    return await unit.audit.span(chain_of(scene.project.id), {run.id, "x"})


QUERIES: list[tuple[Ask, set[str]]] = [
    (runs_page, {"runs_by_project"}),
    (runs_in_state, {"runs_by_state"}),
    (named_by_provider, {"runs_by_name"}),
    (queue_position, {"runs_queued"}),
    (events_after, {"run_events_pkey", "log_chunks_pkey"}),
    (log_tail, {"log_chunks_pkey"}),
    (log_back, {"log_chunks_by_stream"}),
    (pending, {"intents_by_age"}),
    (claim_followed, {"intents_by_age"}),
    (followed_due, {"intents_followed"}),
    (claim_due, {"intents_followed"}),
    (depth, {"intents_by_provider"}),
    (active, {"runs_running"}),
    (holder, {"tokens_digest_key", "memberships_pkey"}),
    (by_subject, {"subjects_pkey", "memberships_pkey"}),
    (project_ids, {"projects_slug_key"}),
    (tokens, {"tokens_by_age"}),
    (members, {"memberships_by_project"}),
    (ahead, {"runs_running", "intents_by_provider"}),
    (audit_page, {"audit_entries_pkey"}),
    (audit_of_actor, {"audit_entries_by_actor"}),
    (audit_of_subject, {"audit_entries_by_subject"}),
    (audit_after, {"audit_entries_pkey"}),
    (inbox, {"approvals_by_project"}),
    (expired, {"approvals_by_expiry"}),
    (escalating, {"approvals_by_escalation"}),
    (count_pending, set()),
    (votes, {"approval_votes_pkey"}),
    (delegated_to, {"delegations_by_delegate"}),
    (outdated, {"runs_undispatched"}),
    (claim, {"intents_pkey", "projects_pkey"}),
    (approvals_of, {"approvals_by_workflow_run"}),
    (workflow_runs_page, {"workflow_runs_by_project"}),
    (workflow_events_after, {"execution_workflow_events_pkey"}),
    (audit_span, {"audit_entries_by_subject"}),
    *OF_ARTIFACTS,
    (features_page, {"execution_features_project_id_slug_key"}),
    (documents_within, {"execution_documents_project_id_path_key"}),
    (documents_about, {"execution_documents_by_feature"}),
]
IMPLICIT = {
    "sqlite_autoindex_tokens_2": "tokens_digest_key",
    "sqlite_autoindex_memberships_1": "memberships_pkey",
    "sqlite_autoindex_subjects_1": "subjects_pkey",
    "sqlite_autoindex_projects_2": "projects_slug_key",
    "sqlite_autoindex_log_chunks_1": "log_chunks_pkey",
    "sqlite_autoindex_runs_1": "runs_pkey",
    "sqlite_autoindex_audit_entries_1": "audit_entries_pkey",
    "sqlite_autoindex_approval_votes_1": "approval_votes_pkey",
    "sqlite_autoindex_intents_1": "intents_pkey",
    "sqlite_autoindex_projects_1": "projects_pkey",
    "sqlite_autoindex_execution_step_artifacts_1": "execution_step_artifacts_pkey",
    "sqlite_autoindex_execution_features_2": "execution_features_project_id_slug_key",
    "sqlite_autoindex_execution_documents_2": "execution_documents_project_id_path_key",
    "execution_workflow_events USING PRIMARY KEY": "execution_workflow_events_pkey",
    "PRIMARY KEY": "run_events_pkey",
}
"""What SQLite calls the indexes of our primary keys."""


class Undone(Exception):
    """What was written is undone, so that whoever asks next finds the same."""


async def plan(scene: Scene, run: Run, ask: Ask, explain: str) -> str:
    """How the database answers the last statement that a repository sends for this."""
    writer = scene.store._engines.writer
    sent: list[tuple[str, Any]] = []

    def remember(_c: object, _k: object, statement: str, parameters: Any, *_: object) -> None:
        sent.append((statement, parameters))

    event.listen(writer.sync_engine, "before_cursor_execute", remember)
    with suppress(Undone):
        async with scene.store.transaction() as unit:
            await ask(scene, unit, run)
            raise Undone
    event.remove(writer.sync_engine, "before_cursor_execute", remember)
    statement, parameters = sent[-1]
    async with writer.connect() as connection:
        if "EXPLAIN (" in explain:
            await connection.execute(text("SET LOCAL enable_seqscan = off"))
            await connection.execute(text("SET LOCAL enable_bitmapscan = off"))
        found = await connection.exec_driver_sql(explain + statement, parameters)
        answer = "\n".join(str(row[-1]) for row in found)
        await connection.rollback()
        return answer


@pytest.mark.parametrize(("ask", "indexes"), QUERIES)
async def test_sqlite_goes_by_index(
    on_sqlite: tuple[Scene, Run], ask: Ask, indexes: set[str]
) -> None:
    """No table is scanned, and no page is sorted that an index has in order."""
    found = await plan(*on_sqlite, ask, "EXPLAIN QUERY PLAN ")
    for implicit, name in IMPLICIT.items():
        found = found.replace(implicit, name)

    assert {name for name in indexes if name in found} == indexes, found
    scans = [line for line in found.splitlines() if line.startswith("SCAN")]
    assert all(line.split()[1] not in metadata.tables or "USING" in line for line in scans), found
    assert "TEMP B-TREE FOR ORDER BY" not in found


@pytest.mark.parametrize(("ask", "indexes"), QUERIES)
async def test_postgres_goes_by_index(
    on_postgres: tuple[Scene, Run], ask: Ask, indexes: set[str]
) -> None:
    """The index can answer the query in its order."""
    found = await plan(*on_postgres, ask, "EXPLAIN (COSTS OFF) ")

    assert {name for name in indexes if name in found} == indexes, found
    assert "Seq Scan" not in found
