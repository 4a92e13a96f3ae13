"""Nodes of which nothing runs by itself, so that a walk can say what each does next."""

import asyncio
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cached_property, partial
from random import Random
from typing import Final

from app import Workbench
from domain.errors import WorkbenchError
from domain.ids import NodeId, WorkflowRunId
from domain.models.providers import EndCause
from domain.models.steps import WorkflowLease
from domain.services.claims import Claimed, with_runs
from domain.services.drafts import Held
from domain.services.orchestrator import LeaseLost
from domain.services.registry import Registry
from tests.domain.services.scripted import ManualClock, ScriptedAdapter, ended
from tests.workflows.watching import Watch

NODES: Final = (NodeId("one"), NodeId("two"))
TURNS_MAX: Final = 60


@dataclass(frozen=True, kw_only=True)
class Played(Workbench):
    """A server on the walk's own clock and provider, of which nothing runs by itself."""

    clock: ManualClock  # type: ignore[assignment] # the walk's
    adapter: ScriptedAdapter

    @cached_property
    def registry(self) -> Registry:
        return Registry([self.adapter])


@dataclass(kw_only=True)
class Nodes:
    """Two nodes, one of which is asked at a time; what each holds; what the provider has."""

    random: Random
    servers: dict[NodeId, Played]
    watch: Watch
    held: dict[NodeId, dict[WorkflowRunId, Held]] = field(default_factory=dict)
    followed: list[Claimed] = field(default_factory=list)
    refused: Counter[str] = field(default_factory=Counter)

    @property
    def server(self) -> Played:
        return self.servers[NODES[0]]

    @property
    def clock(self) -> ManualClock:
        return self.server.clock

    async def turns(self) -> None:
        """Of one node, with what it holds and what it can claim."""
        await self.see_to(self.random.choice(NODES), self.random.randint(1, TURNS_MAX))

    async def see_to(self, node: NodeId, most: int = TURNS_MAX) -> None:
        server, mine = self.servers[node], self.held.setdefault(node, {})
        for lease in await self._claim(node):
            mine[lease.workflow_run_id] = await server.workflows.orchestrator.held(lease)
        for run_id, one in list(mine.items()):
            try:
                await self._turn(server, one, most)
            except LeaseLost:
                self.refused["lease"] += 1
                del mine[run_id]
            else:
                if not one.run.needs_engine:
                    await self._let_go(one.lease)
                    del mine[run_id]

    async def _turn(self, server: Played, held: Held, most: int) -> None:
        for _ in range(most):
            try:
                goes_on = held.run.needs_engine and await server.workflows.orchestrator.turn(held)
            except WorkbenchError as error:
                raise AssertionError(f"a turn failed: {error.message}") from error
            if not goes_on:
                return

    async def _claim(self, node: NodeId) -> list[WorkflowLease]:
        now = self.clock.now()
        async with self.server.database.transaction() as unit:
            found = await unit.workflow_runs.claim(
                owner=node, now=now, until=now + timedelta(minutes=5), limit=10
            )
        return list(found)

    async def _let_go(self, lease: WorkflowLease) -> None:
        async with self.server.database.transaction() as unit:
            await unit.workflow_runs.release(lease)

    async def dispatch(self) -> None:
        """What is queued, as far as there is room; some of it is left to a node that has died."""
        for claimed in await self.server.runs.dispatcher.claim():
            assert not self.watch.is_halted, "claimed under an engaged switch"
            followed = await self.server.runs.dispatcher.dispatch(claimed)
            if followed is not None:
                self.followed.append(followed)

    async def end_one(self) -> None:
        """A program ends, well or not; others go on."""
        if self.followed:
            claimed = self.followed.pop(self.random.randrange(len(self.followed)))
            await self.end(claimed, self.random.choice([0, 0, 0, 1, None]))

    async def end(self, claimed: Claimed, code: int | None) -> None:
        """None: stopped, or lost with the server that ran it."""
        run_id = claimed.run.id
        end = ended(code=code)
        if run_id in self.server.adapter.canceled:
            end = ended(EndCause.CANCELED, None)
        elif code is None:
            end = ended(self.random.choice([EndCause.LOST, EndCause.TIMED_OUT]), None)
        self.server.adapter.script[:] = [end]
        with self._perhaps_seated(claimed):
            await self.server.runs.follower.follow(claimed)

    @contextmanager
    def _perhaps_seated(self, claimed: Claimed) -> Iterator[None]:
        """Now and then the end of a step is stored with the turn that follows from it."""
        held = self.held.get(NODES[0], {}).get(WorkflowRunId(claimed.run.workflow_run_id or ""))
        if held is None or self.random.random() < 0.5:
            yield
            return
        take = partial(self.server.workflows.engine._end, held, asyncio.Lock())
        with self.server.runs.follower.seats.taken(held.run.id, take):
            yield

    async def restart(self) -> None:
        """Of one node: it forgets what it knew, and takes back what it held."""
        node = self.random.choice(NODES)
        self.held.pop(node, None)
        async with self.server.database.transaction() as unit:
            await unit.workflow_runs.release_node(node)
        if node is NODES[0]:
            await self.take_back()

    async def take_back(self) -> None:
        server, now = self.server, self.clock.now()
        async with server.database.transaction() as unit:
            await unit.intents.release_node(server.node)
            intents = await unit.intents.claim_followed(
                sites=server.registry.sites,
                owner=server.node,
                now=now,
                until=now + timedelta(seconds=60),
                limit=100,
                polled=[],
            )
            self.followed = await with_runs(unit, list(intents))
