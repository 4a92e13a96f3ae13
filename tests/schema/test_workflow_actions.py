"""What a person does to workflow runs and their steps, through the API."""

import json
from typing import Any, Final

import pytest

from domain.lifecycle import StepRunState, WorkflowRunState
from domain.models.audit import chain_of
from domain.models.runs import FailureCode, RunFailure
from domain.models.workflow_runs import StepRun, WorkflowRun
from schema import ids
from tests.contract.store import planned
from tests.schema import workflow_scene
from tests.schema.api import ONLOOKER, OPERATOR, Api, Json

pytestmark = pytest.mark.anyio

START: Final = """mutation($input: WorkflowStartInput!) { workflowStart(input: $input) { __typename
  ... on WorkflowStartPayload { workflowRun { id state inputs reason requestedBy { name }
    stepRuns { key state } } }
  ... on UserError { code message } ... on InvalidInput { path }
  ... on FeatureDisabled { feature } } }"""
DO: Final = """mutation($id: ID!, $reason: String, $resume: String) {{
  {name}(input: {{id: $id, reason: $reason, resumeToken: $resume}}) {{ __typename
    ... on {title}Payload {{ workflowRun {{ state pauseReason cancelReason cancelRequestedAt }} }}
    ... on UserError {{ code message }} ... on IllegalTransition {{ state allowedActions }} }} }}"""
STEP: Final = """mutation($id: ID!, $reason: String!) {{
  {name}(input: {{id: $id, reason: $reason}}) {{ __typename
    ... on {title}Payload {{ stepRun {{ state attempt approval {{ state shown }} }} }}
    ... on UserError {{ code message }} ... on IllegalTransition {{ state allowedActions }} }} }}"""
SEEN: Final = """query($id: ID!) { node(id: $id) { ... on WorkflowRun {
  availableActions resumeToken stepRuns { key availableActions } } } }"""
IMPACT: Final = """query($id: ID!, $action: WorkflowAction!, $step: ID) { node(id: $id) {
  ... on WorkflowRun { impact(action: $action, stepRunId: $step) { allowed reason needsApproval
    reruns { key } stays { key } starts { key } cancels { key } lapses { id } } } } }"""
OFF: Final = """mutation { projectSettingsUpdate(input: {project: "main",
  flags: {orchestration: false}}) { __typename } }"""
FAILED: Final = {
    "state": StepRunState.FAILED,
    "attempt": 1,
    "failure": RunFailure(code=FailureCode.EXIT_NONZERO, message="It ended with 1."),
}


async def do(api: Api, name: str, run: WorkflowRun, token: str = OPERATOR, **given: Any) -> Json:
    document = DO.format(name=name, title=name[0].upper() + name[1:])
    found = await api.data(document, token=token, id=ids.workflow_run_id(run.id), **given)
    result: Json = found[name]
    return result


async def do_step(api: Api, name: str, step: StepRun, token: str = OPERATOR) -> Json:
    document = STEP.format(name=name, title=name[0].upper() + name[1:])
    found = await api.data(document, token=token, id=ids.step_run_id(step.id), reason="because")
    result: Json = found[name]
    return result


async def seen(api: Api, run: WorkflowRun, token: str = OPERATOR) -> Json:
    node: Json = (await api.data(SEEN, token=token, id=ids.workflow_run_id(run.id)))["node"]
    return node


async def impact(
    api: Api, run: WorkflowRun, action: str, step: StepRun | None = None, token: str = OPERATOR
) -> Json:
    given = {"id": ids.workflow_run_id(run.id), "action": action}
    if step is not None:
        given["step"] = ids.step_run_id(step.id)
    found: Json = (await api.data(IMPACT, token=token, **given))["node"]["impact"]
    return found


def keys(of: list[Json]) -> list[str]:
    return [each["key"] for each in of]


async def running(api: Api) -> tuple[WorkflowRun, list[StepRun]]:
    run, steps = await planned.started(api.scene)
    return await workflow_scene.become(api, run, WorkflowRunState.RUNNING), steps


