"""The end of a step and the beginning of the next one are one transaction, or none."""

from collections.abc import AsyncIterator, Sequence
from functools import cached_property
from pathlib import Path

import pytest

from app import Workbench
from domain.ids import NodeId, RunId
from domain.lifecycle import TERMINAL, StepRunState, WorkflowRunState
from domain.models.events import RunEvent, RunStateChanged
from domain.models.policies import PolicyEffect, PolicyRule
from domain.models.runs import FailureCode
from domain.models.workflows import RetryPolicy
from persistence.unit_of_work import Database, Unit
from tests.contract.store.scene import ANYTHING
from tests.workflows.stage import TOKEN, Stage, command, gate, set_up, settings_of

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(120)]

UNTIL_THERE = "import os, time\nwhile not os.path.exists('go'): time.sleep(0.01)"
DENIED = PolicyRule(name="denied", effect=PolicyEffect.DENY)


class Recording(Database):
    """Keeps which runs ended and which began in each commit."""

    ends: list[tuple[set[RunId], set[RunId]]]

    def _tell(self, unit: Unit) -> None:
        ended = {run_id for run_id, events in unit.written.items() if _has_ended(events)}
        begun = {run_id for run_id, events in unit.written.items() if events and _has_begun(events)}
        if ended:
            self.ends.append((ended, begun))
        super()._tell(unit)


def _has_ended(events: Sequence[RunEvent]) -> bool:
    facts = [event.fact for event in events]
    return any(isinstance(fact, RunStateChanged) and fact.to_state in TERMINAL for fact in facts)


def _has_begun(events: Sequence[RunEvent]) -> bool:
    return events[0].sequence == 1


class Recorded(Workbench):
    """On such a database."""

    @cached_property
    def database(self) -> Recording:
        made = Recording.open(
            self.settings.store_url, on_commit=self._wake, on_events=self._tell_streams
        )
        assert isinstance(made, Recording)
        made.ends = []
        return made


@pytest.fixture
async def stage(tmp_path: Path, database_url: str) -> AsyncIterator[Stage]:
    settings = settings_of(tmp_path, database_url)
    workbench = Recorded(settings=settings, node=NodeId("node"), token=TOKEN)
    await workbench.prepare()
    async with workbench.started():
        yield await set_up(workbench, settings)


def ends_of(stage: Stage) -> list[tuple[set[RunId], set[RunId]]]:
    assert isinstance(stage.workbench.database, Recording)
    return stage.workbench.database.ends


async def test_the_next_step_begins_in_the_transaction_that_ends_one(stage: Stage) -> None:
    """All that can follow does: several steps too, and nothing behind the last one."""
    run = await stage.start(
        command("a"),
        command("b", needs=("a",)),
        command("c", needs=("a",)),
    )
    await stage.in_state(run, WorkflowRunState.SUCCEEDED)
    runs = {key: step.run_id for key, step in (await stage.steps(run)).items()}
    ends = ends_of(stage)
    assert ({runs["a"]}, {runs["b"], runs["c"]}) == ends[0]
    assert {runs["b"], runs["c"]} == {run_id for ended, _ in ends[1:] for run_id in ended}
    assert [set(), set()] == [begun for _, begun in ends[1:]]
    await stage.check_audit()


async def test_what_looks_at_the_lines_of_a_step_waits_until_they_are_stored(stage: Stage) -> None:
    """Then the end is a transaction of its own."""
    run = await stage.start(
        command("a", "echo", "x"),
        gate("gate", "'x' in steps.a.lastLines", needs=("a",)),
        command("b", needs=("gate",)),
    )
    await stage.in_state(run, WorkflowRunState.SUCCEEDED)
    ends = ends_of(stage)
    assert set() == ends[0][1]
    assert 2 == len(ends)


async def test_a_policy_that_came_meanwhile_decides_on_the_next_step(stage: Stage) -> None:
    """The node that sees to the run has read the project before; it is not decided by that."""
    run = await stage.start(stage.script("a", UNTIL_THERE), command("b", needs=("a",)))
    await stage.step_in(run, "a", StepRunState.RUNNING)
    await stage.policy(ANYTHING, DENIED)
    (stage.root / "go").touch()
    await stage.in_state(run, WorkflowRunState.FAILED)
    failure = (await stage.steps(run))["b"].failure
    assert failure is not None
    assert FailureCode.POLICY_DENIED == failure.code
    assert [set()] == [begun for _, begun in ends_of(stage)]


async def test_a_step_that_is_tried_again_later_is_not_forgotten(stage: Stage) -> None:
    """Whoever waits for the run is told that there is a time now."""
    retry = RetryPolicy(attempts=2, backoff_ms=50)
    run = await stage.start(command("a", "false", retry=retry), command("b", needs=("a",)))
    await stage.in_state(run, WorkflowRunState.FAILED)
    assert 2 == (await stage.steps(run))["a"].attempt
