"""Work shared between those who follow the same run in the same way.

Executing and encoding an event costs ten times what sending it does. Subscribers with the same
document, variables, operation and visibility get the same bytes, so only the first of them pays.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from inspect import isawaitable
from typing import Final

import orjson
from graphql import ExecutionResult as Executed
from strawberry.types import ExecutionResult

ENTRY_OVERHEAD_BYTES: Final = 300
"""What an entry costs besides its text: key, fragment, and their places in the table."""

ShapeKey = tuple[object, ...]
Execute = Callable[[], Executed | Awaitable[Executed]]


@dataclass(slots=True, eq=False)
class Shape:
    """One way to follow one run, and how many follow in it now."""

    key: ShapeKey
    followers: int = 0


EventKey = tuple[Shape, int, int]
"""A shape, an event's sequence, and its first line, which differs where a batch was cut."""


class Sharing:
    """Encoded results by shape and event, the oldest dropped first; `bytes_max` in all."""

    def __init__(self, bytes_max: int) -> None:
        self._bytes_max = bytes_max
        self._bytes = 0
        self._encoded: OrderedDict[EventKey, tuple[orjson.Fragment, int]] = OrderedDict()
        self._executing: dict[EventKey, asyncio.Future[None]] = {}
        self._shapes: dict[ShapeKey, Shape] = {}

    @contextmanager
    def following(self, key: ShapeKey) -> Iterator[Shape]:
        """The shape for a key, counted as followed meanwhile."""
        shape = self._shapes.setdefault(key, Shape(key))
        shape.followers += 1
        try:
            yield shape
        finally:
            shape.followers -= 1
            if not shape.followers:
                del self._shapes[key]

    async def result(self, key: EventKey, execute: Execute) -> ExecutionResult:
        """The event's result, with `data` encoded already unless there are errors."""
        if kept := self._encoded.get(key):
            return ExecutionResult(data=kept[0], errors=None)  # type: ignore[arg-type]
        if executing := self._executing.get(key):
            await asyncio.shield(executing)
            return await self.result(key, execute)
        executed = execute()
        if isawaitable(executed):
            executed = await self._alone(key, executed)
        return self._encode(key, executed)

    async def _alone(self, key: EventKey, executing: Awaitable[Executed]) -> Executed:
        """Execute while the others who want the same event wait."""
        future = self._executing[key] = asyncio.get_running_loop().create_future()
        try:
            executed = await executing
            self._encode(key, executed)
            return executed
        finally:
            del self._executing[key]
            future.set_result(None)

    def _encode(self, key: EventKey, executed: Executed) -> ExecutionResult:
        if executed.errors:
            return ExecutionResult(data=executed.data, errors=executed.errors)
        if kept := self._encoded.get(key):
            return ExecutionResult(data=kept[0], errors=None)  # type: ignore[arg-type]
        text = orjson.dumps(executed.data)
        fragment = orjson.Fragment(text)
        if key[0].followers > 1:
            self._keep(key, fragment, len(text) + ENTRY_OVERHEAD_BYTES)
        return ExecutionResult(data=fragment, errors=None)  # type: ignore[arg-type]

    def _keep(self, key: EventKey, fragment: orjson.Fragment, size: int) -> None:
        self._encoded[key] = (fragment, size)
        self._bytes += size
        while self._bytes > self._bytes_max:
            _, (_, dropped) = self._encoded.popitem(last=False)
            self._bytes -= dropped
