"""Steps whose agent is gone in the middle: on a server at work, over the adapters' contract."""

from collections.abc import AsyncGenerator, AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from domain.lifecycle import StepRunState, WorkflowRunState
from domain.models.commands import UpdateSettings
from domain.models.providers import EndCause, Ended, RunHandle
from domain.models.runs import FailureCode
from domain.models.workflow_runs import StepAttempt, WorkflowRun
from domain.models.workflows import RetryPolicy, Step, StepType
from domain.steps import INTERRUPTED_ATTEMPTS_MAX
from tests.domain.services.scripted import ScriptedAdapter, ended
from tests.workflows.beside import clock, staged
from tests.workflows.stage import Stage, command, settings_of

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(120)]


@dataclass
class Agent(ScriptedAdapter):
    """Its process is gone in the middle of so many runs; the one after them is done."""

    interruptions: int = 0
    key: str = "agent"
    began: list[str] = field(default_factory=list)

    async def subscribe(
        self, handle: RunHandle, position: str | None
    ) -> AsyncGenerator[Ended, None]:
        del position
        self.began.append(handle.run_id)
        is_gone = len(self.began) <= self.interruptions
        yield ended(EndCause.INTERRUPTED if is_gone else EndCause.COMPLETED, None)


@pytest.fixture
def agent() -> Agent:
    return Agent(clock=clock())


@pytest.fixture
async def stage(tmp_path: Path, database_url: str, agent: Agent) -> AsyncIterator[Stage]:
    async with staged(settings_of(tmp_path, database_url), agent) as made:
        yield made


async def begin(stage: Stage, *, goes_on: bool) -> WorkflowRun:
    """An agent's step between two programs; `goes_on` is the project's setting."""
    told = UpdateSettings(project="default", resume_interrupted=goes_on)
    await stage.workbench.services.settings.update(told, stage.project.id, stage.admin)
    retry = RetryPolicy(attempts=1, backoff_ms=1)
    return await stage.start(
        command("before"),
        Step(
            key="ask",
            type=StepType.SDK,
            prompt="hello",
            provider="agent",
            needs=("before",),
            retry=retry,
        ),
        command("after", needs=("ask",)),
    )


async def attempts(stage: Stage, run: WorkflowRun) -> list[StepAttempt]:
    step = (await stage.steps(run))["ask"]
    async with stage.workbench.database.snapshot() as unit:
        return list((await unit.step_runs.attempts([step.id]))[step.id])


async def test_what_was_interrupted_waits_for_a_person(stage: Stage, agent: Agent) -> None:
    """Unless the project says otherwise; resumed, the step alone is done once more."""
    agent.interruptions = 1
    run = await begin(stage, goes_on=False)

    paused = await stage.in_state(run, WorkflowRunState.PAUSED)
    assert "ask" in (paused.pause_reason or "")
    assert 1 == len(agent.began)
    await stage.act("resume", run)
    await stage.in_state(run, WorkflowRunState.SUCCEEDED)

    assert [1, 2, 1] == [step.attempt for step in (await stage.steps(run)).values()]


async def test_where_the_project_lets_it_it_goes_on_by_itself(stage: Stage, agent: Agent) -> None:
    """Each attempt is a run of its own with a decision of its own, and none is lost from sight."""
    agent.interruptions = 3
    run = await begin(stage, goes_on=True)

    await stage.in_state(run, WorkflowRunState.SUCCEEDED)

    kept = await attempts(stage, run)
    codes = [each.failure.code if each.failure else None for each in kept]
    assert [*[FailureCode.INTERRUPTED] * 3, None] == codes
    assert agent.began == [each.run_id for each in kept]
    async with stage.workbench.database.snapshot() as unit:
        runs = [await unit.runs.get(each.run_id) for each in kept if each.run_id]
    assert 4 == len({each.decision_id for each in runs if each})
    assert [1, 4, 1] == [step.attempt for step in (await stage.steps(run)).values()]
    await stage.check_audit()


async def test_it_does_not_go_on_for_ever(stage: Stage, agent: Agent) -> None:
    """What is interrupted again and again is for a person after all, who may have it tried."""
    agent.interruptions = INTERRUPTED_ATTEMPTS_MAX
    run = await begin(stage, goes_on=True)

    await stage.in_state(run, WorkflowRunState.PAUSED)
    step = (await stage.steps(run))["ask"]
    assert (StepRunState.FAILED, INTERRUPTED_ATTEMPTS_MAX) == (step.state, step.attempt)
    await stage.act("resume", run)

    await stage.in_state(run, WorkflowRunState.SUCCEEDED)
    assert INTERRUPTED_ATTEMPTS_MAX + 1 == len(agent.began)
