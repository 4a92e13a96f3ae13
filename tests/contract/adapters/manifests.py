"""Rigs for manifests: a stand-in of the platform whose runs do what their work names."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Collection, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any, Final
from urllib.parse import urlsplit

from starlette.types import ASGIApp

from adapters.clock import SystemClock
from adapters.http.outbound import Outbound
from adapters.identifiers import Uuid7Maker
from adapters.rest.provider import RestProvider
from domain.ids import ProjectId, RunId
from domain.models.providers import Connection, ProviderSignal, RunHandle, WorkOrder
from domain.models.runs import RunKind
from domain.models.secrets import Secret
from domain.ports import Adapter
from tests.adapters.rest.connecting import at, order, shipped
from tests.contract.adapters.rig import LINES, QUESTION, Act, Rig, make_prompt
from tests.faults import FaultyProxy, Reply, reply
from tests.platforms.serving import KEY, Json, Platform, served

PAUSE_S: Final = 0.005
MAKE_ID: Final = Uuid7Maker()


def _the_same(lines: list[str]) -> list[str]:
    return lines


@dataclass(frozen=True, kw_only=True)
class Stage:
    """What is particular to one platform."""

    platform: Callable[[], Platform]
    starts_at: tuple[str, str]
    """Method of the request that starts a run, and how its path ends."""
    says: str
    """An answer to the question for a run's status, with WORD for the word."""
    config: Mapping[str, str] = field(default_factory=dict)
    failing: Json = field(default_factory=dict)
    """What a run that fails says beside what `moves` has."""
    asking: Json = field(default_factory=dict)
    """Likewise one that asks."""
    unknown: str = "no-such-run"
    """The id of a run that there is none of, as the platform makes them."""
    own: Callable[[list[str]], list[str]] = _the_same
    """Of what a log shows, what the run itself has printed."""
    acts: Collection[Act] = frozenset(Act)
    unasked: frozenset[str] = frozenset()
    asks_in_log: bool = False
    is_keyed: bool = False
    can_look_up: bool = True


class Theatre:
    """Lets the runs of a platform act. A run's own work says how."""

    def __init__(self, stage: Stage) -> None:
        self.platform = stage.platform()
        self._stage = stage
        self._acting: set[asyncio.Task[None]] = set()

    @property
    def app(self) -> ASGIApp:
        app = self.platform.app

        async def watched(scope: Any, receive: Any, send: Any) -> None:
            before = self._asked()
            await app(scope, receive, send)
            for run in self._asked() - before:
                self._acting.add(asyncio.create_task(self._act(run)))

        return watched

    def _asked(self) -> set[str]:
        return {name for name, run in self.platform.runs.items() if "asked" in run}

    async def _act(self, run: str) -> None:
        match _act_of(self.platform.runs[run]["asked"]):
            case Act.COUNT:
                await self._count(run)
            case Act.FAIL:
                self._move(run, ProviderSignal.FAILED, self._stage.failing)
            case Act.ASK:
                await self._ask(run)
            case Act.WAIT:
                self._move(run, ProviderSignal.RUNNING)

    async def _count(self, run: str) -> None:
        self._move(run, ProviderSignal.RUNNING)
        for line in LINES:
            self.platform.say(run, line)
            await asyncio.sleep(PAUSE_S)
        self._move(run, ProviderSignal.SUCCEEDED)

    async def _ask(self, run: str) -> None:
        waiting = self.platform.moves[ProviderSignal.WAITING]
        self.platform.say(run, QUESTION)
        self._move(run, ProviderSignal.WAITING, self._stage.asking)
        while waiting.items() <= self.platform.runs[run].items():
            await asyncio.sleep(PAUSE_S)
        self.platform.say(run, *self.platform.runs[run].get("answers", ()))
        self._move(run, ProviderSignal.SUCCEEDED)

    def _move(self, run: str, signal: ProviderSignal, more: Json | None = None) -> None:
        self.platform.runs[run] |= {**self.platform.moves.get(signal, {}), **(more or {})}

    async def close(self) -> None:
        for act in self._acting:
            act.cancel()
        ends = await asyncio.gather(*self._acting, return_exceptions=True)
        assert [] == [end for end in ends if isinstance(end, Exception)]


