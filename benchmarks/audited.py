"""What a launch takes longer for being in the audit log."""

import statistics
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import Final, NamedTuple

import uvloop

from app import Workbench
from benchmarks.latency import TELL_TIME
from benchmarks.scene import Scene
from benchmarks.table import Figure, spread
from domain.ids import NodeId, RunId
from domain.models.audit import AuditRecord, Caller
from domain.models.commands import LaunchRun, SetPolicy
from domain.models.logs import LogBatch
from domain.models.policies import PolicyEffect, PolicyMatch, PolicyRule
from domain.models.projects import Project
from persistence.audit import Audit
from persistence.unit_of_work import Database, Unit
from serving.data_directory import DataDirectory
from serving.settings import Settings

LAUNCHES: Final = 200
GOAL: Final = 0.1
PROJECT: Final = "default"
ANYTHING: Final = PolicyRule(name="anything", match=PolicyMatch(), effect=PolicyEffect.ALLOW)


class Deaf(Audit):
    """Stores nothing of what it is told."""

    def add(self, record: AuditRecord) -> None:
        """Forget it."""


class Forgetful(Database):
    """Stores audit entries while it is told to."""

    is_audited = True

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Unit]:
        async with super().transaction() as unit:
            if not self.is_audited:
                unit.audit = Deaf(unit._session)  # noqa: SLF001 - as the unit makes its own
            yield unit


class Server(Workbench):
    """All of a server but HTTP, so that what is left weighs more than it does for a client."""

    @cached_property
    def database(self) -> Forgetful:
        database = Forgetful.open(
            self.settings.store_url, on_commit=self._wake, on_events=self._tell_streams
        )
        assert isinstance(database, Forgetful)
        return database


class Took(NamedTuple):
    """Milliseconds of one launch."""

    ms: float
    cpu_ms: float


@dataclass(frozen=True, kw_only=True)
class Bench:
    """A server that runs, and who launches on it what."""

    server: Server
    caller: Caller
    project: Project

    async def launch(self, *, is_audited: bool) -> Took:
        """From the launch until the program reads the clock; CPU up to the end of the run."""
        self.server.database.is_audited = is_audited
        cpu_before = time.process_time()
        command = LaunchRun(project=PROJECT, command=TELL_TIME)
        sent = time.time()
        run = await self.server.runs.launcher.launch(command, self.project, self.caller)
        started = await self._printed(run.id)
        return Took(ms=(started - sent) * 1000, cpu_ms=(time.process_time() - cpu_before) * 1000)

    async def _printed(self, run_id: RunId) -> float:
        lines: list[str] = []
        async for page in self.server.streams.runs.follow(run_id, 0):
            for event in page:
                if isinstance(event.fact, LogBatch):
                    lines += event.fact.lines
        return float(lines[0])


def audited(scene: Scene) -> list[Figure]:
    """Launches with and without in turn, so that whatever else the machine does meets both."""
    return uvloop.run(_audited(scene))


async def _audited(scene: Scene) -> list[Figure]:
    count = scene.scaled(LAUNCHES)
    async with _bench(scene) as bench:
        await bench.launch(is_audited=True)
        took = [await bench.launch(is_audited=number % 2 == 0) for number in range(2 * count)]
    ours, bare = took[::2], took[1::2]
    ratio = statistics.median(each.ms for each in ours) / statistics.median(
        each.ms for each in bare
    )
    cpu_ratio = statistics.median(each.cpu_ms for each in ours) / statistics.median(
        each.cpu_ms for each in bare
    )
    return [
        Figure(
            what=f"audit log's share of launch -> process started ({count} with, {count} without)",
            limit=f"without: {spread([each.ms for each in bare])}",
            measured=f"with: {spread([each.ms for each in ours])}; {1 - 1 / ratio:.1%} of p50, "
            f"{1 - 1 / cpu_ratio:.1%} of the CPU, HTTP left out",
            ratio=ratio,
            goal=f"under {GOAL:.0%} of p50",
            is_reached=1 - 1 / ratio < GOAL,
        )
    ]


@asynccontextmanager
async def _bench(scene: Scene) -> AsyncIterator[Bench]:
    settings = Settings(data_dir=scene.folder, project_root=scene.folder, port=0)
    DataDirectory(settings.data_dir).prepare()
    server = Server(settings=settings, node=NodeId("bench"), token="wb_" + "b" * 32)
    await server.prepare()
    async with server.started():
        caller = Caller(principal=await server.sign_in.bootstrap(server.token))
        async with server.database.snapshot() as unit:
            project = await unit.projects.by_slug(PROJECT)
        assert project is not None, "a first start makes it"
        command = SetPolicy(project=PROJECT, rules=(ANYTHING,), reason="benchmarks")
        project, _ = await server.governance.policies.set(command, project.id, caller)
        yield Bench(server=server, caller=caller, project=project)
