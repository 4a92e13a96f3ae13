"""A walk through all that people, providers and servers may do to workflow runs, in any order.

On services that are asked by hand: nothing runs beside the walk, time goes on when it says so, and
a provider does what the walk has decided. So a seed tells all of it.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import timedelta
from random import Random
from typing import Final

from domain.errors import WorkbenchError
from domain.lifecycle import ApprovalState, StepRunState
from domain.models.approvals import Approval, ApprovalDecision
from domain.models.audit import Caller
from domain.models.commands import CancelRun, DecideApproval, SetKillSwitch
from domain.models.kill_switches import KillSwitchScope
from domain.models.policies import PolicyEffect, PolicyRule
from domain.models.settings import FeatureFlag
from domain.models.workflow_commands import ReplanWorkflowRun
from domain.models.workflow_runs import StepRun, WorkflowRun
from domain.models.workflows import WorkflowDefinition
from domain.services.kill_switches import KillSwitches
from domain.services.orchestrator import LeaseLost
from serving.settings import Settings
from tests.contract.store.scene import ANYTHING
from tests.domain.services.scripted import ManualClock, ScriptedAdapter
from tests.workflows.nodes import NODES, Nodes, Played
from tests.workflows.plans import plan
from tests.workflows.stage import TOKEN, Stage, command, set_up, source_of
from tests.workflows.watching import Watch

ASK: Final = PolicyRule(name="ask", effect=PolicyEffect.REQUIRE_APPROVAL)
DENY: Final = PolicyRule(name="no", effect=PolicyEffect.DENY)
RUNS_MAX: Final = 3
SETTLED_IN: Final = 40
"""Rounds in which a run that everybody helps along has ended."""

Action = Callable[[], Awaitable[None]]


@dataclass(kw_only=True)
class Walk:
    """What people do, in any order, and what they had done when it went wrong."""

    random: Random
    nodes: Nodes
    stage: Stage
    watch: Watch
    trail: list[str] = field(default_factory=list)
    refused: Counter[str] = field(default_factory=Counter)

    @property
    def server(self) -> Played:
        return self.nodes.server

    @property
    def clock(self) -> ManualClock:
        return self.server.clock

    async def go(self, steps: int) -> None:
        """So many actions, looked at after each; then everybody helps, and all has to end."""
        await self.start()
        actions = self._actions()
        for _ in range(steps):
            name = self.random.choices(list(actions), [w for w, _ in actions.values()])[0]
            self.trail.append(name)
            await self._do(name, actions[name][1])
            await self.watch.look(self.stage)
        await self._help_all()
        await self.stage.check_audit()

    async def _do(self, name: str, action: Action) -> None:
        """People are refused much of what they try, and that changes nothing."""
        try:
            await action()
        except LeaseLost:
            self.refused["lease"] += 1
        except WorkbenchError as error:
            self.refused[f"{name}: {type(error).__name__}"] += 1

    def _actions(self) -> dict[str, tuple[int, Action]]:
        return {
            "start": (1, self.start),
            "turn": (14, self.nodes.turns),
            "dispatch": (8, self.nodes.dispatch),
            "end": (8, self.nodes.end_one),
            "decide": (8, self.decide),
            "pause": (2, lambda: self.act("pause")),
            "resume": (5, lambda: self.act("resume")),
            "cancel": (1, lambda: self.act("cancel")),
            "retry": (5, lambda: self.act_on_step("retry")),
            "skip": (4, lambda: self.act_on_step("skip")),
            "replan": (2, self.replan),
            "cancel run": (1, self.cancel_run),
            "policy": (2, self.policy),
            "redecide": (3, self.redecide),
            "switch": (2, self.switch),
            "flag": (1, self.flag),
            "time": (3, self.wait),
            "restart": (2, self.nodes.restart),
        }

    async def start(self) -> None:
        if len(self.watch.runs) < RUNS_MAX:
            steps = plan(self.random)
            timeout_ms = self.random.choice([None, None, None, 600_000])
            run = await self.stage.start(*steps, timeout_ms=timeout_ms, concurrency=3)
            self.watch.runs.append(run.id)

    async def _some_run(self) -> WorkflowRun:
        return self.random.choice(await self.watch.all(self.stage))

    async def _some_step(self) -> StepRun:
        steps = await self.stage.steps(await self._some_run())
        return self.random.choice(list(steps.values()))

    async def act(self, what: str) -> None:
        await self.stage.act(what, await self._some_run())

    async def act_on_step(self, what: str) -> None:
        await self.stage.act_on_step(what, await self._some_step())

    async def replan(self) -> None:
        """Half of what is left is kept, half taken out, and something is new."""
        run = await self._some_run()
        steps = await self.stage.steps(run)
        states = {StepRunState.RUNNING, StepRunState.SUCCEEDED, StepRunState.SKIPPED}
        in_plan = [one for one in steps.values() if one.removed_in is None]
        fixed = [one.key for one in in_plan if one.state in states]
        kept = [
            one.step for one in in_plan if one.state not in states and self.random.random() < 0.5
        ]
        known = {*fixed, *(step.key for step in kept)}
        kept = [replace(each, needs=tuple(n for n in each.needs if n in known)) for each in kept]
        new = command(f"new{len(steps)}", needs=tuple(fixed[:1]))
        asked = ReplanWorkflowRun(
            workflow_run_id=run.id,
            source=source_of(WorkflowDefinition(name="flow", steps=(*kept, new))),
            reason="a walk",
        )
        await self.server.workflows.recovery.replan(asked, self.stage.admin)

    async def cancel_run(self) -> None:
        """Of a step, by hand."""
        step = await self._some_step()
        if step.run_id is not None:
            await self.server.runs.launcher.cancel(CancelRun(run_id=step.run_id), self.stage.admin)

    async def decide(self) -> None:
        """Whoever is about, also the requester, who may not."""
        pending = await self.pending()
        if pending:
            who = self.random.choice([self.stage.approver, self.stage.approver, self.stage.admin])
            said = self.random.choice([*[ApprovalDecision.APPROVE] * 3, ApprovalDecision.REJECT])
            await self._say(self.random.choice(pending), said, who)

    async def _say(self, approval: Approval, said: ApprovalDecision, who: Caller) -> None:
        asked = DecideApproval(approval_id=approval.id, decision=said, digest=approval.digest)
        done = await self.server.governance.approvals.decide(asked, who, is_vouched=False)
        assert who is self.stage.approver, f"the requester has decided on {done.id}"

    async def pending(self) -> list[Approval]:
        found = await self.stage.approvals()
        return [one for one in found if one.state is ApprovalState.PENDING]

    async def policy(self) -> None:
        await self.stage.policy(*self.random.choice([(ANYTHING,), (ASK,), (ANYTHING, DENY)]))

    async def redecide(self) -> None:
        """What a server does by itself: expiry, escalation, and the policy of now."""
        await self.server.governance.deadlines.look()

    async def switch(self) -> None:
        await self._switch(is_engaged=self.random.random() < 0.4)

    async def _switch(self, *, is_engaged: bool) -> None:
        switches = KillSwitches(
            store=self.server.database,
            clock=self.clock,
            registry=self.server.registry,
            cancel=self.server.runs.launcher.cancel,
        )
        asked = SetKillSwitch(
            scope=KillSwitchScope.PROJECT,
            engaged=is_engaged,
            project=self.stage.project.slug,
            cancel_active=is_engaged and self.random.random() < 0.3,
            reason="a walk",
        )
        await switches.set(asked, self.stage.project.id, self.stage.admin)
        self.watch.is_halted = is_engaged

    async def flag(self) -> None:
        await self._flag(is_off=self.random.random() < 0.4)

    async def _flag(self, *, is_off: bool) -> None:
        off = frozenset({FeatureFlag.ORCHESTRATION}) if is_off else frozenset[FeatureFlag]()
        async with self.server.database.transaction() as unit:
            project = await unit.projects.get(self.stage.project.id)
            assert project is not None
            settings = replace(project.settings, disabled=off, version=project.settings.version + 1)
            await unit.projects.set_settings(project.id, settings)
        self.stage.project = replace(project, settings=settings)

    async def wait(self) -> None:
        """A second, a quarter of an hour, or longer than anybody waits for an answer."""
        self.clock.time += self.random.choice(
            [timedelta(seconds=1), timedelta(minutes=15), timedelta(days=8)]
        )

    async def _help_all(self) -> None:
        """Everything is allowed again and everybody agrees: each run comes to an end."""
        self.trail.append("help")
        await self.stage.policy(ANYTHING)
        await self._switch(is_engaged=False)
        await self._flag(is_off=False)
        for _ in range(SETTLED_IN):
            if open_runs := [run for run in await self.watch.all(self.stage) if not run.is_over]:
                await self._help(open_runs)
        for run in await self.watch.all(self.stage):
            assert run.is_over, f"never ended: {run.state}, {await self.stage.states(run)}"
        await self.nodes.see_to(NODES[0])
        await self.watch.look(self.stage)
        assert not await self.pending(), "people are asked about what is over"

    async def _help(self, runs: list[WorkflowRun]) -> None:
        self.clock.time += timedelta(minutes=6)
        await self.server.governance.deadlines.look()
        self.nodes.held.pop(NODES[1], None)
        await self.nodes.see_to(NODES[0])
        await self.nodes.take_back()
        await self.nodes.dispatch()
        while self.nodes.followed:
            await self.nodes.end(self.nodes.followed.pop(), 0)
        for approval in await self.pending():
            with suppress(WorkbenchError):
                await self._say(approval, ApprovalDecision.APPROVE, self.stage.approver)
        await self.nodes.see_to(NODES[0])
        for run in runs:
            await self._mend(await self.stage.run(run))
        await self.watch.look(self.stage)

    async def _mend(self, run: WorkflowRun) -> None:
        with suppress(WorkbenchError):
            await self.stage.act("resume", run)
            return
        for step in (await self.stage.steps(run)).values():
            if step.state in {StepRunState.FAILED, StepRunState.CANCELED} and not step.approval_id:
                with suppress(WorkbenchError):
                    await self.stage.act_on_step("skip", step)


async def walk(settings: Settings, seed: int, steps: int) -> Walk:
    """Raises AssertionError with the seed and the way that led there."""
    clock = ManualClock()
    adapter = ScriptedAdapter(clock=clock)
    servers = {
        node: Played(settings=settings, node=node, token=TOKEN, clock=clock, adapter=adapter)
        for node in NODES
    }
    server = servers[NODES[0]]
    await server.prepare()
    try:
        stage = await set_up(server, settings)
        random, watch = Random(seed), Watch(orders=adapter.orders)
        nodes = Nodes(random=random, servers=servers, watch=watch)
        made = Walk(random=random, nodes=nodes, stage=stage, watch=watch)
        try:
            async with asyncio.timeout(300):
                await made.go(steps)
        except BaseException as error:
            error.add_note(f"seed {seed}, after {len(made.trail)}: {', '.join(made.trail[-12:])}")
            raise
        return made
    finally:
        for one in servers.values():
            await one.database.close()
