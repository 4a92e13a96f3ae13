"""Steps whose runs went elsewhere, were decided on by hand, or left too much."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from domain.errors import IllegalTransition, ProviderUnavailable
from domain.lifecycle import ApprovalState, RunState, StepRunState, WorkflowRunState
from domain.models.commands import ReconcileRun, UpdateSettings
from domain.models.policies import PolicyEffect, PolicyMatch, PolicyRule
from domain.models.runs import FailureCode, Run, RunResolution
from domain.models.settings import ProviderFallback
from domain.models.workflow_commands import ReplanWorkflowRun
from domain.models.workflow_runs import StepRun, WorkflowRun
from domain.models.workflows import RetryPolicy, WorkflowDefinition
from tests.contract.store.scene import ANYTHING
from tests.workflows.beside import Far, clock, staged
from tests.workflows.stage import WAIT_S, Stage, command, settings_of, source_of

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(120)]

UNSENT = ProviderUnavailable("no route to host", is_unsent=True)
ASK_HERE = PolicyRule(
    name="ask here",
    effect=PolicyEffect.REQUIRE_APPROVAL,
    match=PolicyMatch(providers=("local",), programs=("touch",)),
)
OUTPUT_BYTES_MAX = 1024
SHOUT = "print('x' * 99 + chr(10), end='', flush=True)\n" * 100
TOO_MUCH = (
    "import os, pathlib\n"
    "pathlib.Path(os.environ['WORKBENCH_OUTPUT']).write_text('version=' + 'x' * 3_000_000)\n"
)


@pytest.fixture
def far() -> Far:
    return Far(clock=clock())


@pytest.fixture
async def stage(tmp_path: Path, database_url: str, far: Far) -> AsyncIterator[Stage]:
    settings = settings_of(
        tmp_path, database_url, poll_s=0.5, run_output_bytes_max=OUTPUT_BYTES_MAX
    )
    async with staged(settings, far) as made:
        told = UpdateSettings(project="default", fallback=ProviderFallback.LOCAL)
        await made.workbench.services.settings.update(told, made.project.id, made.admin)
        yield made


async def begin(stage: Stage) -> WorkflowRun:
    """A program on the provider beside us that leaves a file, and one that needs it."""
    away = command("away", "touch", "done", provider="far")
    return await stage.start(away, command("after", needs=("away",)))


async def asked_here(stage: Stage, far: Far) -> WorkflowRun:
    """Its provider is away, and people are asked whether this machine may do it."""
    far.answers = [UNSENT] * 99
    await stage.policy(ASK_HERE, ANYTHING)
    run = await begin(stage)
    await stage.step_in(run, "away", StepRunState.BLOCKED)
    return run


async def replan(stage: Stage, run: WorkflowRun, *steps: str) -> None:
    plan = WorkflowDefinition(name="flow", steps=tuple(command(key) for key in steps))
    told = ReplanWorkflowRun(workflow_run_id=run.id, source=source_of(plan), reason="a test")
    await stage.workbench.workflows.recovery.replan(told, stage.admin)


async def test_a_step_whose_provider_is_away_is_done_here(stage: Stage, far: Far) -> None:
    """In the attempt that it has begun, and what needs it goes on."""
    far.answers = [UNSENT] * 99
    run = await begin(stage)

    await stage.in_state(run, WorkflowRunState.SUCCEEDED)

    child = await stage.child((await stage.steps(run))["away"])
    assert ("far", "local") == (child.requested_provider, child.provider)
    assert [1, 1] == [step.attempt for step in (await stage.steps(run)).values()]
    assert (stage.root / "done").exists()


async def test_what_is_asked_about_here_goes_on_once_agreed_to(stage: Stage, far: Far) -> None:
    """Nothing runs before, neither can the step be retried; then it is done once."""
    run = await asked_here(stage, far)
    step = (await stage.steps(run))["away"]
    with pytest.raises(IllegalTransition):
        await stage.act_on_step("retry", step)
    (asked,) = await stage.approvals()
    assert not (stage.root / "done").exists()

    await stage.decide(asked)

    await stage.in_state(run, WorkflowRunState.SUCCEEDED)
    assert 1 == (await stage.steps(run))["away"].attempt


@pytest.mark.parametrize("what", ["skip", "replan", "cancel"])
async def test_what_is_not_wanted_any_more_is_not_asked_about(
    stage: Stage, far: Far, what: str
) -> None:
    """Skipped, planned away or canceled: the question lapses, and nobody can have it done."""
    run = await asked_here(stage, far)
    step = (await stage.steps(run))["away"]
    (asked,) = await stage.approvals()

    if what == "skip":
        await stage.act_on_step("skip", step)
    elif what == "replan":
        await replan(stage, run, "instead")
    else:
        await stage.act("cancel", run)
    is_canceled = what == "cancel"
    await stage.in_state(
        run, WorkflowRunState.CANCELED if is_canceled else WorkflowRunState.SUCCEEDED
    )

    assert [ApprovalState.VOIDED] == [one.state for one in await stage.approvals()]
    with pytest.raises(IllegalTransition):
        await stage.decide(asked)
    assert RunState.CANCELED is (await stage.child(step)).state
    assert not (stage.root / "done").exists()


async def doubted(stage: Stage, run: WorkflowRun) -> Run:
    """The run of its step, of which its provider tells no more."""
    step = await stage.step_in(run, "away", StepRunState.RUNNING)
    async with asyncio.timeout(WAIT_S):
        while not (child := await stage.child(step)).is_degraded:
            await asyncio.sleep(0.01)
    return child


async def resolve(stage: Stage, child: Run, how: RunResolution) -> Run:
    said = ReconcileRun(run_id=child.id, resolve_as=how, reason="I have looked")
    return await stage.workbench.services.interventions.reconcile(said, stage.admin)


async def test_what_is_decided_by_hand_is_the_end_of_the_step(stage: Stage, far: Far) -> None:
    """Of its attempt; what needs it goes on, and a late word of the provider changes nothing."""
    run = await begin(stage)
    child = await doubted(stage, run)

    await resolve(stage, child, RunResolution.SUCCEEDED)
    await stage.in_state(run, WorkflowRunState.SUCCEEDED)
    far.may_tell.set()
    with pytest.raises(IllegalTransition):
        await resolve(stage, child, RunResolution.FAILED)

    assert {"away": "SUCCEEDED", "after": "SUCCEEDED"} == await stage.states(run)
    assert 1 == len(far.orders)


async def test_what_failed_by_hand_is_retried_by_hand(stage: Stage, far: Far) -> None:
    """Although the step is tried again by itself where that can help: after a doubt nobody knows.
    While it is in doubt it is neither retried nor left out. The next attempt is another run."""
    retry = RetryPolicy(attempts=3, backoff_ms=1)
    run = await stage.start(command("away", provider="far", retry=retry))
    child = await doubted(stage, run)
    with pytest.raises(IllegalTransition):
        await stage.act_on_step("retry", (await stage.steps(run))["away"])
    with pytest.raises(IllegalTransition):
        await stage.act_on_step("skip", (await stage.steps(run))["away"])

    await resolve(stage, child, RunResolution.FAILED)
    far.may_tell.set()
    await stage.in_state(run, WorkflowRunState.FAILED)
    await stage.act_on_step("retry", (await stage.steps(run))["away"])

    await stage.in_state(run, WorkflowRunState.SUCCEEDED)
    assert [child.id, (await stage.child((await stage.steps(run))["away"])).id] == [
        order.run_id for order in far.orders
    ]


async def failed_by_output(stage: Stage, run: WorkflowRun) -> StepRun:
    """The step that was too loud, of which no more than the bound is kept."""
    await stage.in_state(run, WorkflowRunState.FAILED)
    step = (await stage.steps(run))["loud"]
    assert step.failure is not None
    assert FailureCode.OUTPUT_LIMIT is step.failure.code
    assert (await stage.child(step)).log.bytes <= 2 * OUTPUT_BYTES_MAX
    return step


async def test_a_step_that_prints_too_much_fails_by_that(stage: Stage) -> None:
    """It is not tried again by itself, since it would print as much; by hand it is, and it can be
    left out."""
    retry = RetryPolicy(attempts=3, backoff_ms=1)
    loud = stage.script("loud", SHOUT, retry=retry)
    run = await stage.start(loud, command("after", needs=("loud",)))

    first = await failed_by_output(stage, run)
    await stage.act_on_step("retry", first)
    second = await failed_by_output(stage, run)
    assert (1, 2) == (first.attempt, second.attempt)
    await stage.act_on_step("skip", second)

    await stage.in_state(run, WorkflowRunState.SUCCEEDED)


async def test_outputs_beyond_the_bound_are_none(stage: Stage) -> None:
    """The step has done its work; who refers to what is not there fails by that, and a new plan
    does without."""
    run = await stage.start(
        stage.script("big", TOO_MUCH),
        command("after", "echo", "${{ steps.big.outputs.version }}", needs=("big",)),
    )

    await stage.in_state(run, WorkflowRunState.FAILED)

    steps = await stage.steps(run)
    assert (StepRunState.SUCCEEDED, {}) == (steps["big"].state, dict(steps["big"].outputs))
    assert steps["after"].failure is not None
    assert FailureCode.VALIDATION_FAILED is steps["after"].failure.code
    with pytest.raises(IllegalTransition):
        await stage.act_on_step("skip", steps["big"])
    await replan(stage, run, "instead")
    await stage.in_state(run, WorkflowRunState.SUCCEEDED)
    assert 1 == (await stage.steps(run))["big"].attempt
