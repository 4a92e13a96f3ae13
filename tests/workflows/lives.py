"""A workflow of twelve steps on servers that die at one commit after the other.

With approvals, a retry, a skip and a new plan in it. Whatever the point: the next server goes on,
nothing that was told is lost, and no attempt is begun twice.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from domain.errors import IllegalTransition, StorageUnavailable
from domain.ids import NodeId
from domain.lifecycle import (
    STEP_RUN_INITIAL,
    STEP_RUN_TABLE,
    ApprovalState,
    StepRunState,
    WorkflowRunState,
)
from domain.models.decisions import RiskLevel
from domain.models.workflow_commands import ReplanWorkflowRun
from domain.models.workflow_events import (
    StepRunApprovalDecided,
    StepRunStateChanged,
    WorkflowRunEvent,
    WorkflowRunStateChanged,
)
from domain.models.workflow_runs import StepRun, WorkflowRun
from domain.models.workflows import RetryPolicy, WorkflowDefinition
from serving.settings import Settings
from tests.workflows.dying import Mortal, When
from tests.workflows.stage import (
    TOKEN,
    Stage,
    asking,
    command,
    gate,
    set_up,
    settings_of,
    source_of,
)

MakeUrl = Callable[[str], Awaitable[str]]
"""Of a migrated database of its own, by name."""

POINTS_MAX: Final = 400
WAIT_S: Final = 90.0
LOOK_S: Final = 0.05
"""Between the looks of people: at a hundredth of a second these took half of the time."""

NOTE: Final = "import pathlib; f = pathlib.Path('begun'); f.open('a').write({key!r} + '\\n')\n"
FLAKY: Final = (
    NOTE.format(key="flaky") + "raise SystemExit(f.read_text().split().count('flaky') < 2)"
)
STUBBORN: Final = (
    NOTE.format(key="stubborn") + "raise SystemExit(f.read_text().split().count('stubborn') < 3)"
)


@dataclass
class Life:
    """One run of the workflow, on as many servers as it takes."""

    settings: Settings
    when: When
    dies_at: int | None
    deaths: int = 0
    commits: int = 0
    run: WorkflowRun | None = None
    is_replanned: bool = False
    skipped: bool = False
    stages: list[Stage] = field(default_factory=list)

    async def live(self) -> None:
        """From the start to the end, with a new server for each that has died."""
        while not await self._live_once():
            self.deaths += 1
            self.dies_at = None

    async def _live_once(self) -> bool:
        async with self._served() as stage:
            database: Any = stage.workbench.database
            try:
                async with asyncio.timeout(WAIT_S):
                    while not await self._step(stage):
                        if database.is_dead:
                            return False
                        await asyncio.sleep(LOOK_S)
            except StorageUnavailable:
                return False
            self.commits = database.commits
            return True

    @asynccontextmanager
    async def _served(self) -> AsyncIterator[Stage]:
        workbench = Mortal(settings=self.settings, node=NodeId("node"), token=TOKEN)
        await workbench.prepare()
        async with workbench.started():
            stage = self.stages[0] if self.stages else await set_up(workbench, self.settings)
            stage.workbench = workbench
            self.stages[:] = [stage]
            workbench.database.commits, workbench.database.when = 0, self.when
            workbench.database.dies_at = self.dies_at
            yield stage

    async def _step(self, stage: Stage) -> bool:
        """What people do when they see where it is; True once it has ended."""
        if self.run is None:
            self.run = await self._existing(stage) or await begin(stage)
            return False
        run = await stage.run(self.run)
        if run.is_over:
            return True
        for approval in await stage.approvals():
            if approval.state is ApprovalState.PENDING:
                await stage.decide(approval)
        steps = await stage.steps(run)
        if run.state is WorkflowRunState.FAILED:
            await self._mend(stage, steps)
        return False

    async def _existing(self, stage: Stage) -> WorkflowRun | None:
        """Where the answer of the start was lost."""
        from_all = await stage.all_runs()
        return from_all[0] if from_all else None

    async def _mend(self, stage: Stage, steps: dict[str, StepRun]) -> None:
        try:
            if steps["stubborn"].state is StepRunState.FAILED:
                await stage.act_on_step("retry", steps["stubborn"])
            elif steps["bad"].state is StepRunState.FAILED:
                await stage.act_on_step("skip", steps["bad"])
            elif "new" not in steps:
                assert self.run is not None
                await stage.workbench.workflows.recovery.replan(
                    ReplanWorkflowRun(
                        workflow_run_id=self.run.id, source=source_of(rest(stage)), reason="better"
                    ),
                    stage.admin,
                )
        except IllegalTransition:
            return


def noting(stage: Stage, key: str, **more: Any) -> Any:
    return stage.script(key, NOTE.format(key=key), **more)


async def begin(stage: Stage) -> WorkflowRun:
    """Twelve steps: a retry of its own, one by hand, a skip, three approvals, gates, a new plan."""
    retry = RetryPolicy(attempts=2, backoff_ms=1)
    return await stage.start(
        noting(stage, "a"),
        stage.script("flaky", FLAKY, needs=("a",), retry=retry),
        noting(stage, "side", needs=("a",)),
        gate("gate", "steps.flaky.attempt == 2", needs=("flaky",)),
        asking("sign-off", needs=("gate",)),
        noting(stage, "risky", needs=("sign-off",), risk=RiskLevel.HIGH),
        stage.script("stubborn", STUBBORN, needs=("risky",)),
        stage.script("bad", NOTE.format(key="bad") + "raise SystemExit(1)", needs=("stubborn",)),
        noting(stage, "behind", needs=("bad",)),
        gate("wrong", "1 == 2", needs=("behind", "side")),
        noting(stage, "old", needs=("wrong",)),
        command("never", needs=("old",)),
    )


def rest(stage: Stage) -> WorkflowDefinition:
    return WorkflowDefinition(
        name="flow",
        steps=(
            noting(stage, "new", needs=("behind",)),
            asking("again", needs=("new",)),
            noting(stage, "old", needs=("again",)),
        ),
    )


def check_events(events: list[WorkflowRunEvent]) -> None:
    """No gap; each transition begins where the one before has ended, and the table knows it; what
    was asked about starts after the answer."""
    assert list(range(1, len(events) + 1)) == [event.sequence for event in events]
    assert events[-1].is_last
    steps: dict[str, StepRunState] = {}
    run: WorkflowRunState | None = None
    granted: set[str] = set()
    for event in events:
        match event.fact:
            case StepRunStateChanged() as fact:
                before = steps.get(fact.key, STEP_RUN_INITIAL)
                assert before is fact.from_state, fact
                assert fact.to_state in STEP_RUN_TABLE[before].values(), fact
                if fact.key == "risky" and fact.to_state is StepRunState.RUNNING:
                    assert {"sign-off", "risky"} <= granted
                steps[fact.key] = fact.to_state
            case StepRunApprovalDecided() as fact if fact.state is ApprovalState.APPROVED:
                granted.add(fact.key)
            case WorkflowRunStateChanged() as fact:
                assert run is fact.from_state, fact
                run = fact.to_state
            case _:
                pass
    assert WorkflowRunState.SUCCEEDED is run


async def check(life: Life) -> None:
    """What holds of every life, however it was cut up."""
    run = life.run
    assert run is not None
    async with ended(life) as stage:
        steps = await stage.steps(run)
        assert {
            "a": "SUCCEEDED",
            "flaky": "SUCCEEDED",
            "side": "SUCCEEDED",
            "gate": "SUCCEEDED",
            "sign-off": "SUCCEEDED",
            "risky": "SUCCEEDED",
            "stubborn": "SUCCEEDED",
            "bad": "SKIPPED",
            "behind": "SUCCEEDED",
            "wrong": "FAILED",
            "never": "CANCELED",
            "new": "SUCCEEDED",
            "again": "SUCCEEDED",
            "old": "SUCCEEDED",
        } == await stage.states(run)
        check_events(await stage.events(run))
        begun = Counter((stage.root / "begun").read_text().split())
        attempts = {key: step.attempt for key, step in steps.items() if step.step.is_dispatched}
        del attempts["never"]
        assert attempts == dict(begun)
        await stage.check_audit()


@asynccontextmanager
async def ended(life: Life) -> AsyncIterator[Stage]:
    """A last server, which dies of nothing."""
    life.dies_at = None
    async with life._served() as stage:
        yield stage


async def commits_of(settings: Settings) -> int:
    """How many there are in a life without a death."""
    life = Life(settings=settings, when=When.AFTER, dies_at=None)
    await life.live()
    await check(life)
    return life.commits


async def die_at_commits(folder: Path, fresh_url: MakeUrl, when: When, stride: int) -> None:
    """At each so many-th of the commits that a life without a death has."""
    most = await commits_of(settings_of(folder / "whole", await fresh_url("whole")))
    assert 30 < most < POINTS_MAX
    deaths = 0
    for point in range(1, most + 1, stride):
        name = f"at-{point}"
        life = Life(
            settings=settings_of(folder / name, await fresh_url(name)), when=when, dies_at=point
        )
        await life.live()
        await check(life)
        deaths += life.deaths
    assert deaths
