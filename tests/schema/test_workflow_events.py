"""What happens to a workflow run, over sockets and event streams and in pages."""

import asyncio
import json
from typing import Any

import pytest

from domain.ids import ApprovalId, ProjectId
from domain.lifecycle import ApprovalState, StepRunState, WorkflowRunState
from domain.models.approvals import ApprovalDecision
from domain.models.runs import FailureCode, RunFailure
from domain.models.workflow_events import (
    CheckpointSaved,
    StepRunApprovalDecided,
    StepRunApprovalRequested,
    StepRunArtifactAdded,
    StepRunBriefed,
    StepRunRetried,
    StepRunSkipped,
    StepRunToolCalled,
    WorkflowRunCancelRequested,
    WorkflowRunFact,
    WorkflowRunReplanned,
    WorkflowRunStateChanged,
)
from domain.models.workflow_runs import WorkflowRun
from schema import ids
from schema.cursors import stream_cursor
from schema.ids import seal
from schema.workflow_events import TELLERS
from tests.contract.store import planned
from tests.contract.store.scene import later
from tests.schema import workflow_scene
from tests.schema.api import ADMIN, ONLOOKER, STRANGER, Api, Json, Socket

pytestmark = pytest.mark.anyio

PART = """__typename cursor at workflowRunId actor { name }
  ... on WorkflowRunStateChanged { from to reason failure { code } }
  ... on StepRunStateChanged { key was: from since: to attempt failure { code } runId
    stepRun { key state } }"""
EVENTS = f"""subscription($id: ID!, $after: String, $from: StreamStart) {{
  workflowRunEvents(workflowRunId: $id, after: $after, from: $from) {{ {PART} }} }}"""
PAGE = f"""query($id: ID!, $first: Int, $after: String) {{ node(id: $id) {{ ... on WorkflowRun {{
  events(first: $first, after: $after) {{
    nodes {{ {PART} }} pageInfo {{ hasNextPage hasPreviousPage endCursor }} }} }} }} }}"""
FACTS = """query($id: ID!) { node(id: $id) { ... on WorkflowRun { events { nodes { __typename
  ... on StepRunApprovalRequested { key stepRun { key } approvalId approval { id } }
  ... on StepRunApprovalDecided { key approvalId approval { id } state decision }
  ... on StepRunRetried { key attempt dueAt retried: reason }
  ... on StepRunSkipped { key skipped: reason }
  ... on WorkflowRunReplanned { revision added removed changed skipped: reason }
  ... on StepRunArtifactAdded { key name }
  ... on StepRunBriefed { key briefing }
  ... on StepRunToolCalled { key tool summary status }
  ... on CheckpointSaved { key stepRun { key } }
  ... on WorkflowRunCancelRequested { retried: reason }
  ... on WorkflowRunStateChanged { retried: reason failure { code } } } } } } }"""
STATES = WorkflowRunState


async def told(socket: Socket, count: int) -> list[Json]:
    return [(await socket.next())["workflowRunEvents"] for _ in range(count)]


async def page(api: Api, run: WorkflowRun, **asked: Any) -> Json:
    found: Json = (await api.data(PAGE, id=ids.workflow_run_id(run.id), **asked))["node"]["events"]
    return found


async def finished(api: Api) -> WorkflowRun:
    """One that has succeeded after its first step."""
    run, (build, _) = await planned.started(api.scene)
    run = await workflow_scene.become(api, run, STATES.RUNNING)
    run, build = await workflow_scene.step(api, run, build, state=StepRunState.RUNNING, attempt=1)
    run, _ = await workflow_scene.step(api, run, build, state=StepRunState.SUCCEEDED)
    return await workflow_scene.become(api, run, STATES.SUCCEEDED)


async def test_a_finished_workflow_run_is_told_whole_and_completes(api: Api) -> None:
    """In order, with who caused what; the same as in pages."""
    run = await finished(api)
    async with api.socket(ONLOOKER) as socket:
        results = await socket.all(EVENTS, id=ids.workflow_run_id(run.id))
    events = [result["workflowRunEvents"] for result in results]

    assert [
        (None, "QUEUED"),
        ("QUEUED", "RUNNING"),
        ("PENDING", "RUNNING"),
        ("RUNNING", "SUCCEEDED"),
        ("RUNNING", "SUCCEEDED"),
    ] == [(e.get("from", e.get("was")), e.get("to", e.get("since"))) for e in events]
    assert {"key": "build", "state": "SUCCEEDED"} == events[2]["stepRun"]
    assert {ids.workflow_run_id(run.id)} == {e["workflowRunId"] for e in events}
    assert {"ada"} == {e["actor"]["name"] for e in events}
    assert events == (await page(api, run))["nodes"]


