"""Following one run to its end, and what Ctrl-C does meanwhile."""

import asyncio
import signal
from collections.abc import Coroutine, Iterator
from contextlib import aclosing, contextmanager, suppress
from typing import Any, Final, TypeVar

from cli.client import api
from cli.client.connection import Connection
from cli.client.display import Display
from cli.client.errors import ClientError
from cli.client.exits import CANCELED, exit_code
from cli.client.stream import follow

HOLD_LOOK_S: Final = 2.0
"""So often it is asked what a run waits for that does not start."""

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


class Watch:
    """One person looking at one run."""

    def __init__(self, connection: Connection, run_id: str, display: Display) -> None:
        self._connection = connection
        self._run_id = run_id
        self._display = display
        self._queued = asyncio.Event()
        self._queued.set()

    async def to_the_end(self, interrupts: Interrupts) -> int:
        """The exit code to leave with. Raises Refused, Unreachable, StreamLost."""
        beside = [
            asyncio.create_task(self._cancel_when_asked(interrupts)),
            asyncio.create_task(self._tell_holds()),
        ]
        try:
            ending = await interrupts.unless_left(self._follow())
        finally:
            for each in beside:
                each.cancel()
            await asyncio.gather(*beside, return_exceptions=True)
        if ending is None:
            self._display.show(api.Noticed(text=f"Left before the end of run {self._run_id}."))
            return CANCELED
        self._display.ended(ending)
        return exit_code(ending)

    async def _follow(self) -> api.Ending:
        events = follow(self._connection, api.events_of(self._run_id), on_break=self._display.broke)
        async with aclosing(events) as stream:
            async for event in stream:
                happening = api.happening(event)
                if isinstance(happening, api.Asked):
                    happening = await api.asked(self._connection, happening.approval_id)
                if isinstance(happening, api.StateChanged):
                    (self._queued.set if happening.state == "QUEUED" else self._queued.clear)()
                if happening is not None:
                    # Nobody may be reading our output; Ctrl-C has to be heard all the same.
                    await asyncio.to_thread(self._display.show, happening)
        return await api.ending(self._connection, self._run_id)

    async def _tell_holds(self) -> None:
        """What waits in the queue is told nothing of kill switches by its stream: they are not its
        own. Each is told once."""
        told: api.Noticed | None = None
        while True:
            await asyncio.sleep(HOLD_LOOK_S)
            await self._queued.wait()
            with suppress(ClientError):
                found = await api.held(self._connection, self._run_id)
                if found is not None and found != told and self._queued.is_set():
                    self._display.show(found)
                told = found

    async def _cancel_when_asked(self, interrupts: Interrupts) -> None:
        await interrupts.cancel.wait()
        text = "Canceling; Ctrl-C again leaves without waiting for the end."
        self._display.show(api.Noticed(text=text))
        try:
            await api.cancel(self._connection, self._run_id)
        except ClientError as error:
            self._display.show(api.Noticed(text=f"Not canceled: {error}"))
