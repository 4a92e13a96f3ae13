"""Following something to its end, and what Ctrl-C does meanwhile."""

import asyncio
import signal
from abc import ABC, abstractmethod
from collections.abc import Coroutine, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

from cli.client.errors import ClientError
from cli.client.exits import CANCELED
from cli.client.screens import Display

Result = TypeVar("Result")


class Interrupts:
    """The first one asks for the run to be canceled, the second one does not wait for its end."""

    def __init__(self) -> None:
        self.cancel = asyncio.Event()
        self.leave = asyncio.Event()

    def add(self) -> None:
        (self.leave if self.cancel.is_set() else self.cancel).set()

    @contextmanager
    def listening(self) -> Iterator[None]:
        """For as long as this lasts, Ctrl-C comes here."""
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGINT, self.add)
        try:
            yield
        finally:
            loop.remove_signal_handler(signal.SIGINT)

    async def unless_left(self, work: Coroutine[Any, Any, Result]) -> Result | None:
        """What the work answers; None where the person left first, and the work is given up."""
        working = asyncio.create_task(work)
        leaving = asyncio.create_task(self.leave.wait())
        try:
            await asyncio.wait({working, leaving}, return_when=asyncio.FIRST_COMPLETED)
            return await working if working.done() else None
        finally:
            for part in (working, leaving):
                part.cancel()
            await asyncio.gather(working, leaving, return_exceptions=True)


class Watch(ABC):
    """One person looking at something that ends. `called` names it in a sentence."""

    def __init__(self, display: Display[Any, Any], called: str, *, cancels: bool = True) -> None:
        self._shown = display
        self._called = called
        self._cancels = cancels

    async def to_the_end(self, interrupts: Interrupts) -> int:
        """The exit code to leave with. Raises Refused, Unreachable, StreamLost."""
        work = [self._cancel_when_asked(interrupts), *self.beside()]
        beside = [asyncio.create_task(each) for each in work]
        try:
            code = await interrupts.unless_left(self.follow())
        finally:
            for each in beside:
                each.cancel()
            await asyncio.gather(*beside, return_exceptions=True)
        if code is None:
            self._shown.say(f"Left before the end of {self._called}.")
            return CANCELED
        return code

    @abstractmethod
    async def follow(self) -> int:
        """Show all of it; the exit code to leave with. Raises Refused, Unreachable, StreamLost."""

    @abstractmethod
    async def cancel(self) -> None:
        """Ask for its end. Raises Refused, Unreachable."""

    def beside(self) -> Sequence[Coroutine[Any, Any, None]]:
        """What else is done meanwhile."""
        return ()

    async def _cancel_when_asked(self, interrupts: Interrupts) -> None:
        """Who only looks on, and has not started it, leaves at once."""
        await interrupts.cancel.wait()
        if not self._cancels:
            interrupts.leave.set()
            return
        self._shown.say("Canceling; Ctrl-C again leaves without waiting for the end.")
        try:
            await self.cancel()
        except ClientError as error:
            self._shown.say(f"Not canceled: {error}")