@pytest.mark.parametrize("end", [STATES.SUCCEEDED, STATES.CANCELED])
async def test_failing_is_not_the_end(api: Api, end: WorkflowRunState) -> None:
    """Who follows is told how people had it go on; after SUCCEEDED or CANCELED nothing comes."""
    run, _ = await planned.started(api.scene)
    run = await workflow_scene.become(api, run, STATES.RUNNING)
    run = await workflow_scene.become(api, run, STATES.FAILED)
    async with api.socket() as socket:
        await socket.subscribe(EVENTS, id=ids.workflow_run_id(run.id))
        assert "FAILED" == (await told(socket, 3))[-1]["to"]
        run = await workflow_scene.become(api, run, STATES.RUNNING)
        assert "RUNNING" == (await told(socket, 1))[0]["to"]
        await workflow_scene.become(api, run, end)
        assert end == (await told(socket, 1))[0]["to"]
        assert {"id": "1", "type": "complete"} == await socket.receive()


async def test_any_cursor_resumes_exactly_behind_it(api: Api) -> None:
    """Live and in pages: the rest follows and nothing else."""
    run = await finished(api)
    events = (await page(api, run))["nodes"]
    for place, event in enumerate(events, 1):
        async with api.socket() as socket:
            results = await socket.all(
                EVENTS, id=ids.workflow_run_id(run.id), after=event["cursor"]
            )
        assert events[place:] == [result["workflowRunEvents"] for result in results]
        rest = await page(api, run, after=event["cursor"], first=2)
        assert events[place : place + 2] == rest["nodes"]
        assert (place < 3, True) == (
            rest["pageInfo"]["hasNextPage"],
            rest["pageInfo"]["hasPreviousPage"],
        )


async def test_a_stream_can_be_joined_at_its_end(api: Api) -> None:
    """Nothing of before, all of later; of one that is over nothing at all."""
    run, _ = await planned.started(api.scene)
    joining = {"id": ids.workflow_run_id(run.id), "from": "END"}
    async with api.socket() as socket:
        await socket.subscribe(EVENTS, **joining)
        while not api.workbench.streams.workflow_runs._tails:
            await asyncio.sleep(0.01)
        await workflow_scene.become(api, run, STATES.CANCELED)
        assert "CANCELED" == (await told(socket, 1))[0]["to"]
    async with api.socket() as socket:
        assert [] == await socket.all(EVENTS, **joining)


async def test_an_event_stream_tells_the_same(api: Api) -> None:
    """Over server-sent events, and completes."""
    run = await finished(api)
    body = {"query": EVENTS, "variables": {"id": ids.workflow_run_id(run.id)}}
    async with api.client(ADMIN, Accept="text/event-stream") as client:
        text = (await client.post("/graphql", json=body)).text
    *parts, last = text.strip().split("\n\n")
    results = [json.loads(part.split("data: ", 1)[1]) for part in parts if "event: next" in part]

    assert (await page(api, run))["nodes"] == [r["data"]["workflowRunEvents"] for r in results]
    assert "event: complete" in last


async def test_many_subscribers_each_get_all(api: Api) -> None:
    """Whoever joined when."""
    run, _ = await planned.started(api.scene)

    async def follow() -> list[Json]:
        async with api.socket() as socket:
            return list(await socket.all(EVENTS, id=ids.workflow_run_id(run.id)))

    subscribers = [asyncio.create_task(follow()) for _ in range(5)]
    for state in (STATES.RUNNING, STATES.PAUSED, STATES.RUNNING, STATES.SUCCEEDED):
        run = await workflow_scene.become(api, run, state)
        subscribers.append(asyncio.create_task(follow()))
    seen = await asyncio.gather(*subscribers)

    assert 5 == len(seen[0])
    assert all(each == seen[0] for each in seen)


def test_every_fact_has_a_type() -> None:
    """One that had none could be stored and never told."""
    kinds = getattr(WorkflowRunFact, "__args__", (WorkflowRunFact,))
    assert set(kinds) == set(TELLERS)


