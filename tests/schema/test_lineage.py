"""What the steps of a workflow run have left, and which of them have used it, as clients see it."""

from dataclasses import dataclass

import pytest

from domain.models.artifacts import Artifact
from domain.models.workflow_events import StepRunArtifactAdded
from domain.models.workflow_runs import StepRun, WorkflowRun
from schema import ids
from tests.contract.store import planned
from tests.contract.store.scene import NOW
from tests.contract.store.test_artifacts import made
from tests.schema import workflow_scene
from tests.schema.api import ONLOOKER, STRANGER, Api, Json

pytestmark = pytest.mark.anyio

RUN = """query($id: ID!, $first: Int, $after: String) { node(id: $id) { ... on WorkflowRun {
  artifacts(first: $first, after: $after) {
    nodes { name attempt stepRun { key } consumedBy { key } run { id } }
    pageInfo { hasNextPage hasPreviousPage endCursor } } } } }"""
STEP = """query($id: ID!, $first: Int, $after: String) { node(id: $id) { ... on StepRun {
  consumed { name stepRun { key } }
  artifacts(first: $first, after: $after) { nodes { name attempt } pageInfo { endCursor } } } } }"""
FILE = """query($id: ID!) { node(id: $id) { ... on Artifact {
  attempt stepRun { id workflowRun { id featureSlug } } consumedBy { id } } } }"""
TOLD = """subscription($id: ID!) { workflowRunEvents(workflowRunId: $id) {
  ... on StepRunArtifactAdded { name artifactId artifact { id name stepRun { key } } } } }"""


@dataclass(frozen=True, kw_only=True)
class Made:
    """A workflow run whose first step has left a file in each of two attempts, of which the second
    step has used the last."""

    run: WorkflowRun
    build: StepRun
    check: StepRun
    files: list[Artifact]


async def lineage(api: Api) -> Made:
    run, (build, check) = await planned.started(api.scene, feature="search")
    runs = [await workflow_scene.begin(api, run, build) for _ in range(2)]
    files = [made(one, api.scene.new_id()) for one in runs]
    async with api.scene.store.transaction() as unit:
        await unit.artifacts.add(files)
        for number, one in enumerate(runs, 1):
            await unit.artifacts.assign(one.id, build.id, number)
        await unit.artifacts.consume([files[1].id], check.id, NOW)
    return Made(run=run, build=build, check=check, files=files)


async def test_a_workflow_run_lists_what_its_steps_have_left(api: Api) -> None:
    """In pages, each file with the attempt that has left it and the steps that have used it."""
    there = await lineage(api)
    key = ids.workflow_run_id(there.run.id)
    page = (await api.data(RUN, token=ONLOOKER, id=key, first=1))["node"]["artifacts"]
    cursor = page["pageInfo"]["endCursor"]
    rest = (await api.data(RUN, token=ONLOOKER, id=key, after=cursor))["node"]["artifacts"]
    first, second = there.files

    assert [expected(first, 1)] == page["nodes"]
    assert [expected(second, 2, {"key": "check"})] == rest["nodes"]
    assert (True, False) == (page["pageInfo"]["hasNextPage"], rest["pageInfo"]["hasNextPage"])


async def test_a_step_tells_what_it_has_left_and_what_it_has_used(api: Api) -> None:
    """Of all its attempts; each file that it has used with the step that has left that."""
    there = await lineage(api)
    first, second = there.files
    build = (await api.data(STEP, id=ids.step_run_id(there.build.id), first=1))["node"]
    cursor = build["artifacts"]["pageInfo"]["endCursor"]
    rest = (await api.data(STEP, id=ids.step_run_id(there.build.id), after=cursor))["node"]
    check = (await api.data(STEP, id=ids.step_run_id(there.check.id)))["node"]

    assert [{"name": first.name, "attempt": 1}] == build["artifacts"]["nodes"]
    assert [{"name": second.name, "attempt": 2}] == rest["artifacts"]["nodes"]
    assert [] == build["consumed"]
    assert [{"name": second.name, "stepRun": {"key": "build"}}] == check["consumed"]
    assert [] == check["artifacts"]["nodes"]


async def test_an_artifact_leads_to_its_step_and_to_those_that_used_it(api: Api) -> None:
    """And by its step to the workflow run and the feature. A run by itself has no step."""
    there = await lineage(api)
    alone, _ = await api.scene.started()
    file = made(alone, api.scene.new_id())
    async with api.scene.store.transaction() as unit:
        await unit.artifacts.add([file])
    found = (await api.data(FILE, id=ids.artifact_id(there.files[1].id)))["node"]
    none = (await api.data(FILE, id=ids.artifact_id(file.id)))["node"]
    owner = {"id": ids.workflow_run_id(there.run.id), "featureSlug": "search"}

    assert {
        "attempt": 2,
        "stepRun": {"id": ids.step_run_id(there.build.id), "workflowRun": owner},
        "consumedBy": [{"id": ids.step_run_id(there.check.id)}],
    } == found
    assert {"attempt": None, "stepRun": None, "consumedBy": []} == none


async def test_the_stream_tells_of_a_file_with_the_file(api: Api) -> None:
    """By its id, as it is by now."""
    there = await lineage(api)
    file = there.files[0]
    run = await workflow_scene.write(
        api,
        there.run,
        StepRunArtifactAdded(
            step_run_id=there.build.id, key="build", artifact_id=file.id, name=file.name
        ),
    )
    async with api.socket(ONLOOKER) as socket:
        await socket.subscribe(TOLD, id=ids.workflow_run_id(run.id))
        told = [(await socket.next())["workflowRunEvents"] for _ in range(2)][-1]
    key = ids.artifact_id(file.id)
    shown = {"id": key, "name": file.name, "stepRun": {"key": "build"}}

    assert {"name": file.name, "artifactId": key, "artifact": shown} == told


async def test_who_may_not_read_the_run_finds_no_lineage(api: Api) -> None:
    """From whichever end it is asked for; and a cursor of one list is none of another."""
    there = await lineage(api)
    for query, key in (
        (RUN, ids.workflow_run_id(there.run.id)),
        (STEP, ids.step_run_id(there.build.id)),
        (FILE, ids.artifact_id(there.files[0].id)),
    ):
        assert {"node": None} == await api.data(query, token=STRANGER, id=key)
    page = (await api.data(RUN, id=ids.workflow_run_id(there.run.id)))["node"]["artifacts"]
    asked = {"id": ids.step_run_id(there.build.id), "after": page["pageInfo"]["endCursor"]}
    assert "CURSOR_INVALID" == await api.code(STEP, **asked)


def expected(file: Artifact, attempt: int, *consumers: Json) -> Json:
    return {
        "name": file.name,
        "attempt": attempt,
        "stepRun": {"key": "build"},
        "consumedBy": list(consumers),
        "run": {"id": ids.run_id(file.run_id)},
    }
