"""Wake-ups inside one process: who waits for a topic is told that it may have grown."""

import asyncio
from collections.abc import AsyncIterator, Collection, Iterator
from contextlib import asynccontextmanager
from itertools import cycle
from typing import Final, Self

from domain.ports import Clock

POLL_INTERVAL_S: Final = 5.0
SLOTS: Final = 10
"""A poll raises a tenth of the flags at a time, so that their readers do not all come at once."""


class HubFlag:
    """A `domain.ports.Flag` of one waiter: a future while somebody waits, a mark otherwise."""

    __slots__ = ("_is_raised", "_waiter", "slot")

    def __init__(self, slot: int) -> None:
        self.slot = slot
        self._is_raised = False
        self._waiter: asyncio.Future[None] | None = None

    def wake(self) -> None:
        """Raise the flag; raised twice it is raised once."""
        self._is_raised = True
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    async def wait(self) -> None:
        assert self._waiter is None, "a flag has one waiter"
        if not self._is_raised:
            self._waiter = asyncio.get_running_loop().create_future()
            try:
                await self._waiter
            finally:
                self._waiter = None
        self._is_raised = False


class Hub:
    """The in-process half of `domain.ports.Signals`. It holds the flags being listened to, no more.

    While entered it raises every flag once each `poll_interval_s` seconds, which is the floor under
    wake-ups that get lost between processes.
    """

    def __init__(self, clock: Clock, *, poll_interval_s: float = POLL_INTERVAL_S) -> None:
        self._clock = clock
        self._slot_s = poll_interval_s / SLOTS
        self._slots = cycle(range(SLOTS))
        self._flags: dict[str, set[HubFlag]] = {}
        self._poll: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        assert self._poll is None
        self._poll = asyncio.create_task(self._poll_by_slot(), name="hub poll")
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._poll is not None
        poll, self._poll = self._poll, None
        poll.cancel()
        await asyncio.wait([poll])
        # Without the poll nobody may be left waiting for it.
        self.wake_all()
        if not poll.cancelled():
            poll.result()

    @asynccontextmanager
    async def listen(self, topic: str) -> AsyncIterator[HubFlag]:
        """A flag that is raised with the topic; for one task to wait on."""
        flag = HubFlag(next(self._slots))
        self._flags.setdefault(topic, set()).add(flag)
        try:
            yield flag
        finally:
            self._forget(topic, flag)

    def wake(self, topics: Collection[str]) -> None:
        """Raise the flags of these topics, here only."""
        for topic in topics:
            for flag in self._flags.get(topic, ()):
                flag.wake()

    def wake_all(self) -> None:
        """Raise every flag: nobody knows what was missed."""
        for flag in self._all():
            flag.wake()

    @property
    def flag_count(self) -> int:
        """How many flags are being listened to."""
        return sum(len(flags) for flags in self._flags.values())

    @property
    def topic_count(self) -> int:
        """How many topics somebody listens to."""
        return len(self._flags)

    def _all(self) -> Iterator[HubFlag]:
        for flags in self._flags.values():
            yield from flags

    def _forget(self, topic: str, flag: HubFlag) -> None:
        flags = self._flags[topic]
        flags.discard(flag)
        if not flags:
            del self._flags[topic]

    async def _poll_by_slot(self) -> None:
        for slot in cycle(range(SLOTS)):
            await self._clock.sleep(self._slot_s)
            for flag in self._all():
                if flag.slot == slot:
                    flag.wake()
