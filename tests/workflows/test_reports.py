"""The report of a workflow run that everything has happened to, on a server at work."""

import json
from hashlib import sha256
from typing import Any

import pytest

from domain.errors import NotFound
from domain.ids import WorkflowRunId
from domain.lifecycle import StepRunState, WorkflowRunState
from domain.models.approvals import Approval, ApprovalDecision
from domain.models.commands import DecideApproval
from domain.models.reports import ReportFormat
from domain.models.workflow_commands import ReplanWorkflowRun
from domain.models.workflow_runs import WorkflowRun
from domain.models.workflows import WorkflowDefinition
from tests.workflows.stage import Stage, asking, command, gate, source_of

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(120)]

KEY = "ghp_" + "a1B2" * 9
FLAKY = (
    "import pathlib; f = pathlib.Path('tried'); first = not f.exists(); f.touch()\n"
    f"print('key', '{KEY}')\n"
    "print('\\x1b[2J<script>alert(1)</script> ``` | *bold*') if first else None\n"
    "raise SystemExit(3 * first)\n"
)


async def told(stage: Stage, run: WorkflowRun) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(await written(stage, run, ReportFormat.JSON))
    return found


async def written(stage: Stage, run: WorkflowRun, report_format: ReportFormat) -> str:
    return await stage.workbench.workflows.reporter.report(run.id, report_format)


async def eventful(stage: Stage) -> WorkflowRun:
    """Tried twice, skipped with an approval, refused, and planned anew."""
    run = await stage.start(
        stage.script("flaky", FLAKY, artifacts=("tried",)),
        gate("gate", "1 == 2", needs=("flaky",)),
        asking("sign-off", needs=("gate",)),
        command("gone", needs=("sign-off",)),
        given={"target": "main"},
        inputs={"type": "object", "properties": {"target": {"type": "string"}}},
    )
    await stage.in_state(run, WorkflowRunState.FAILED)
    await stage.act_on_step("retry", (await stage.steps(run))["flaky"])
    await stage.step_in(run, "gate", StepRunState.FAILED)
    await stage.act_on_step("skip", (await stage.steps(run))["gate"])
    await stage.decide((await stage.approvals())[0])
    await stage.step_in(run, "sign-off", StepRunState.BLOCKED)
    await refuse(stage, (await stage.approvals())[0], "not on a Friday")
    await stage.in_state(run, WorkflowRunState.FAILED)
    plan = WorkflowDefinition(name="flow", steps=(command("last", needs=("flaky",)),))
    asked = ReplanWorkflowRun(
        workflow_run_id=run.id, source=source_of(plan), reason="without people"
    )
    await stage.workbench.workflows.recovery.replan(asked, stage.admin)
    return await stage.in_state(run, WorkflowRunState.SUCCEEDED)


async def refuse(stage: Stage, approval: Approval, reason: str) -> None:
    said = DecideApproval(
        approval_id=approval.id,
        decision=ApprovalDecision.REJECT,
        digest=approval.digest,
        reason=reason,
    )
    await stage.workbench.governance.approvals.decide(said, stage.approver, is_vouched=False)


