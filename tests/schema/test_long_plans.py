"""Plans of many steps, each of which leads back to its plan: an answer has an end."""

from dataclasses import replace

import pytest

from domain.models.workflow_events import WorkflowRunStateChanged
from domain.models.workflows import Step, StepType
from resolvers.loaders import STEPS_ANSWERED_MAX
from schema import ids
from tests.contract.store import planned
from tests.schema import workflow_scene
from tests.schema.api import ONLOOKER, OPERATOR, Api

pytestmark = pytest.mark.anyio

LENGTH = 250
assert LENGTH**2 > STEPS_ANSWERED_MAX > LENGTH * 100


@pytest.fixture
async def node(api: Api) -> str:
    """A workflow run of that many steps."""
    steps = [Step(key=f"s{n}", type=StepType.COMMAND, command=("true",)) for n in range(LENGTH)]
    scene = api.scene
    async with scene.store.transaction() as unit:
        stored = await unit.workflows.add(planned.workflow(scene, *steps))
        assert stored is not None
        run = planned.workflow_run(scene, stored)
        first = WorkflowRunStateChanged(from_state=None, to_state=run.state)
        await unit.workflow_runs.add(run, planned.step_runs(scene, run, steps), [first])
    return ids.workflow_run_id(run.id)


def asking(fields: str) -> str:
    return f"query($id: ID!) {{ node(id: $id) {{ ... on WorkflowRun {{ {fields} }} }} }}"


LOOPS = (
    "stepRuns { workflowRun { stepRuns { key } } }",
    "stepRuns { workflowRun { currentStepRuns { key } } }",
    "stepRuns { workflowRun { workflow { steps { key } } } }",
    "stepRuns { workflowRun { workflow { yaml } } }",
    "stepRuns { workflowRun { stepRuns { workflowRun { edges { to } } } } }",
)


@pytest.mark.parametrize("fields", LOOPS)
async def test_an_answer_that_goes_round_is_refused(api: Api, node: str, fields: str) -> None:
    """Before it is made: what it costs says nothing of how long a plan is."""
    assert "QUOTA_EXCEEDED" == await api.code(asking(fields), token=ONLOOKER, id=node)


async def test_what_many_objects_say_of_one_plan_is_worked_out_once(api: Api, node: str) -> None:
    """And is answered for each, however long the plan is."""
    fields = "stepRuns { workflowRun { state degraded availableActions workflow { name } } }"
    found = await api.data(asking(fields), token=ONLOOKER, id=node)

    answers = [each["workflowRun"] for each in found["node"]["stepRuns"]]
    assert LENGTH == len(answers)
    assert [answers[0]] * LENGTH == answers
    assert {
        "state": "QUEUED",
        "degraded": False,
        "availableActions": [],
        "workflow": {"name": "release"},
    } == answers[0]


async def test_versions_lead_to_versions_only_so_far(api: Api) -> None:
    """Each is read with all its steps."""
    scene = api.scene
    async with scene.store.transaction() as unit:
        first = await unit.workflows.add(planned.workflow(scene))
        assert first is not None
        for number in range(2, 60):
            definition = replace(first.definition, description=str(number))
            again = replace(planned.workflow(scene), definition=definition)
            await unit.workflows.add(again)
    about = "query($id: ID!) {{ node(id: $id) {{ ... on Workflow {{ {0} }} }} }}"
    alone, nested = "versions { version }", "versions { versions { versions { version } } }"

    key = ids.workflow_id(first.id)
    found = await api.data(about.format(alone), token=ONLOOKER, id=key)
    assert 59 == len(found["node"]["versions"])
    assert "QUOTA_EXCEEDED" == await api.code(about.format(nested), token=ONLOOKER, id=key)


async def test_a_project_takes_not_every_place(
    api: Api, node: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server sees to so many workflow runs at once; those of other projects want to go on too."""
    monkeypatch.setattr("domain.services.workflow_runs.WORKFLOW_RUNS_ACTIVE_MAX", 2)
    started = await api.data(asking("workflow { id }"), token=ONLOOKER, id=node)
    start = """mutation($id: ID!) { workflowStart(input: {workflowId: $id}) { __typename
      ... on QuotaExceeded { code } } }"""
    key = started["node"]["workflow"]["id"]

    answers = [await api.data(start, token=OPERATOR, id=key) for _ in range(2)]

    assert ["WorkflowStartPayload", "QuotaExceeded"] == [
        each["workflowStart"]["__typename"] for each in answers
    ]


async def test_approvals_lead_to_approvals_only_so_far(api: Api) -> None:
    """Each by the step that it is about, to its plan, and so to all of them."""
    scene = api.scene
    run, (build, _) = await planned.started(scene)
    made = await workflow_scene.begin(api, run, build)
    async with scene.store.transaction() as unit:
        for _ in range(45):
            await unit.approvals.add(scene.approval(made, workflow_run_id=run.id))
    loop = "approvals { stepRun { workflowRun { %s } } }"
    nested = loop % (loop % "approvals { id }")
    key = ids.workflow_run_id(run.id)

    found = await api.data(asking("approvals { id }"), token=ONLOOKER, id=key)
    assert 45 == len(found["node"]["approvals"])
    refused = (await api.ask(asking(nested), token=ONLOOKER, id=key))["errors"]
    assert {"QUOTA_EXCEEDED"} == {each["extensions"]["code"] for each in refused}
