"""Following one workflow run to its end, and what Ctrl-C does meanwhile."""

import asyncio
from contextlib import aclosing

from cli.client import workflows
from cli.client.api import Ending
from cli.client.connection import Connection, Fields
from cli.client.errors import ClientError
from cli.client.exits import CANCELED, exit_code
from cli.client.stream import follow
from cli.client.watch import Interrupts
from cli.client.workflow_display import WorkflowDisplay


class WorkflowWatch:
    """One person looking at one workflow run."""

    def __init__(self, connection: Connection, run_id: str, display: WorkflowDisplay) -> None:
        self._connection = connection
        self._run_id = run_id
        self._display = display

    async def to_the_end(self, interrupts: Interrupts) -> int:
        """The exit code to leave with. Raises Refused, Unreachable, StreamLost."""
        canceling = asyncio.create_task(self._cancel_when_asked(interrupts))
        try:
            run = await interrupts.unless_left(self._follow())
        finally:
            canceling.cancel()
            await asyncio.gather(canceling, return_exceptions=True)
        if run is None:
            self._display.say(f"Left before the end of workflow run {self._run_id}.")
            return CANCELED
        self._display.ended(run)
        failure = run["failure"] or {}
        return exit_code(Ending(state=run["state"], failure_code=failure.get("code")))

    async def _follow(self) -> Fields:
        self._display.plan(await workflows.read(self._connection, self._run_id))
        events = follow(self._connection, workflows.events_of(self._run_id), on_break=self._broke)
        async with aclosing(events) as stream:
            async for event in stream:
                if event["__typename"] == "WorkflowRunReplanned":
                    self._display.plan(await workflows.read(self._connection, self._run_id))
                # Nobody may be reading our output; Ctrl-C has to be heard all the same.
                await asyncio.to_thread(self._display.show, event)
        return await workflows.read(self._connection, self._run_id)

    def _broke(self) -> None:
        self._display.say("Connection lost, trying again.")

    async def _cancel_when_asked(self, interrupts: Interrupts) -> None:
        await interrupts.cancel.wait()
        self._display.say("Canceling; Ctrl-C again leaves without waiting for the end.")
        try:
            given = {"id": self._run_id, "reason": "Ctrl-C"}
            await workflows.act(self._connection, "workflowRunCancel", given)
        except ClientError as error:
            self._display.say(f"Not canceled: {error}")
