"""Following one run to its end."""

import asyncio
from collections.abc import Coroutine, Sequence
from contextlib import aclosing, suppress
from typing import Any, Final

from cli.client import api
from cli.client.connection import Connection
from cli.client.errors import ClientError
from cli.client.exits import exit_code
from cli.client.screens import Display
from cli.client.stream import follow
from cli.client.watch import Watch

HOLD_LOOK_S: Final = 2.0
"""So often it is asked what a run waits for that does not start."""


class RunWatch(Watch):
    """One person looking at one run."""

    def __init__(
        self, connection: Connection, run_id: str, display: Display[api.Happening, api.Ending]
    ) -> None:
        super().__init__(display, f"run {run_id}")
        self._connection = connection
        self._run_id = run_id
        self._display = display
        self._queued = asyncio.Event()
        self._queued.set()

    async def follow(self) -> int:
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
        ending = await api.ending(self._connection, self._run_id)
        self._display.ended(ending)
        return exit_code(ending)

    async def cancel(self) -> None:
        await api.cancel(self._connection, self._run_id)

    def beside(self) -> Sequence[Coroutine[Any, Any, None]]:
        return (self._tell_holds(),)

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