async def test_a_report_says_what_has_happened(stage: Stage) -> None:
    """Every attempt, why it failed, what was skipped, planned anew, asked and answered, by whom;
    and every format says it. The audit range is that of the chain."""
    run = await eventful(stage)
    found = await told(stage, run)
    steps = {step["key"]: step for step in found["steps"]}

    assert {
        "flaky": "SUCCEEDED",
        "gate": "SKIPPED",
        "sign-off": "FAILED",
        "gone": "CANCELED",
        "last": "SUCCEEDED",
    } == {key: step["state"] for key, step in steps.items()}
    assert [("FAILED", 3), ("SUCCEEDED", 0)] == [
        (one["state"], one["exitCode"]) for one in steps["flaky"]["attempts"]
    ]
    (failed,) = found["logs"]
    assert ("flaky", 1, 1) == (failed["step"], failed["attempt"], failed["firstLine"])
    (revision,) = found["revisions"]
    assert (2, "without people", ["last"], ["gone"]) == tuple(
        revision[name] for name in ("revision", "reason", "added", "removed")
    )
    assert {"sign-off": 2, "gone": 2} == {
        key: step["removedIn"] for key, step in steps.items() if step["removedIn"]
    }
    named = ("name", "step", "attempt", "bytes", "sha256")
    assert [("tried", "flaky", number, 0, sha256(b"").hexdigest()) for number in (1, 2)] == [
        tuple(one[name] for name in named) for one in found["artifacts"]
    ]
    assert {"runs": 3, "told": 0, "total": None} == found["usage"]
    assert [("OVERRIDE", "gate", "APPROVED"), ("STEP_RUN", "sign-off", "REJECTED")] == [
        (one["about"], one["step"], one["state"]) for one in found["approvals"]
    ]
    (vote,) = found["approvals"][1]["votes"]
    assert ("anna", "REJECT", "not on a Friday") == (vote["by"], vote["decision"], vote["reason"])
    assert found["approvals"][1]["sha256"] == vote["sha256"]
    assert {"ALLOW", "REQUIRE_APPROVAL"} == {one["verdict"] for one in found["decisions"]}
    happened = [one["event"] for one in found["timeline"]]
    assert {"StepRunRetried", "StepRunSkipped", "WorkflowRunReplanned"} <= set(happened)
    assert list(range(1, len(happened) + 1)) == [one["sequence"] for one in found["timeline"]]
    for report_format in (ReportFormat.MARKDOWN, ReportFormat.HTML):
        page = await written(stage, run, report_format)
        assert "not on a Friday" in page
        assert "without people" in page
        assert page == await written(stage, run, report_format)


async def test_the_audit_range_is_that_of_the_chain(stage: Stage) -> None:
    """From the start of the run to the last that was told of it, with the hashes that prove it."""
    run = await eventful(stage)
    audit = (await told(stage, run))["audit"]

    async with stage.workbench.database.snapshot() as unit:
        entries = await unit.audit.after(audit["chain"], 0, 10_000)
    by_sequence = {entry.sequence: entry for entry in entries}

    assert stage.project.id == audit["chain"]
    assert "WORKFLOW_START" == audit["first"]["action"]
    for end in (audit["first"], audit["last"]):
        assert by_sequence[end["sequence"]].hash == end["hash"]
    assert "WORKFLOW_RUN_CHANGE" == audit["last"]["action"]
    assert 15 < audit["entries"] <= audit["last"]["sequence"] - audit["first"]["sequence"] + 1


async def test_no_secret_and_nothing_harmful_is_in_a_report(stage: Stage) -> None:
    """A key that a program printed is masked as in its log, and what it printed besides commands
    neither a browser nor a terminal."""
    run = await eventful(stage)
    for report_format in ReportFormat:
        page = await written(stage, run, report_format)
        assert KEY not in page
        assert "\x1b" not in page
        assert "alert" in page
    assert "<script" not in await written(stage, run, ReportFormat.HTML)
    assert "````text\n" in await written(stage, run, ReportFormat.MARKDOWN)


async def test_a_report_of_a_run_that_goes_on_has_its_present_attempt(stage: Stage) -> None:
    """With what is known of it; and of a run that is not there, there is none."""
    run = await stage.start(asking("sign-off"))
    await stage.in_state(run, WorkflowRunState.BLOCKED)

    found = await told(stage, run)

    (step,) = found["steps"]
    (attempt,) = step["attempts"]
    assert ("BLOCKED", 1, None) == (attempt["state"], attempt["number"], attempt["finishedAt"])
    assert attempt["approval"] == found["approvals"][0]["id"]
    with pytest.raises(NotFound):
        await stage.workbench.workflows.reporter.load(WorkflowRunId("none"))