async def test_every_kind_of_fact_is_told(api: Api) -> None:
    """With all that it says."""
    run, (step, _) = await planned.started(api.scene)
    asked_about, _ = await api.scene.queued()
    asked = api.scene.approval(asked_about)
    async with api.workbench.database.transaction() as unit:
        await unit.approvals.add(asked)
    of: dict[str, Any] = {"step_run_id": step.id, "key": step.key}
    asking: dict[str, Any] = {**of, "approval_id": ApprovalId(asked.id)}
    failure = RunFailure(code=FailureCode.TIMED_OUT, message="too long")
    await workflow_scene.write(
        api,
        run,
        StepRunApprovalRequested(**asking),
        StepRunApprovalDecided(
            **asking, state=ApprovalState.APPROVED, decision=ApprovalDecision.APPROVE
        ),
        StepRunRetried(**of, attempt=2, due_at=later(1), reason="again"),
        StepRunSkipped(**of, reason="not needed"),
        WorkflowRunReplanned(
            revision=2, added=("x",), removed=("y",), changed=("z",), reason="better"
        ),
        StepRunArtifactAdded(**of, artifact_id="a", name="dist/x.whl"),
        StepRunBriefed(**of, record={"rule": "r"}),
        StepRunToolCalled(**of, tool="edit", summary="x.py", status="done"),
        CheckpointSaved(**of),
        WorkflowRunCancelRequested(reason="enough"),
        WorkflowRunStateChanged(
            from_state=STATES.RUNNING, to_state=STATES.FAILED, reason="stopped", failure=failure
        ),
    )
    _, *found = (await api.data(FACTS, id=ids.workflow_run_id(run.id)))["node"]["events"]["nodes"]
    approval = ids.approval_id(asked.id)
    of_step = {"key": "build"}

    assert [
        of_step | {"stepRun": of_step, "approvalId": approval, "approval": {"id": approval}},
        of_step
        | {
            "approvalId": approval,
            "approval": {"id": approval},
            "state": "APPROVED",
            "decision": "APPROVE",
        },
        of_step | {"attempt": 2, "dueAt": later(1).isoformat(), "retried": "again"},
        of_step | {"skipped": "not needed"},
        {"revision": 2, "added": ["x"], "removed": ["y"], "changed": ["z"], "skipped": "better"},
        of_step | {"name": "dist/x.whl"},
        of_step | {"briefing": {"rule": "r"}},
        of_step | {"tool": "edit", "summary": "x.py", "status": "done"},
        of_step | {"stepRun": of_step},
        {"retried": "enough"},
        {"retried": "stopped", "failure": {"code": "TIMED_OUT"}},
    ] == [{name: value for name, value in e.items() if name != "__typename"} for e in found]


async def test_cursors_of_elsewhere_are_none(api: Api) -> None:
    """Of the project, of another run, beyond the end, inside of a batch."""
    run, _ = await planned.started(api.scene)
    for cursor in (
        stream_cursor(run.project_id, 1),
        stream_cursor(ProjectId("0" * 32), 1),
        stream_cursor(run.id, 2),
        seal(f"{run.id}:1:1-1"),
        "no cursor",
    ):
        asked = {"id": ids.workflow_run_id(run.id), "after": cursor}
        async with api.socket() as socket:
            assert "CURSOR_INVALID" == await socket.refusal(EVENTS, **asked)
        assert "CURSOR_INVALID" == await api.code(PAGE, **asked)


async def test_who_may_not_read_finds_none(api: Api) -> None:
    """And nobody finds the id of something else."""
    run, (build, _) = await planned.started(api.scene)
    async with api.socket(STRANGER) as socket:
        assert "NOT_FOUND" == await socket.refusal(EVENTS, id=ids.workflow_run_id(run.id))
    async with api.socket() as socket:
        assert "NOT_FOUND" == await socket.refusal(EVENTS, id=ids.step_run_id(build.id))


async def test_the_project_tells_of_the_workflow_run(api: Api) -> None:
    """With the workflow run as it is by now."""
    run, _ = await planned.started(api.scene)
    await workflow_scene.become(api, run, STATES.PAUSED)
    query = """{ project(slug: "main") { events { nodes {
      ... on ProjectWorkflowRunChanged { to workflowRun { id state } workflowRunId } } } } }"""
    nodes = (await api.data(query))["project"]["events"]["nodes"]
    shown = {"id": ids.workflow_run_id(run.id), "state": "PAUSED"}

    assert [
        {"to": to, "workflowRun": shown, "workflowRunId": shown["id"]}
        for to in ("QUEUED", "PAUSED")
    ] == [node for node in nodes if node]
