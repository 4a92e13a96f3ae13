"""The services over a real SQLite database and a scripted provider, on the test's own clock."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random

import pytest

from adapters.artifacts.folder import FolderStore
from adapters.finding import AutomatonFinder
from adapters.identifiers import Uuid7Maker
from domain.ids import NodeId, RunId
from domain.limits import ArtifactLimits, RunLimits
from domain.models.audit import Caller
from domain.models.commands import CreateProject, LaunchRun, SetPolicy
from domain.models.policies import PolicyRule
from domain.models.principals import Principal
from domain.models.projects import Project
from domain.models.providers import ProviderKind, ProviderSignal
from domain.models.runs import Run
from domain.models.sandbox import SandboxSettings
from domain.queue import ConcurrencyLimits
from domain.services.approvals import Approvals
from domain.services.circuits import Circuits
from domain.services.claims import Claimed
from domain.services.collecting import Collector
from domain.services.connections import Connections
from domain.services.dispatcher import Dispatcher
from domain.services.engine import Engine, engine_of
from domain.services.follower import Follower
from domain.services.gate import Gate
from domain.services.hub import Hub
from domain.services.kill_switches import KillSwitches
from domain.services.known_switches import KnownSwitches
from domain.services.known_tokens import KnownTokens
from domain.services.launcher import Launcher
from domain.services.placer import Placer
from domain.services.policies import Policies
from domain.services.projects import Projects
from domain.services.queue_bound import QueueBound
from domain.services.redactors import Redactors
from domain.services.registry import Registry
from domain.services.sign_in import SignIn
from domain.services.streams import LiveStreams
from domain.services.token_uses import TokenUses
from persistence.unit_of_work import Database
from tests.contract.store.scene import ANYTHING
from tests.databases import sqlite_at
from tests.domain.services.scripted import CountingMeter, ManualClock, ScriptedAdapter, word

TOKEN = "wb_a-token-for-the-tests"
LEASE_S = 15.0
QUEUE_MAX = 8
POLL_S = 10.0
ARTIFACT_LIMITS = ArtifactLimits(file_bytes_max=1000, files_max=20, run_bytes_max=2000)
LIMITS = RunLimits(timeout_ms_default=24 * 3600 * 1000)
"""The time of these tests goes on in leaps of an hour."""


@dataclass(kw_only=True)
class Desk:
    """Everything a test of the services touches. Its engine does not run: what is launched waits
    until the test claims it."""

    store: Database
    hub: Hub
    clock: ManualClock
    adapter: ScriptedAdapter
    meter: CountingMeter
    admin: Principal
    project: Project
    sign_in: SignIn
    policies: Policies
    launcher: Launcher
    kill_switches: KillSwitches
    dispatcher: Dispatcher
    follower: Follower
    engine: Engine
    streams: LiveStreams

    @property
    def caller(self) -> Caller:
        return Caller(principal=self.admin)

    async def with_rules(self, *rules: PolicyRule) -> Project:
        """The project from now on."""
        return await with_rules(self.policies, self.project, self.admin, *rules)

    async def launch(self, *command: str, key: str | None = None) -> Run:
        """Launch a command in the only project."""
        asked = LaunchRun(project="main", command=command or ("true",), idempotency_key=key)
        return await self.launcher.launch(asked, self.project, self.caller)

    async def started(self) -> Claimed:
        """Launch a run and hand it over."""
        await self.launch()
        [claimed] = await self.dispatcher.claim()
        followed = await self.dispatcher.dispatch(claimed)
        assert followed is not None
        return followed

    async def hold_in(self, sandbox: SandboxSettings) -> None:
        """Set how the project holds its runs in."""
        before = self.project.settings
        settings = replace(before, sandbox=sandbox, version=before.version + 1)
        async with self.store.transaction() as unit:
            await unit.projects.set_settings(self.project.id, settings)
        self.project = replace(self.project, settings=settings)

    async def run(self, run_id: RunId) -> Run:
        """The run as it is stored."""
        async with self.store.snapshot() as unit:
            run = await unit.runs.get(run_id)
        assert run is not None
        return run

    async def log_of(self, run_id: RunId) -> list[str]:
        """All lines of a finished run, by following its stream."""
        lines: list[str] = []
        async for page in self.streams.runs.follow(run_id, 0):
            for event in page:
                lines += getattr(event.fact, "lines", [])
        return lines

    def other_node(self) -> Dispatcher:
        """A second server's dispatcher on the same database."""
        return replace(self.dispatcher, node=NodeId("other"))


async def make_project(store: Database, clock: ManualClock, admin: Principal) -> Project:
    """The project `main`, of a folder that is taken as it is named."""
    projects = Projects(
        store=store,
        clock=clock,
        new_id=Uuid7Maker(),
        real_folder=lambda path: path,
        default_provider="local",
    )
    command = CreateProject(slug="main", name="Main", root_path="/srv")
    return await projects.create(command, Caller(principal=admin))