async def failed(api: Api) -> tuple[WorkflowRun, list[StepRun]]:
    """Its first step has failed, and with it all."""
    run, (build, check) = await running(api)
    run, build = await workflow_scene.step(api, run, build, **FAILED)
    return await workflow_scene.become(api, run, WorkflowRunState.FAILED), [build, check]


async def stored_workflow(api: Api, **changes: Any) -> str:
    async with api.workbench.database.transaction() as unit:
        workflow = await unit.workflows.add(planned.workflow(api.scene, **changes))
    assert workflow is not None
    return ids.workflow_id(workflow.id)


async def start(api: Api, token: str = OPERATOR, **given: Any) -> Json:
    result: Json = (await api.data(START, token=token, input=given))["workflowStart"]
    return result


async def test_a_workflow_is_started_with_inputs(api: Api) -> None:
    """Its steps are there, and wait; the same key starts nothing twice."""
    schema = {"type": "object", "properties": {"n": {"type": "integer"}}}
    given: Json = {
        "workflowId": await stored_workflow(api, inputs=schema),
        "inputs": {"n": 7},
        "reason": "why not",
        "idempotencyKey": "k",
    }
    first, again = await start(api, **given), await start(api, **given)
    other = await start(api, **given | {"inputs": {"n": 8}})

    assert first == again
    assert "IDEMPOTENCY_CONFLICT" == other["code"]
    run = first["workflowRun"]
    del run["id"]
    assert {
        "state": "QUEUED",
        "inputs": {"n": 7},
        "reason": "why not",
        "requestedBy": {"name": "ada"},
        "stepRuns": [{"key": "build", "state": "PENDING"}, {"key": "check", "state": "PENDING"}],
    } == run


async def test_what_is_no_start_is_refused(api: Api) -> None:
    """Inputs that are no object, those that the workflow does not take, and by whom."""
    schema = {"type": "object", "properties": {"n": {"type": "integer"}}}
    workflow = await stored_workflow(api, inputs=schema)

    found = await start(api, workflowId=workflow, inputs=[1])
    assert ("INVALID_INPUT", ["inputs"]) == (found["code"], found["path"])
    found = await start(api, workflowId=workflow, inputs={"n": "x"})
    assert ("INVALID_INPUT", "inputs") == (found["code"], found["path"][0])
    assert "NOT_PERMITTED" == (await start(api, ONLOOKER, workflowId=workflow))["code"]
    assert "NOT_FOUND" == (await start(api, workflowId="x"))["code"]


async def test_pausing_and_going_on(api: Api) -> None:
    """With the reason while it is paused; of a token only where it names the present place."""
    run, _ = await running(api)
    assert {
        "__typename": "WorkflowRunPausePayload",
        "workflowRun": {
            "state": "PAUSED",
            "pauseReason": "lunch",
            "cancelReason": None,
            "cancelRequestedAt": None,
        },
    } == await do(api, "workflowRunPause", run, reason="lunch")
    again = await do(api, "workflowRunPause", run)
    assert ("ILLEGAL_TRANSITION", "PAUSED") == (again["code"], again["state"])
    assert {"RESUME", "CANCEL"} <= set(again["allowedActions"])

    token = (await seen(api, run))["resumeToken"]
    stale = await do(api, "workflowRunResume", run, resume=f"{token}0")
    assert "ILLEGAL_TRANSITION" == stale["code"]
    resumed = await do(api, "workflowRunResume", run, resume=token)
    assert ("RUNNING", None) == (
        resumed["workflowRun"]["state"],
        resumed["workflowRun"]["pauseReason"],
    )


async def test_canceling(api: Api) -> None:
    """A request first, since somebody has to stop what runs; then nothing else is offered."""
    run, _ = await running(api)
    found = (await do(api, "workflowRunCancel", run, reason="enough"))["workflowRun"]

    assert "enough" == found["cancelReason"]
    assert found["cancelRequestedAt"]
    assert [] == (await seen(api, run))["availableActions"]


