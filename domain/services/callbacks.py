"""Providers that call us when something has happened to a run, so that it is asked after at once.

Nothing else comes of a callback: what has happened is the provider's word when it is asked. Who
calls learns nothing, since all is answered alike before it is looked at.
"""

import asyncio
import logging
from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Final, Protocol, runtime_checkable

from domain.errors import NotFound, ProviderUnconfigured
from domain.ids import ProjectId
from domain.models.callbacks import Callback, Heard
from domain.models.providers import Connection
from domain.ports import Clock, Meter, Provider, Store
from domain.services.connections import Connect
from domain.services.registry import Registry

WAITING_MAX: Final = 128
WINDOW: Final = timedelta(minutes=10)
"""What is older is a replay, or came too late to be of use."""
KEPT_MAX: Final = 10_000
GAP: Final = timedelta(seconds=2)
"""Between two looks at one run, however many callbacks come."""

log = logging.getLogger(__name__)

RunKey = tuple[ProjectId, str, str]


@runtime_checkable
class Hears(Provider, Protocol):
    """A provider that signs what it sends."""

    def hear(self, connection: Connection, callback: Callback) -> Heard | None:
        """None for what the provider has not signed with the project's own secret, and for what is
        of no run."""
        ...


@runtime_checkable
class Stirs(Provider, Protocol):
    """A provider whose runs are listened to, and which asks by itself."""

    def stir(self, project_id: ProjectId, provider_run_id: str) -> bool:
        """Have it ask now after what is listened to on this server; False where that is not."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One callback, and to whom it was addressed."""

    provider: str
    slug: str
    callback: Callback


@dataclass(slots=True, kw_only=True)
class Callbacks:
    """Runs until it is canceled."""

    store: Store
    clock: Clock
    meter: Meter
    registry: Registry
    connect: Connect
    _waiting: asyncio.Queue[Call] = field(default_factory=lambda: asyncio.Queue(WAITING_MAX))
    _seen: OrderedDict[bytes, datetime] = field(default_factory=OrderedDict)
    _due: OrderedDict[RunKey, datetime] = field(default_factory=OrderedDict)

    def offer(self, call: Call) -> None:
        """Have it looked at soon; one that finds no room is as if it had been lost on the way."""
        try:
            self._waiting.put_nowait(call)
        except asyncio.QueueFull:
            self.meter.reached("callbacks")

    async def run(self) -> None:
        """One after the other."""
        while True:
            call = await self._waiting.get()
            try:
                await self.take(call)
            except Exception:
                self.meter.failed("callbacks")
                log.exception("a callback could not be looked at")

    async def take(self, call: Call) -> bool:
        """Whether a run is asked after sooner for it. Raises StorageUnavailable."""
        provider = self.registry.find(call.provider)
        # Of whoever may call some have a NUL, which PostgreSQL takes in no text.
        if not isinstance(provider, Hears) or "\0" in call.slug:
            return False
        async with self.store.snapshot() as unit:
            by_id = await unit.projects.get(ProjectId(call.slug))
            project = by_id or await unit.projects.by_slug(call.slug)
        if project is None:
            return False
        heard = await self._heard(provider, project.id, call.callback)
        if heard is None:
            return False
        if isinstance(provider, Stirs):
            return provider.stir(project.id, heard.provider_run_id)
        return await self._hasten((project.id, call.provider, heard.provider_run_id))

    async def _heard(
        self, provider: Hears, project_id: ProjectId, callback: Callback
    ) -> Heard | None:
        """What is signed, in time, and new."""
        try:
            connection = await self.connect(project_id, provider)
        except (ProviderUnconfigured, NotFound):
            return None
        heard = provider.hear(connection, callback)
        if heard is None or self._is_replay(project_id, provider.key, callback, heard.at):
            return None
        return heard

    def _is_replay(
        self, project_id: ProjectId, provider: str, callback: Callback, at: datetime | None
    ) -> bool:
        """By what is signed: the id of a delivery is in a header, which anybody can change."""
        now = self.clock.now()
        if at is not None and abs(now - at) > WINDOW:
            return True
        digest = sha256(f"{project_id}/{provider}/".encode() + callback.body).digest()
        if digest in self._seen:
            return True
        self._seen[digest] = now
        if len(self._seen) > KEPT_MAX:
            self._seen.popitem(last=False)
        return False

    async def _hasten(self, key: RunKey) -> bool:
        """At once, unless it was just done: then once more after a while."""
        now, last = self.clock.now(), self._due.get(key)
        if last is not None and last > now:
            return False
        at = now if last is None else max(now, last + GAP)
        project_id, provider, provider_run_id = key
        async with self.store.transaction() as unit:
            found = await unit.following.hasten_known(project_id, provider, provider_run_id, at)
        if found:
            self._due[key] = at
            self._due.move_to_end(key)
            if len(self._due) > KEPT_MAX:
                self._due.popitem(last=False)
        return found
