"""A run's stream: one sequence over facts and log batches, no gap that is not told."""

import asyncio
from dataclasses import replace

import pytest

from domain.lifecycle import RunState
from domain.models.events import LogsExpired, RunEvent, RunStateChanged, RunSynced
from domain.models.intents import Lease
from domain.models.logs import LogBatch
from domain.models.providers import LogStream
from domain.models.runs import Run, SyncStatus
from persistence.events import PAGE_BYTES_MAX
from persistence.logs import Logs
from tests.contract.store.scene import NOW, Scene, later, output

pytestmark = pytest.mark.anyio


async def sync(scene: Scene, run: Run) -> None:
    """Put a fact between log batches."""
    async with scene.store.transaction() as unit:
        fact = RunSynced(sync_status=SyncStatus.IN_SYNC)
        await unit.runs.change(run, run, [fact], actor=None, at=later(1))


async def read_all(scene: Scene, run: Run, limit: int, after: int = 0) -> list[RunEvent]:
    """The whole stream behind a sequence, page by page."""
    events: list[RunEvent] = []
    while page := await scene.after(run, events[-1].sequence if events else after, limit):
        assert len(page) <= limit
        events += page
    return events


async def test_facts_and_batches_come_in_one_order(scene: Scene) -> None:
    """Page by page of any size, every sequence once, with batches numbered over both streams."""
    run, lease = await scene.started()
    await scene.print_out(run, lease, output("a\nb"), output("c", LogStream.STDERR))
    await sync(scene, run)
    await scene.print_out(run, lease, output("d\n\n"))

    expected = list(await scene.after(run))

    assert [1, 2, 3, 4, 5, 6] == [event.sequence for event in expected]
    assert [
        LogBatch(stream=LogStream.STDOUT, first_line=1, count=2, text="a\nb", at=NOW),
        LogBatch(stream=LogStream.STDERR, first_line=3, count=1, text="c", at=NOW),
        LogBatch(stream=LogStream.STDOUT, first_line=4, count=3, text="d\n\n", at=NOW),
    ] == [event.fact for event in expected if isinstance(event.fact, LogBatch)]
    for limit in range(1, 8):
        assert expected == await read_all(scene, run, limit)


async def test_a_page_holds_a_bounded_number_of_bytes(scene: Scene) -> None:
    """A page ends with the chunk that reaches the bound; facts behind it wait their turn."""
    run, lease = await scene.started()
    part = "x" * (PAGE_BYTES_MAX // 4 - 1)
    await scene.print_out(run, lease, *[output(part)] * 9)
    await sync(scene, run)

    pages = [await scene.after(run, after) for after in (2, 6, 10, 11)]

    assert [[3, 4, 5, 6], [7, 8, 9, 10], [11, 12], [12]] == [[e.sequence for e in p] for p in pages]


async def test_a_chunk_over_the_bound_is_given_alone(scene: Scene) -> None:
    """A page is never empty while there is more."""
    run, lease = await scene.started()
    await scene.print_out(run, lease, output("x" * (2 * PAGE_BYTES_MAX)), output("y"))

    assert [3] == [event.sequence for event in await scene.after(run, 2)]
    assert [4] == [event.sequence for event in await scene.after(run, 3)]


async def expired_run(scene: Scene) -> Run:
    """Facts 1, 2 and 5; chunks 3, 4, 6, 7 of which all but 7 have expired."""
    run, lease = await scene.started()
    await scene.print_out(run, lease, output("1\n2"), output("3"))
    await sync(scene, run)
    await scene.print_out(run, lease, output("4\n5\n6"), output("7"))
    async with scene.store.transaction() as unit:
        logs = unit.logs
        assert isinstance(logs, Logs)
        assert 3 == await logs.expire(run.id, 6)
    return run


async def test_what_retention_removed_is_told_exactly(scene: Scene) -> None:
    """One event for each gap, with the sequence of its last missing event and its lines."""
    run = await expired_run(scene)

    for limit in range(1, 8):
        events = await read_all(scene, run, limit)
        assert [1, 2, 4, 5, 6, 7] == [event.sequence for event in events]
        assert [LogsExpired(from_line=1, to_line=3), LogsExpired(from_line=4, to_line=6)] == [
            event.fact for event in events if isinstance(event.fact, LogsExpired)
        ]


async def test_a_cursor_inside_a_gap_is_told_the_rest_of_it(scene: Scene) -> None:
    """Whoever has read line 2 before it expired misses line 3 only."""
    run = await expired_run(scene)

    first = (await scene.after(run, 3))[0]

    assert LogsExpired(from_line=3, to_line=3) == first.fact
    assert 4 == first.sequence


async def test_expired_lines_leave_the_log_but_not_its_counts(scene: Scene) -> None:
    """Line numbers never move."""
    run = await expired_run(scene)
    stored = await scene.stored(run)

    assert 7 == stored.log.lines
    assert [7] == [
        e.fact.first_line for e in await scene.after(run, 6) if isinstance(e.fact, LogBatch)
    ]


async def test_the_newest_facts_of_several_runs(scene: Scene) -> None:
    """Newest first and bounded for each run; log batches are left out."""
    run, lease = await scene.started()
    other, _ = await scene.queued()
    await scene.print_out(run, lease, output("a"))
    await sync(scene, run)

    async with scene.store.snapshot() as unit:
        latest = await unit.events.latest([run.id, other.id], 2)
        none = await unit.events.latest([], 2)

    assert {run.id: [4, 2], other.id: [1]} == {
        key: [event.sequence for event in events] for key, events in latest.items()
    }
    assert {} == none


async def write_events(scene: Scene, run: Run, lease: Lease, writer: int) -> None:
    for number in range(10):
        if writer % 2:
            await sync(scene, run)
        else:
            await scene.print_out(run, lease, output(f"{writer}.{number}"))
        await asyncio.sleep(0)


async def test_a_reader_behind_six_writers_misses_nothing(scene: Scene) -> None:
    """What a reader has seen is final: no event ever appears behind its cursor."""
    run, lease = await scene.started()
    writing = asyncio.gather(*(write_events(scene, run, lease, writer) for writer in range(6)))
    seen = 2
    sequences: list[int] = []
    while not writing.done() or seen < (await scene.stored(run)).sequence:
        for event in await scene.after(run, seen, 7):
            sequences.append(event.sequence)
            seen = event.sequence
        await asyncio.sleep(0)
    await writing

    assert list(range(3, 63)) == sequences


async def test_the_last_event_is_known_as_such(scene: Scene) -> None:
    """The end of a run comes back as the end of its stream."""
    run, _ = await scene.started()
    after = replace(run, state=RunState.SUCCEEDED, exit_code=0, finished_at=NOW)
    fact = RunStateChanged(from_state=run.state, to_state=after.state)
    async with scene.store.transaction() as unit:
        await unit.runs.change(run, after, [fact], actor=None, at=NOW)

    assert [False, False, True] == [event.is_last for event in await scene.after(run)]