async def test_a_step_is_retried(api: Api) -> None:
    """And the workflow run goes on; one that runs is not."""
    run, (build, _) = await failed(api)
    found = await do_step(api, "stepRunRetry", build)
    again = await do_step(api, "stepRunRetry", build)

    assert ("PENDING", 1) == (found["stepRun"]["state"], found["stepRun"]["attempt"])
    assert ("ILLEGAL_TRANSITION", "PENDING", ["SKIP_STEP"]) == (
        again["code"],
        again["state"],
        again["allowedActions"],
    )
    async with api.scene.store.snapshot() as unit:
        stored = await unit.workflow_runs.get(run.id)
    assert stored is not None
    assert WorkflowRunState.RUNNING is stored.state


async def test_a_step_is_skipped_or_people_are_asked(api: Api) -> None:
    """A gate holds others back, so people decide on it."""
    run, (build, check) = await failed(api)
    skipped = await do_step(api, "stepRunSkip", build)
    asked = await do_step(api, "stepRunSkip", check)

    assert {"state": "SKIPPED", "attempt": 1, "approval": None} == skipped["stepRun"]
    assert "PENDING" == asked["stepRun"]["approval"]["state"]
    assert "SKIP" == asked["stepRun"]["approval"]["shown"]["action"]
    (_, gate) = (await seen(api, run))["stepRuns"]
    assert [] == gate["availableActions"]


async def test_only_what_can_be_done_is_offered(api: Api) -> None:
    """By the state, to whom, and where orchestration is on."""
    run, _ = await running(api)
    bad, _ = await failed(api)
    nothing = {"key": "build", "availableActions": []}

    assert ["PAUSE", "CANCEL", "SKIP_STEP", "REPLAN"] == (await seen(api, run))["availableActions"]
    assert ["CANCEL", "RESUME", "RETRY_STEP", "SKIP_STEP", "REPLAN"] == (await seen(api, bad))[
        "availableActions"
    ]
    assert ["RETRY_STEP", "SKIP_STEP"] == (await seen(api, bad))["stepRuns"][0]["availableActions"]
    assert [] == (await seen(api, bad, ONLOOKER))["availableActions"]
    assert nothing == (await seen(api, bad, ONLOOKER))["stepRuns"][0]
    await api.data(OFF)
    assert ["PAUSE", "CANCEL"] == (await seen(api, run))["availableActions"]
    assert ["CANCEL"] == (await seen(api, bad))["availableActions"]
    assert nothing == (await seen(api, bad))["stepRuns"][0]


REPLAN: Final = """mutation($input: WorkflowRunReplanInput!) { workflowRunReplan(input: $input) {
  __typename ... on WorkflowRunReplanPayload { workflowRun { revision stepRuns { key } } }
  ... on UserError { code } ... on InvalidInput { faults { path message } } } }"""


async def replan(api: Api, run: WorkflowRun, text: str, token: str = OPERATOR) -> Json:
    given = {"id": ids.workflow_run_id(run.id), "yaml": text, "reason": "better"}
    found: Json = (await api.data(REPLAN, token=token, input=given))["workflowRunReplan"]
    return found


async def test_what_is_left_is_planned_anew_by_a_file(api: Api) -> None:
    """What it would do is told before; a plan that cannot be carried out changes nothing."""
    run, _ = await running(api)
    text = "{name: x, steps: [{key: other, command: [make, other], needs: []}]}"
    given = {"id": ids.workflow_run_id(run.id), "yaml": text}
    foreseen = """query($id: ID!, $yaml: String) { node(id: $id) { ... on WorkflowRun {
      impact(action: REPLAN, yaml: $yaml) { allowed starts { key } } } } }"""

    told = (await api.data(foreseen, token=OPERATOR, **given))["node"]["impact"]
    looping = await replan(api, run, "{name: x, steps: [{key: a, command: [a], needs: [a]}]}")
    refused = await replan(api, run, text, ONLOOKER)
    made = (await replan(api, run, text))["workflowRun"]

    assert (True, ["other"]) == (told["allowed"], keys(told["starts"]))
    assert [["steps", "0", "needs"]] == [each["path"] for each in looping["faults"]]
    assert "NOT_PERMITTED" == refused["code"]
    assert (2, ["other"]) == (made["revision"], keys(made["stepRuns"]))


