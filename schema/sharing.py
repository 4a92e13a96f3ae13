"""Work shared between those who follow the same stream in the same way.

Executing and encoding an event costs ten times what sending it does. Subscribers with the same
document, variables, operation and visibility get the same bytes, so only the first of them pays.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
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
    """One way to follow one stream, and how many follow in it now."""

    key: ShapeKey
    subscribers: int = 0


EventKey = tuple[Shape, int, int]
"""A shape, an event's sequence, and its first line, which differs where a batch was cut."""


class EncodedResult(ExecutionResult):
    """A result without errors whose `data` is encoded already; `encoded` is the same as JSON."""

    def __init__(self, encoded: bytes) -> None:
        super().__init__(data=orjson.Fragment(encoded), errors=None)  # type: ignore[arg-type] # encoded as it is
        self.encoded = encoded

    @property
    def size(self) -> int:
        """Bytes that keeping it costs, roughly."""
        return len(self.encoded) + ENTRY_OVERHEAD_BYTES


class Sharing:
    """Encoded results by shape and event, the oldest dropped first; `bytes_max` in all."""

    def __init__(self, bytes_max: int) -> None:
        self._bytes_max = bytes_max
        self._bytes = 0
        self._kept: OrderedDict[EventKey, EncodedResult] = OrderedDict()
        self._executing: dict[EventKey, asyncio.Future[None]] = {}
        self._shapes: dict[ShapeKey, Shape] = {}

    @contextmanager
    def subscribed(self, key: ShapeKey) -> Iterator[Shape]:
        """The shape for a key, counted as followed meanwhile."""
        shape = self._shapes.setdefault(key, Shape(key))
        shape.subscribers += 1
        try:
            yield shape
        finally:
            shape.subscribers -= 1
            if not shape.subscribers:
                del self._shapes[key]

    def kept(self, key: EventKey) -> EncodedResult | None:
        """What somebody else has paid for."""
        return self._kept.get(key)

    def at_once(self, key: EventKey, execute: Execute) -> EncodedResult | None:
        """The result of an event that nobody has paid for, if it will be shared and can be had
        without waiting.

        If it cannot, it is being executed from now on, and `result` will wait for it.
        """
        if key in self._executing or key[0].subscribers == 1:
            return None
        try:
            executed = execute()
            if isawaitable(executed):
                self._executing[key] = asyncio.ensure_future(self._finish(key, executed))
                return None
            result = self._encode(key, executed)
        except Exception:  # noqa: BLE001 - `result` finds the same fault, and tells it
            return None
        return result if isinstance(result, EncodedResult) else None

    async def _finish(self, key: EventKey, executing: Awaitable[Executed]) -> None:
        """Execute what nobody waits for yet. Those who will find nothing kept try themselves."""
        try:
            with suppress(Exception):
                self._encode(key, await executing)
        finally:
            del self._executing[key]

    async def result(self, key: EventKey, execute: Execute) -> ExecutionResult:
        """The event's result: encoded, unless there are errors."""
        while executing := self._executing.get(key):
            await asyncio.shield(executing)
            if kept := self._kept.get(key):
                return kept
        executed = execute()
        if isawaitable(executed):
            return await self._alone(key, executed)
        return self._encode(key, executed)

    async def _alone(self, key: EventKey, executing: Awaitable[Executed]) -> ExecutionResult:
        """Execute while the others who want the same event wait."""
        future = self._executing[key] = asyncio.get_running_loop().create_future()
        try:
            return self._encode(key, await executing)
        finally:
            del self._executing[key]
            future.set_result(None)

    def _encode(self, key: EventKey, executed: Executed) -> ExecutionResult:
        if executed.errors:
            return ExecutionResult(data=executed.data, errors=executed.errors)
        result = EncodedResult(orjson.dumps(executed.data))
        if key[0].subscribers > 1:
            self._keep(key, result)
        return result

    def _keep(self, key: EventKey, result: EncodedResult) -> None:
        self._kept[key] = result
        self._bytes += result.size
        while self._bytes > self._bytes_max:
            _, dropped = self._kept.popitem(last=False)
            self._bytes -= dropped.size
