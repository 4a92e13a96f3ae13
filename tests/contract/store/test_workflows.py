"""Workflows: what is written is read, versions are counted, lists are by name."""

import pytest

from domain.ids import WorkflowId
from domain.models.decisions import ApprovalRequirement, ExpiryAction, RiskLevel
from domain.models.pages import Window
from domain.models.principals import Role
from domain.models.providers import EnvProfile
from domain.models.runs import Budget, FailureCode
from domain.models.workflows import FailureAction, RetryPolicy, Step, StepType, Workflow
from tests.contract.store import planned
from tests.contract.store.scene import Scene

pytestmark = pytest.mark.anyio

FULL = Step(
    key="review",
    type=StepType.SDK,
    needs=("build", "check"),
    when="inputs.target == 'main'",
    for_each="inputs.targets",
    prompt="Review ${{ item }}, 'ä' 😀",
    provider="a2a",
    cwd="src",
    env_profile=EnvProfile.CI,
    timeout_ms=1000,
    tool_scopes=("read", "edit"),
    budget=Budget(cost_cents=5),
    artifacts=("dist/*",),
    retry=RetryPolicy(attempts=3, backoff_ms=10, codes=(FailureCode.TIMED_OUT,)),
    on_failure=FailureAction.CONTINUE,
    risk=RiskLevel.HIGH,
    documents=("docs/prd.md",),
)
ASKED = Step(
    key="sign-off",
    type=StepType.APPROVAL,
    approval=ApprovalRequirement(
        role=Role.ELEVATED_APPROVER, count=2, expires_ms=5, on_expiry=ExpiryAction.ESCALATE
    ),
)
HELD = Step(
    key="gate",
    type=StepType.VALIDATION,
    checks="review",
    output_schema={"type": "object", "required": ["verdict"]},
)


async def add(scene: Scene, workflow: Workflow) -> Workflow:
    async with scene.store.transaction() as unit:
        stored = await unit.workflows.add(workflow)
    assert stored is not None
    return stored


async def test_a_workflow_is_read_as_it_was_written(scene: Scene) -> None:
    """Every field of it and of its steps, in their order."""
    steps = (planned.BUILD, planned.CHECK, FULL, ASKED, HELD)
    inputs = {"type": "object", "properties": {"targets": {"type": "array"}}}
    given = planned.workflow(
        scene,
        *steps,
        description="All of it.",
        feature="workbench",
        inputs=inputs,
        tool_scopes=("read", "edit"),
        concurrency=2,
        timeout_ms=60_000,
    )

    stored = await add(scene, given)

    async with scene.store.snapshot() as unit:
        assert given == stored == await unit.workflows.get(stored.id)


async def test_versions_of_a_name_are_counted(scene: Scene) -> None:
    """From 1 on, each name by itself; the newest is found, and all of them, newest first."""
    first = await add(scene, planned.workflow(scene))
    other = await add(scene, planned.workflow(scene, name="audit"))
    second = await add(scene, planned.workflow(scene))

    assert (1, 1, 2) == (first.version, other.version, second.version)
    async with scene.store.snapshot() as unit:
        of, window = scene.project.id, Window(limit=10)
        assert second == await unit.workflows.newest(of, "release")
        assert [second, first] == await unit.workflows.versions(of, "release", window)
        assert [other, second] == await unit.workflows.page(of, window)
        behind = Window(limit=10, after="audit")
        assert [second] == await unit.workflows.page(of, behind)
        assert (None, None) == (
            await unit.workflows.newest(of, "none"),
            await unit.workflows.get(WorkflowId("none")),
        )
