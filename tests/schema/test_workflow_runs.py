"""Workflow runs as they are read: whole, in lists, from either end of what names them."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy import event

from domain.ids import StepRunId
from domain.lifecycle import StepRunState, WorkflowRunState
from domain.models.runs import FailureCode, Run, RunFailure, SyncStatus
from domain.models.workflow_runs import StepAttempt, StepRun, WorkflowRun
from resolvers.workflow_runs import current
from schema import ids
from tests.contract.store import planned
from tests.contract.store.scene import NOW, later
from tests.schema import workflow_scene
from tests.schema.api import ONLOOKER, OPERATOR, STRANGER, Api, Json

pytestmark = pytest.mark.anyio

WHOLE = """query($id: ID!) { node(id: $id) { __typename id ... on WorkflowRun {
  project { slug } workflow { name version }
  state pauseReason failure { code message } revision toolScopes inputs
  concurrency timeoutMs reason cancelRequestedAt cancelReason requestedBy { name } createdAt
  startedAt finishedAt durationMs degraded edges { from to } approvals { id }
  currentStepRuns { key } featureSlug feature { slug }
  stepRuns { id key index type needs item itemIndex state attempt failure { code } outputs exitCode
    dueAt revision removedIn startedAt finishedAt durationMs workflowRun { id } run { id }
    approval { id } blockedBy { id }
    attempts { number state failure { code } outputs exitCode startedAt finishedAt durationMs
      run { id } } } } } }"""
LIST = """query($filter: WorkflowRunFilter, $first: Int, $after: String) { project(slug: "main") {
  workflowRuns(filter: $filter, first: $first, after: $after) {
    nodes { id state } pageInfo { hasNextPage hasPreviousPage endCursor } } } }"""
STEP = """query($id: ID!) { node(id: $id) { ... on StepRun {
  state approval { id } blockedBy { id } attempts { number state run { id } } } } }"""
FAILURE = RunFailure(code=FailureCode.EXIT_NONZERO, message="It ended with 1.")


async def whole(api: Api, run_id: str) -> Json:
    node: Json = (await api.data(WHOLE, token=ONLOOKER, id=run_id))["node"]
    return node


async def listed(api: Api, **asked: Any) -> list[str]:
    page = (await api.data(LIST, **asked))["project"]["workflowRuns"]
    return [node["id"] for node in page["nodes"]]


@contextmanager
def statements(api: Api) -> Iterator[list[str]]:
    sent: list[str] = []

    def remember(_c: object, _k: object, statement: str, *_: object) -> None:
        sent.append(statement)

    engine = api.workbench.database._engines.reader.sync_engine
    event.listen(engine, "before_cursor_execute", remember)
    try:
        yield sent
    finally:
        event.remove(engine, "before_cursor_execute", remember)


@dataclass(frozen=True, kw_only=True)
class Tried:
    """A workflow run whose first step is tried for the second time."""

    run: WorkflowRun
    check: StepRun
    first: Run
    second: Run


async def tried_twice(api: Api) -> Tried:
    run, (build, check) = await planned.started(
        api.scene, inputs={"target": "main"}, tool_scopes=("read",), reason="because"
    )
    run = await workflow_scene.become(api, run, WorkflowRunState.RUNNING, started_at=NOW)
    first = await workflow_scene.begin(api, run, build)
    second = await workflow_scene.begin(api, run, build)
    ended = StepAttempt(
        step_run_id=build.id,
        number=1,
        state=StepRunState.FAILED,
        run_id=first.id,
        failure=FAILURE,
        outputs={"version": 1},
        exit_code=1,
        started_at=NOW,
        finished_at=later(2),
    )
    run, _ = await workflow_scene.step(
        api,
        run,
        build,
        ended=ended,
        state=StepRunState.RUNNING,
        attempt=2,
        run_id=second.id,
        started_at=later(3),
    )
    return Tried(run=run, check=check, first=first, second=second)


async def test_a_workflow_run_answers_with_all_its_fields(api: Api) -> None:
    """Every field that a client may ask of one; what is not there is null or empty."""
    made = await tried_twice(api)
    found = await whole(api, ids.workflow_run_id(made.run.id))
    del found["stepRuns"]

    assert {
        "__typename": "WorkflowRun",
        "id": ids.workflow_run_id(made.run.id),
        "project": {"slug": "main"},
        "workflow": {"name": "release", "version": 1},
        "state": "RUNNING",
        "revision": 1,
        "toolScopes": ["read"],
        "inputs": {"target": "main"},
        "concurrency": 4,
        "reason": "because",
        "requestedBy": {"name": "ada"},
        "createdAt": NOW.isoformat(),
        "startedAt": NOW.isoformat(),
        "edges": [{"from": "build", "to": "check"}],
        "currentStepRuns": [{"key": "build"}],
    } == {name: value for name, value in found.items() if value}


async def test_a_step_answers_with_all_its_fields(api: Api) -> None:
    """Of one that nothing has come of yet most are null or empty."""
    made = await tried_twice(api)
    built, checked = (await whole(api, ids.workflow_run_id(made.run.id)))["stepRuns"]

    assert {"id": ids.run_id(made.second.id)} == built["run"]
    assert ("RUNNING", 2, "COMMAND") == (built["state"], built["attempt"], built["type"])
    assert {
        "id": ids.step_run_id(made.check.id),
        "key": "check",
        "index": 1,
        "type": "VALIDATION",
        "needs": ["build"],
        "state": "PENDING",
        "attempt": 0,
        "revision": 1,
        "workflowRun": {"id": ids.workflow_run_id(made.run.id)},
    } == {name: value for name, value in checked.items() if value or value == 0}


async def test_every_attempt_is_told(api: Api) -> None:
    """Those that have ended as they did, and the present one, with the run that each was."""
    made = await tried_twice(api)
    built, _ = (await whole(api, ids.workflow_run_id(made.run.id)))["stepRuns"]

    assert [
        {
            "number": 1,
            "state": "FAILED",
            "failure": {"code": "EXIT_NONZERO"},
            "outputs": {"version": 1},
            "exitCode": 1,
            "startedAt": NOW.isoformat(),
            "finishedAt": later(2).isoformat(),
            "durationMs": 2000,
            "run": {"id": ids.run_id(made.first.id)},
        },
        {
            "number": 2,
            "state": "RUNNING",
            "failure": None,
            "outputs": {},
            "exitCode": None,
            "startedAt": later(3).isoformat(),
            "finishedAt": None,
            "durationMs": None,
            "run": {"id": ids.run_id(made.second.id)},
        },
    ] == built["attempts"]


def steps(*states: StepRunState, needs: tuple[tuple[str, ...], ...]) -> list[StepRun]:
    return [
        StepRun(
            id=StepRunId(str(place)),
            workflow_run_id=None,  # type: ignore[arg-type] # not looked at
            project_id=None,  # type: ignore[arg-type] # not looked at
            index=place,
            key=str(place),
            step=planned.BUILD,
            needs=needs[place],
            state=state,
        )
        for place, state in enumerate(states)
    ]


@pytest.mark.parametrize(
    ("states", "expected"),
    [
        ("PENDING PENDING PENDING", ["0", "1"]),
        ("RUNNING PENDING PENDING", ["0"]),
        ("RUNNING BLOCKED PENDING", ["0", "1"]),
        ("SUCCEEDED PENDING PENDING", ["1"]),
        ("SUCCEEDED SKIPPED PENDING", ["2"]),
        ("SUCCEEDED FAILED PENDING", []),
        ("SUCCEEDED SUCCEEDED SUCCEEDED", []),
    ],
)
def test_what_a_plan_is_at(states: str, expected: list[str]) -> None:
    """What runs or waits for people; where nothing does, what can start."""
    plan = steps(*map(StepRunState, states.split()), needs=((), (), ("0", "1")))

    assert expected == [one.key for one in current(plan, NOW)]


async def test_what_was_taken_out_of_the_plan_is_found_by_its_id_only(api: Api) -> None:
    """The list is the plan as it is now."""
    run, (build, check) = await planned.started(api.scene)
    run, _ = await workflow_scene.step(
        api, run, check, state=StepRunState.CANCELED, removed_in=2, revision=2
    )
    found = await whole(api, ids.workflow_run_id(run.id))
    node = (await api.data(STEP, id=ids.step_run_id(check.id)))["node"]

    assert ["build"] == [one["key"] for one in found["stepRuns"]]
    assert [] == found["edges"]
    assert "CANCELED" == node["state"]
    assert {"key": build.key} in found["currentStepRuns"]


async def test_workflow_runs_are_paged_newest_first_and_filtered(api: Api) -> None:
    """By state, by feature, by the name of the workflow."""
    made = [(await planned.started(api.scene, feature=f))[0] for f in (None, "search", None)]
    paused = await workflow_scene.become(api, made[2], WorkflowRunState.PAUSED)
    newest_first = [ids.workflow_run_id(run.id) for run in reversed(made)]

    assert newest_first == await listed(api)
    page = (await api.data(LIST, first=2))["project"]["workflowRuns"]
    assert newest_first[:2] == [node["id"] for node in page["nodes"]]
    assert newest_first[2:] == await listed(api, after=page["pageInfo"]["endCursor"])
    assert [ids.workflow_run_id(paused.id)] == await listed(api, filter={"states": ["PAUSED"]})
    assert newest_first[1:2] == await listed(api, filter={"feature": "search"})
    assert newest_first == await listed(api, filter={"workflow": "release"})
    assert [] == await listed(api, filter={"workflow": "releas"})


async def test_a_filter_is_bounded(api: Api) -> None:
    """As those of runs are."""
    assert "INVALID_INPUT" == await api.code(LIST, filter={"states": ["PAUSED"] * 51})
    assert "INVALID_INPUT" == await api.code(LIST, filter={"feature": "x" * 201})
    assert "INVALID_INPUT" == await api.code(LIST, filter={"workflow": "x" * 201})


async def test_a_workflow_run_is_as_sure_as_its_least_sure_run(api: Api) -> None:
    """Only of steps that go on: how an ended one went is known."""
    run, (build, _) = await planned.started(api.scene)
    made = await workflow_scene.begin(api, run, build, sync_status=SyncStatus.STALE)
    run, build = await workflow_scene.step(
        api, run, build, state=StepRunState.RUNNING, attempt=1, run_id=made.id
    )
    assert (await whole(api, ids.workflow_run_id(run.id)))["degraded"]

    run, _ = await workflow_scene.step(api, run, build, state=StepRunState.SUCCEEDED)
    assert not (await whole(api, ids.workflow_run_id(run.id)))["degraded"]


async def test_a_list_takes_as_many_statements_as_one(api: Api) -> None:
    """However many workflow runs, steps, attempts, runs and approvals a page has."""
    everything = """{ project(slug: "main") { workflowRuns { nodes {
      project { slug } workflow { name } requestedBy { name } degraded edges { to } approvals { id }
      currentStepRuns { key run { id } }
      stepRuns { workflowRun { id } run { stepRun { key } } attempts { run { id } } } } } } }"""
    counts = []
    for more in (1, 3):
        for _ in range(more):
            run, (build, _) = await planned.started(api.scene)
            made = await workflow_scene.begin(api, run, build)
            await workflow_scene.step(
                api, run, build, state=StepRunState.RUNNING, attempt=1, run_id=made.id
            )
        with statements(api) as sent:
            found = await api.data(everything, token=OPERATOR)
        counts.append((len(found["project"]["workflowRuns"]["nodes"]), len(sent)))
    (one, first), (four, second) = counts

    assert (1, 4) == (one, four)
    assert first == second


async def test_a_workflow_run_shows_itself_to_members_only(api: Api) -> None:
    """By its id and by that of a step."""
    run, (build, _) = await planned.started(api.scene)
    for key in (ids.workflow_run_id(run.id), ids.step_run_id(build.id)):
        found = await api.data("query($id: ID!) { node(id: $id) { id } }", token=STRANGER, id=key)
        assert {"node": None} == found
