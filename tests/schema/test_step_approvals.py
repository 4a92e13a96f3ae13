"""What a step, its run and an approval have of each other."""

from dataclasses import replace

import pytest

from domain.lifecycle import StepRunState
from domain.models.approvals import ApprovalSubject
from schema import ids
from tests.contract.store import planned
from tests.schema import workflow_scene
from tests.schema.api import Api

pytestmark = pytest.mark.anyio

STEP = """query($id: ID!) { node(id: $id) { ... on StepRun {
  approval { id } blockedBy { id } } } }"""
ASKED = "query($id: ID!) { node(id: $id) { ... on WorkflowRun { approvals { id } } } }"


async def test_a_run_and_its_approval_name_their_step(api: Api) -> None:
    """And the step names them; what was launched by itself names none."""
    run, (build, _) = await planned.started(api.scene)
    made = await workflow_scene.begin(api, run, build)
    alone, _ = await api.scene.started()
    asked = api.scene.approval(made, workflow_run_id=run.id)
    async with api.workbench.database.transaction() as unit:
        await unit.approvals.add(asked)
    query = """query($a: ID!, $b: ID!, $c: ID!) {
      a: node(id: $a) { ... on Run { stepRun { key workflowRun { id } } } }
      b: node(id: $b) { ... on Approval { stepRun { key } } }
      c: node(id: $c) { ... on Run { stepRun { key } } } }"""
    found = await api.data(
        query, a=ids.run_id(made.id), b=ids.approval_id(asked.id), c=ids.run_id(alone.id)
    )

    assert {
        "a": {"stepRun": {"key": "build", "workflowRun": {"id": ids.workflow_run_id(run.id)}}},
        "b": {"stepRun": {"key": "build"}},
        "c": {"stepRun": None},
    } == found
    assert [{"id": ids.approval_id(asked.id)}] == (
        await api.data(ASKED, id=ids.workflow_run_id(run.id))
    )["node"]["approvals"]


async def test_a_step_waits_for_its_own_approval_or_for_that_of_its_run(api: Api) -> None:
    """It is blocked by it while it is BLOCKED; what people were asked last stays to be seen."""
    run, (build, check) = await planned.started(api.scene)
    decision_of, _ = await api.scene.queued()
    asked = api.scene.approval(decision_of)
    own = replace(
        asked,
        id=type(asked.id)(api.scene.new_id()),
        subject_kind=ApprovalSubject.STEP_RUN,
        subject_id=check.id,
        run_id=None,
        workflow_run_id=run.id,
    )
    made, _ = await api.scene.queued(step_run_id=build.id, state="BLOCKED", approval_id=asked.id)
    async with api.workbench.database.transaction() as unit:
        await unit.approvals.add(asked)
        await unit.approvals.add(own)
    blocked = {"state": StepRunState.BLOCKED, "attempt": 1}
    run, build = await workflow_scene.step(api, run, build, **blocked, run_id=made.id)
    run, check = await workflow_scene.step(api, run, check, **blocked, approval_id=own.id)

    for step, expected in ((build, asked), (check, own)):
        found = (await api.data(STEP, id=ids.step_run_id(step.id)))["node"]
        of = {"id": ids.approval_id(expected.id)}
        assert (of, of) == (found["approval"], found["blockedBy"])
    run, check = await workflow_scene.step(api, run, check, state=StepRunState.FAILED)
    found = (await api.data(STEP, id=ids.step_run_id(check.id)))["node"]
    assert ({"id": ids.approval_id(own.id)}, None) == (found["approval"], found["blockedBy"])
    asking = "query($id: ID!) { node(id: $id) { ... on Approval { stepRun { key } } } }"
    found = (await api.data(asking, id=ids.approval_id(own.id)))["node"]
    assert {"stepRun": {"key": "check"}} == found