async def test_where_orchestration_is_off_nothing_goes_on(api: Api) -> None:
    """What goes on can still be stopped."""
    run, _ = await running(api)
    workflow = await stored_workflow(api, name="other")
    await api.data(OFF)

    assert "ORCHESTRATION" == (await start(api, workflowId=workflow))["feature"]
    assert "PAUSED" == (await do(api, "workflowRunPause", run))["workflowRun"]["state"]
    assert "FEATURE_DISABLED" == (await do(api, "workflowRunResume", run))["code"]
    assert "WorkflowRunCancelPayload" == (await do(api, "workflowRunCancel", run))["__typename"]


async def test_what_an_action_would_do_is_told_before(api: Api) -> None:
    """Which steps are done once more, which stay, and what is asked to stop."""
    run, (build, check) = await failed(api)

    found = await impact(api, run, "RETRY_STEP", build)
    assert (True, None, False) == (found["allowed"], found["reason"], found["needsApproval"])
    assert (["build"], ["build", "check"]) == (keys(found["reruns"]), keys(found["starts"]))
    assert (await impact(api, run, "SKIP_STEP", check))["needsApproval"]
    refused = await impact(api, run, "PAUSE")
    assert (False, []) == (refused["allowed"], refused["stays"])
    assert "FAILED" in refused["reason"]
    looked_at = await impact(api, run, "RETRY_STEP", build, ONLOOKER)
    assert (False, ["build"]) == (looked_at["allowed"], keys(looked_at["reruns"]))


async def test_what_runs_is_named_before_it_is_stopped(api: Api) -> None:
    """By the step whose run it is."""
    run, (build, _) = await running(api)
    made = await workflow_scene.begin(api, run, build)
    run, build = await workflow_scene.step(
        api, run, build, state=StepRunState.RUNNING, attempt=1, run_id=made.id
    )

    assert ["build"] == keys((await impact(api, run, "CANCEL"))["cancels"])


async def test_an_action_on_a_step_names_one_of_the_run(api: Api) -> None:
    """None is an input that is missing, and one of elsewhere is not there."""
    run, _ = await failed(api)
    _, (other, _) = await failed(api)
    given = {"id": ids.workflow_run_id(run.id), "action": "RETRY_STEP"}

    assert "INVALID_INPUT" == await api.code(IMPACT, **given)
    assert "NOT_FOUND" == await api.code(IMPACT, **given, step=ids.step_run_id(other.id))


async def test_what_is_done_stands_in_the_audit_log(api: Api) -> None:
    """Each by its name, and by whoever did it."""
    await start(api, workflowId=await stored_workflow(api, name="other"))
    run, _ = await running(api)
    for name in ("workflowRunPause", "workflowRunResume", "workflowRunCancel"):
        await do(api, name, run)
    _, (build, _) = await failed(api)
    await do_step(api, "stepRunRetry", build)
    await do_step(api, "stepRunSkip", build)
    async with api.scene.store.snapshot() as unit:
        found = await unit.audit.after(chain_of(api.scene.project.id), 0, 99)
    told = [json.loads(entry.body) for entry in found]

    assert [
        "WORKFLOW_START",
        "WORKFLOW_RUN_PAUSE",
        "WORKFLOW_RUN_RESUME",
        "WORKFLOW_RUN_CANCEL",
        "STEP_RUN_RETRY",
        "STEP_RUN_SKIP",
    ] == [each["action"] for each in told if not each["action"].endswith("_CHANGE")]
    assert {"DONE"} == {each["result"] for each in told}
