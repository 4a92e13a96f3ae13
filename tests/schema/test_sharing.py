"""Sharing encoded results: the first subscriber pays, memory is bounded, failures are not kept."""

import asyncio

import pytest
from graphql import ExecutionResult, GraphQLError, build_schema, parse

from schema.executor import Executor
from schema.sharing import EncodedResult, Sharing
from schema.sweeps import Lines

pytestmark = pytest.mark.anyio

DATA = {"runLogs": {"lines": ["a"]}}


async def test_an_event_is_executed_once_for_all_who_follow_alike() -> None:
    """Also by those who ask while the first one is still at it."""
    sharing, executed = Sharing(10_000), 0

    async def execute() -> ExecutionResult:
        nonlocal executed
        executed += 1
        await asyncio.sleep(0)
        return ExecutionResult(data=DATA, errors=None)

    with sharing.subscribed(("a",)) as shape, sharing.subscribed(("a",)):
        key = (shape, 1, 0)
        results = await asyncio.gather(*(sharing.result(key, execute) for _ in range(5)))
        kept = sharing.kept(key)
    assert (1, True) == (executed, isinstance(kept, EncodedResult))
    assert [b'{"runLogs":{"lines":["a"]}}'] * 5 == [r.encoded for r in results]  # type: ignore[attr-defined] # all are encoded


async def test_what_needs_no_waiting_is_had_at_once() -> None:
    """And kept for the others; but who is alone has nothing to share, and is left to itself."""
    sharing = Sharing(10_000)
    with sharing.subscribed(("a",)) as shape:
        assert sharing.at_once((shape, 1, 0), lambda: ExecutionResult(DATA, None)) is None
        with sharing.subscribed(("a",)):
            result = sharing.at_once((shape, 1, 0), lambda: ExecutionResult(DATA, None))
        assert result is not None
        assert sharing.kept((shape, 1, 0)) is result


async def test_what_needs_waiting_is_begun_once_for_all_who_asked() -> None:
    """Nobody has it at once; those who then wait for it get what was begun."""
    sharing, executed = Sharing(10_000), 0

    async def execute() -> ExecutionResult:
        nonlocal executed
        executed += 1
        await asyncio.sleep(0)
        return ExecutionResult(data=DATA, errors=None)

    with sharing.subscribed(("a",)) as shape, sharing.subscribed(("a",)):
        key = (shape, 1, 0)
        assert [None, None] == [sharing.at_once(key, execute) for _ in range(2)]
        results = await asyncio.gather(*(sharing.result(key, execute) for _ in range(2)))
    assert 1 == executed
    assert results[0] is results[1]


@pytest.mark.parametrize("way", ["at once", "late"])
async def test_what_fails_at_once_is_left_to_those_who_can_tell(way: str) -> None:
    """Each of them tries for itself: an error belongs to an operation."""
    sharing = Sharing(10_000)

    def refuse() -> ExecutionResult:
        raise ValueError("no")

    async def refuse_late() -> ExecutionResult:
        raise ValueError("no")

    with sharing.subscribed(("a",)) as shape, sharing.subscribed(("a",)):
        key = (shape, 1, 0)
        assert sharing.at_once(key, refuse if way == "at once" else refuse_late) is None
        result = await sharing.result(key, lambda: ExecutionResult(DATA, None))
    assert isinstance(result, EncodedResult)


async def test_nobody_pays_for_keeping_what_one_alone_follows() -> None:
    """A single subscriber of a long log leaves nothing behind."""
    sharing = Sharing(10_000)
    with sharing.subscribed(("a",)) as shape:
        await sharing.result((shape, 1, 0), lambda: ExecutionResult(data=DATA, errors=None))
        assert sharing.kept((shape, 1, 0)) is None


async def test_what_is_kept_is_bounded_by_bytes() -> None:
    """The oldest goes first."""
    sharing = Sharing(700)
    with sharing.subscribed(("a",)) as shape, sharing.subscribed(("a",)):
        for sequence in range(10):
            result = ExecutionResult(data=DATA, errors=None)
            await sharing.result((shape, sequence, 0), lambda result=result: result)  # type: ignore[misc] # bound now
        kept = [n for n in range(10) if sharing.kept((shape, n, 0))]
    assert [8, 9] == kept


async def test_a_failed_execution_is_not_kept_and_those_who_waited_try_themselves() -> None:
    """Neither errors nor a canceled first subscriber spoil the event for others."""
    sharing, started = Sharing(10_000), asyncio.Event()

    async def never() -> ExecutionResult:
        started.set()
        await asyncio.Event().wait()
        raise AssertionError

    with sharing.subscribed(("a",)) as shape, sharing.subscribed(("a",)):
        key = (shape, 1, 0)
        first = asyncio.create_task(sharing.result(key, never))
        await started.wait()
        failed = ExecutionResult(data=None, errors=[GraphQLError("no")])
        second = asyncio.create_task(sharing.result(key, lambda: failed))
        await asyncio.sleep(0)
        first.cancel()
        assert ["no"] == [error.message for error in (await second).errors or []]
        assert sharing.kept(key) is None


async def test_shapes_are_forgotten_with_their_last_follower() -> None:
    """And a later subscriber of the same kind begins with a shape of its own."""
    sharing = Sharing(10_000)
    with sharing.subscribed(("a",)) as first, sharing.subscribed(("a",)) as second:
        assert first is second
    with sharing.subscribed(("a",)) as later:
        assert later is not first


def test_lines_are_passed_on_as_they_are() -> None:
    """The executor neither copies nor looks at them, whatever their number."""
    schema = build_schema("type Query { lines: [String!]! }")
    lines = Lines(["a", "b"])
    executor = Executor.build(schema, parse("{ lines }"), root_value={"lines": lines})
    assert isinstance(executor, Executor)
    result = executor.execute_operation()
    assert isinstance(result, ExecutionResult)
    assert result.data is not None
    assert result.data["lines"] is lines
