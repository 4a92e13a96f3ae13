"""The live end of one stream, and the subscribers that have read up to it.

Waking a task costs more than most of what it does then. So a subscriber that waits at the end may
pass a function that takes events directly. It is woken only for events that it could not take so,
and then reads on from its own place.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from domain.models.streams import StreamEvent
from domain.services.grants import Hold

GIVEN_EVENTS_MAX = 8
"""Events handed over at once at most; each subscriber reads longer pages in its own task."""

E = TypeVar("E", bound=StreamEvent)

Take = Callable[[E], bool]
"""Takes an event without waiting; False where it cannot be taken so. Never raises."""


@dataclass(slots=True, eq=False)
class Waiter(Generic[E]):
    """A subscriber with nothing left to read: its place, and how it takes what comes."""

    sequence: int
    take: Take[E] | None
    woken: asyncio.Future[None]

    def give(self, page: Sequence[E]) -> bool:
        """Hand the page over, as far as it was not seen yet; False where not all was taken."""
        for event in page:
            if event.sequence <= self.sequence:
                continue
            if self.take is None or self.woken.done() or not self.take(event):
                return False
            self.sequence = event.sequence
        return True

    def wake(self) -> None:
        if not self.woken.done():
            self.woken.set_result(None)


@dataclass(slots=True, eq=False)
class Tail(Generic[E]):
    """The end of one stream as it is known here, and who waits for it to move."""

    sequence: int = -1
    is_over: bool = False
    subscribers: int = 0
    watch: asyncio.Task[None] | None = None
    _error: Exception | None = None
    _waiting: set[Waiter[E]] = field(default_factory=set)

    def reach(self, sequence: int, *, is_over: bool, page: Sequence[E] = ()) -> None:
        """The end is there now. `page` is all that lies between the last one and this one, if it
        is known; it is given to those who can take it, and the others are woken."""
        self.sequence, self.is_over = sequence, is_over
        given = page if len(page) <= GIVEN_EVENTS_MAX else ()
        for waiter in tuple(self._waiting):
            if not waiter.give(given) or waiter.sequence < sequence or is_over:
                self._waiting.discard(waiter)
                waiter.wake()

    def fail(self, error: Exception) -> None:
        self._error = error
        for waiter in self._waiting:
            waiter.wake()

    async def move(self, sequence: int, take: Take[E] | None, hold: Hold) -> int:
        """Wait at a place that is level with the end. Returns the place reached by taking, once
        there is something behind it, the stream is over, or what is held is lost.

        Raises what keeps the end from being known.
        """
        waiter = Waiter(sequence, take, asyncio.get_running_loop().create_future())
        hold.tell = waiter.wake
        if self._error is None:
            self._waiting.add(waiter)
            try:
                await waiter.woken
            finally:
                self._waiting.discard(waiter)
        if self._error is not None:
            raise self._error
        return waiter.sequence