def new_run() -> RunId:
    """As the server makes them: an id says how old a run is, and that counts where a platform
    forgets."""
    return RunId(MAKE_ID())


def _act_of(asked: Json) -> Act:
    """Its first word says so; behind it in a prompt is the run's id, which not every platform gets
    otherwise."""
    (act,) = {
        words[0] for text in _texts(asked) if (words := text.split()) and words[0] in set(Act)
    }
    return Act(act)


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value.removeprefix("#!/bin/sh\nexec ")
    elif isinstance(value, dict):
        for each in value.values():
            yield from _texts(each)
    elif isinstance(value, list):
        for each in value:
            yield from _texts(each)


class ManifestRig(Rig):
    """A shipped manifest in front of its platform."""

    stride = 7

    def __init__(self, proxy: FaultyProxy, stage: Stage, platform: Platform) -> None:
        self.proxy, self.stage, self.platform, self.secret = proxy, stage, platform, KEY
        self.can_look_up, self.is_keyed = stage.can_look_up, stage.is_keyed
        self.asks_in_log, self.unasked = stage.asks_in_log, stage.unasked
        self.unknown = RunHandle(run_id=new_run(), provider_run_id=stage.unknown)
        self.outbound: Outbound | None = None

    async def restart(self) -> None:
        if self.outbound is not None:
            await self.outbound.close()
        self.outbound = Outbound(clock=SystemClock(), deadline_s=20)
        manifest = at(shipped(self.platform.key), self.proxy.url)
        self.provider = RestProvider(manifest=manifest, outbound=self.outbound)
        self.adapter = self.with_secret(KEY)

    def with_secret(self, secret: str) -> Adapter:
        connection = Connection(
            project_id=ProjectId("p"),
            provider=self.provider.key,
            config={**self.platform.config, **self.stage.config},
            secrets={self.platform.secret: Secret(secret)},
        )
        return self.provider.open(connection)

    def hurry(self) -> None:
        assert self.outbound is not None
        self.outbound.deadline_s = 0.3

    def acts(self, act: Act) -> WorkOrder | None:
        if act not in self.stage.acts:
            return None
        if RunKind.PROMPT not in self.provider.run_kinds:
            return order(act, run_id=new_run())
        run_id = new_run()
        return replace(make_prompt(act), run_id=run_id, prompt=f"{act} {run_id}")

    async def starts(self, run_id: RunId) -> int:
        """Each platform keeps what it was asked, and the run's id is in that in some form."""
        token = str(run_id)
        asked = [json.dumps(run["asked"]) for run in self.platform.runs.values() if "asked" in run]
        return sum(token in each.replace("-", "") for each in asked)

    def is_dispatch(self, head: bytes) -> bool:
        method, path = self.stage.starts_at
        words = head.split(b"\r\n")[0].decode().split(" ")
        return words[0] == method and words[1].endswith(path)

    def says(self, word: str) -> Reply:
        return reply(200, self.stage.says.replace("WORD", word).encode())

    def own(self, lines: list[str]) -> list[str]:
        return self.stage.own(lines)


@asynccontextmanager
async def rigged(stage: Stage) -> AsyncIterator[ManifestRig]:
    """A rig, while its platform is served."""
    theatre = Theatre(stage)
    async with served(theatre.app) as url:
        upstream = ("127.0.0.1", urlsplit(url).port or 0)
        async with FaultyProxy(upstream=upstream).running() as proxy:
            rig = ManifestRig(proxy, stage, theatre.platform)
            await rig.restart()
            yield rig
            assert rig.outbound is not None
            await rig.outbound.close()
    await theatre.close()
