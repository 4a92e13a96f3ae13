"""Asking providers: in time, not while they are away, and each apart from all others."""

import asyncio
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Final, TypeVar

from domain.circuit import CLOSED, Circuit, CircuitState
from domain.errors import ProviderLeftAlone, ProviderUnavailable, StorageUnavailable, WorkbenchError
from domain.ids import ProjectId
from domain.models.project_events import ProjectProviderHealthChanged
from domain.models.providers import ProviderKind
from domain.ports import Clock, Meter, Provider, Store
from domain.services.redactors import Redactors

ASK_TIMEOUT_S: Final = 30.0
START_TIMEOUT_S: Final = 60.0
"""Of a dispatch, which may have to make a machine first, and of an answer to a question."""
CIRCUITS_MAX: Final = 10_000
"""The one that was changed longest ago goes, and begins anew."""

log = logging.getLogger(__name__)

T = TypeVar("T")
Key = tuple[ProjectId, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Circuits:
    """One for each project and provider, as this node has found them. Their outages are told to
    the project. This machine has none: nobody else's outage can be taken for its own."""

    store: Store
    clock: Clock
    meter: Meter
    redactors: Redactors
    _known: dict[Key, Circuit] = field(default_factory=dict)

    def of(self, project_id: ProjectId, provider: str) -> Circuit:
        return self._known.get((project_id, provider), CLOSED)

    def state(self, project_id: ProjectId, provider: str) -> CircuitState:
        return self.of(project_id, provider).state(self.clock.now())

    async def ask(
        self,
        provider: Provider,
        project_id: ProjectId,
        call: Callable[[], Awaitable[T]],
        timeout_s: float = ASK_TIMEOUT_S,
    ) -> T:
        """What the adapter answers or raises; and ProviderUnavailable where it takes too long, or
        is not asked because the circuit is open."""
        if provider.kind is ProviderKind.LOCAL:
            return await call()
        key = (project_id, provider.key)
        self._enter(key)
        try:
            async with asyncio.timeout(timeout_s):
                answer = await call()
        except TimeoutError as error:
            late = ProviderUnavailable(f"No answer within {timeout_s:g} s.")
            await self._failed(key, late)
            raise late from error
        except ProviderUnavailable as error:
            await self._failed(key, error)
            raise
        except WorkbenchError:
            await self._succeeded(key)
            raise
        await self._succeeded(key)
        return answer

    async def listen(
        self, provider: Provider, project_id: ProjectId, told: AsyncGenerator[T, None]
    ) -> AsyncGenerator[T, None]:
        """What a stream tells, to be left through aclosing; raises as `ask` does. Its first word is
        the answer, or that it ends: after that it may be silent for as long as it likes. One that
        breaks is an outage."""
        async with aclosing(told):
            if provider.kind is ProviderKind.LOCAL:
                async for each in told:
                    yield each
                return
            key, is_heard = (project_id, provider.key), False
            self._enter(key)
            try:
                async for each in told:
                    if not is_heard:
                        is_heard = True
                        await self._succeeded(key)
                    yield each
            except ProviderUnavailable as error:
                await self._failed(key, error)
                raise
            except WorkbenchError:
                await self._succeeded(key)
                raise
            if not is_heard:
                await self._succeeded(key)

    def _enter(self, key: Key) -> None:
        now, circuit = self.clock.now(), self.of(*key)
        if not circuit.admits(now):
            raise ProviderLeftAlone(
                f"It is left alone for a while: {circuit.reason}",
                is_unsent=True,
                retry_after_s=circuit.wait_s(now),
            )
        if circuit is not CLOSED:
            self._known[key] = circuit.asked(now)

    async def _failed(self, key: Key, error: ProviderUnavailable) -> None:
        before, now = self.of(*key), self.clock.now()
        self.meter.provider_failed(key[1])
        self._known.pop(key, None)
        self._known[key] = before.failed(now, error.message, error.retry_after_s)
        if len(self._known) > CIRCUITS_MAX:
            del self._known[next(iter(self._known))]
        if before.opens_until is None and self._known[key].opens_until is not None:
            await self._tell(key, CircuitState.OPEN, error.message)

    async def _succeeded(self, key: Key) -> None:
        before = self._known.pop(key, CLOSED)
        if before.opens_until is not None:
            await self._tell(key, CircuitState.CLOSED, None)

    async def _tell(self, key: Key, state: CircuitState, reason: str | None) -> None:
        project_id, provider = key
        self.meter.circuit_is(provider, state)
        reason = None if reason is None else self.redactors.told(project_id, reason)
        fact = ProjectProviderHealthChanged(provider=provider, circuit=state, reason=reason)
        try:
            async with self.store.transaction() as unit:
                unit.project_events.add(project_id, fact, actor=None, at=self.clock.now())
        except StorageUnavailable as error:
            log.warning("not told that %s is %s: %s", provider, state, error.message)
