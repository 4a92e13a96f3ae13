"""Following one workflow run to its end."""

import asyncio
from contextlib import aclosing
from typing import Final

from cli.client import failures, workflow_runs
from cli.client.api import Ending
from cli.client.connection import Connection, Fields
from cli.client.exits import exit_code
from cli.client.stream import follow
from cli.client.watch import Watch
from cli.client.workflow_display import WorkflowDisplay

_STAYS: Final = "It has FAILED, and goes on when somebody retries or skips a step, or plans anew."


class WorkflowWatch(Watch):
    """One person looking at one workflow run.

    It is over when it has SUCCEEDED or was CANCELED. One that has FAILED goes on if people have it
    go on: its stream does not end there, and may tell of many failures that are long mended. So the
    failure that ends the watch is the one in which the run still is; with `past_failure` none does.
    """

    def __init__(
        self,
        connection: Connection,
        run_id: str,
        display: WorkflowDisplay,
        *,
        past_failure: bool = False,
        cancels: bool = True,
    ) -> None:
        super().__init__(display, f"workflow run {run_id}", cancels=cancels)
        self._connection = connection
        self._run_id = run_id
        self._display = display
        self._past_failure = past_failure

    async def follow(self) -> int:
        run = await self._followed()
        self._display.ended(run)
        failure = run["failure"] or {}
        return exit_code(Ending(state=run["state"], failure_code=failure.get("code")))

    async def cancel(self) -> None:
        given = {"id": self._run_id, "reason": "Ctrl-C"}
        await workflow_runs.act(self._connection, "workflowRunCancel", given)

    async def _followed(self) -> Fields:
        self._display.plan(await self._read())
        subscription = workflow_runs.events_of(self._run_id)
        events = follow(self._connection, subscription, on_break=self._display.broke)
        async with aclosing(events) as stream:
            async for event in stream:
                if event["__typename"] == "WorkflowRunReplanned":
                    self._display.plan(await self._read())
                # Nobody may be reading our output; Ctrl-C has to be heard all the same.
                await asyncio.to_thread(self._display.show, event)
                if event.get("step") == "FAILED" and event["runId"]:
                    for line in await failures.printed(self._connection, event["runId"]):
                        self._display.say(line)
                if _is_failure(event) and (stands := await self._stands(event)):
                    if not self._past_failure:
                        return stands
                    self._display.say(_STAYS)
        return await self._read()

    async def _stands(self, event: Fields) -> Fields | None:
        """The run, where this failure is the one that it is in."""
        run = await self._read()
        return run if run["state"] == "FAILED" and run["finishedAt"] == event["at"] else None

    async def _read(self) -> Fields:
        return await workflow_runs.read(self._connection, self._run_id)


def _is_failure(event: Fields) -> bool:
    return (event["__typename"], event.get("to")) == ("WorkflowRunStateChanged", "FAILED")