def make_gate(policies: Policies, registry: Registry) -> Gate:
    """One that no feature is closed to."""
    return Gate(
        store=policies.store,
        registry=registry,
        policies=policies,
        clock=policies.clock,
        new_id=Uuid7Maker(),
        disabled=frozenset(),
    )


async def with_rules(
    policies: Policies, project: Project, admin: Principal, *rules: PolicyRule
) -> Project:
    """The project as it is under these rules."""
    command = SetPolicy(project=project.slug, rules=rules, reason="tests")
    changed, _ = await policies.set(command, project.id, Caller(principal=admin))
    return changed


def make_engine(
    store: Database,
    hub: Hub,
    adapter: ScriptedAdapter,
    *,
    clock: ManualClock,
    meter: CountingMeter,
    folder: Path,
) -> Engine:
    """One that does not run yet, with room for two runs at once."""
    registry, limits = Registry([adapter]), RunLimits()
    connections, redactors = Connections(registry=registry), Redactors([TOKEN], AutomatonFinder)
    circuits = Circuits(store=store, clock=clock, meter=meter, redactors=redactors)
    dispatcher = Dispatcher(
        store=store,
        registry=registry,
        connections=connections,
        circuits=circuits,
        clock=clock,
        meter=meter,
        new_id=Uuid7Maker(),
        node=NodeId("one"),
        lease_s=LEASE_S,
        concurrency=ConcurrencyLimits(per_provider=2, per_project=2),
        limits=limits,
    )
    follower = Follower(
        store=store,
        signals=hub,
        connections=connections,
        circuits=circuits,
        clock=clock,
        meter=meter,
        redactors=redactors,
        limits=limits,
        collector=Collector(
            contents=FolderStore(folder / "artifacts"),
            clock=clock,
            new_id=Uuid7Maker(),
            meter=meter,
            redactors=redactors,
            limits=ARTIFACT_LIMITS,
        ),
    )
    return engine_of(dispatcher, follower, Random(7).random)


def make_launcher(engine: Engine, gate: Gate, switches: KnownSwitches) -> Launcher:
    """One whose runs the engine starts, once it runs."""
    store, clock, new_id, meter = engine.store, engine.clock, Uuid7Maker(), engine.meter
    approvals = Approvals(
        store=store, clock=clock, new_id=new_id, meter=meter, start_at_once=engine.take
    )
    return Launcher(
        store=store,
        gate=gate,
        connections=engine.dispatcher.connections,
        approvals=approvals,
        clock=clock,
        meter=meter,
        placer=Placer(
            approvals=approvals,
            new_id=new_id,
            limits=LIMITS,
            queue=QueueBound(QUEUE_MAX),
            start_at_once=engine.take,
        ),
        switches=switches,
    )


@asynccontextmanager
async def open_desk(folder: Path) -> AsyncIterator[Desk]:
    """One project, one administrator, room for two runs at once."""
    clock, new_id, meter = ManualClock(), Uuid7Maker(), CountingMeter()
    hub, known = Hub(clock), KnownTokens()

    def wake(topics: frozenset[str]) -> None:
        known.wake(topics)
        switches.wake(topics)
        hub.wake(topics)

    store = Database.open(
        sqlite_at(folder / "workbench.db"),
        on_commit=wake,
        on_events=lambda run_id, events: streams.runs.tell(run_id, events),  # noqa: PLW0108 - made below
    )
    switches = KnownSwitches(store, clock)
    streams = LiveStreams(store=store, signals=hub, clock=clock, meter=meter)
    adapter = ScriptedAdapter(clock=clock)
    registry = Registry([adapter])
    uses = TokenUses(store=store, clock=clock, meter=meter)
    sign_in = SignIn(store=store, clock=clock, new_id=new_id, uses=uses, known=known)
    admin = await sign_in.bootstrap(TOKEN)
    policies = Policies(store=store, clock=clock)
    made = await make_project(store, clock, admin)
    project = await with_rules(policies, made, admin, ANYTHING)
    engine = make_engine(store, hub, adapter, clock=clock, meter=meter, folder=folder)
    launcher = make_launcher(engine, make_gate(policies, registry), switches)
    yield Desk(
        store=store,
        hub=hub,
        clock=clock,
        adapter=adapter,
        meter=meter,
        admin=admin,
        project=project,
        sign_in=sign_in,
        policies=policies,
        launcher=launcher,
        kill_switches=KillSwitches(
            store=store, clock=clock, registry=registry, cancel=launcher.cancel
        ),
        dispatcher=engine.dispatcher,
        follower=engine.follower,
        engine=engine,
        streams=streams,
    )
    await store.close()


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    """The same, for one test."""
    async with open_desk(tmp_path) as opened:
        yield opened


@pytest.fixture
def far(desk: Desk) -> Desk:
    """The desk's provider is far away and has to be asked."""
    desk.adapter.kind, desk.adapter.poll_s = ProviderKind.PLATFORM, POLL_S
    desk.adapter.sites, desk.adapter.words = frozenset(), [word(ProviderSignal.RUNNING)]
    return desk
