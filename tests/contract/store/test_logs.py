"""Logs: appended by the holder of the lease, numbered by the store, paged from both ends."""

import asyncio
from dataclasses import replace

import pytest

from domain.ids import ProjectId, RunId
from domain.lifecycle import RunState
from domain.models.events import RunStateChanged
from domain.models.intents import Lease
from domain.models.logs import LogBatch
from domain.models.pages import LogWindow
from domain.models.providers import LogStream
from domain.models.runs import LogStats, Run
from domain.topics import run_topic
from tests.contract.store.scene import MAIN, NODE, NOW, Scene, later, output

pytestmark = pytest.mark.anyio


async def page(scene: Scene, run: Run, window: LogWindow) -> list[str]:
    """The texts of a page."""
    async with scene.store.snapshot() as unit:
        events = await unit.logs.page(run.id, window)
    return [event.fact.text for event in events if isinstance(event.fact, LogBatch)]


async def printed(scene: Scene, *outputs: LogBatch) -> tuple[Run, Lease]:
    run, lease = await scene.started()
    assert await scene.print_out(run, lease, *outputs)
    return run, lease


async def test_what_was_printed_is_counted(scene: Scene) -> None:
    """Lines, bytes as stored in UTF-8 with their newlines, and redactions."""
    run, lease = await printed(scene, output("a\nb"), output("ä😀"))
    async with scene.store.transaction() as unit:
        outputs = [output("")]
        await unit.logs.append(run.id, outputs, redactions=2, position="p", lease=lease)

    assert LogStats(lines=4, bytes=4 + 7 + 1, redactions=2) == (await scene.stored(run)).log


async def test_text_comes_back_as_it_was(scene: Scene) -> None:
    """Blank lines, tabs, escapes and every plane of Unicode."""
    text = "\n\t\x1b[31mred\x1b[0m \\n %_ \u2028 😀\r\n"
    run, _ = await printed(scene, output(text))

    assert [text] == await page(scene, run, LogWindow(limit=1))


async def test_the_position_is_told_to_the_holder_alone(scene: Scene) -> None:
    """None before the first output; afterwards what came with the last, for this lease only."""
    run, lease = await scene.started()
    async with scene.store.transaction() as unit:
        first = await unit.intents.position(lease)
    await scene.print_out(run, lease, output("a"), at="stdout:2")
    async with scene.store.transaction() as unit:
        told = await unit.intents.position(lease)
        stranger = await unit.intents.position(replace(lease, fence=lease.fence + 1))

    assert (None, "stdout:2", None) == (first, told, stranger)


async def test_progress_without_lines_moves_the_position(scene: Scene) -> None:
    """The run's stream stays as it was, and where following goes on is stored."""
    run, lease = await scene.started()
    assert await scene.print_out(run, lease, at="stdout:77")

    async with scene.store.transaction() as unit:
        await unit.intents.release_node(NODE)
        claimed = await unit.intents.claim_followed(
            sites=[], owner=NODE, now=later(0), until=later(9), limit=1
        )
    assert run == await scene.stored(run)
    assert ["stdout:77"] == [intent.position for intent in claimed]


async def test_who_lost_the_lease_stores_nothing(scene: Scene) -> None:
    """An older fence, or a run that the lease is not for."""
    run, lease = await scene.started()
    other, _ = await scene.started()

    assert not await scene.print_out(run, replace(lease, fence=lease.fence - 1), output("a"))
    assert not await scene.print_out(other, lease, output("a"))
    assert [run, other] == [await scene.stored(run), await scene.stored(other)]
    assert [] == await page(scene, run, LogWindow(limit=9))


async def test_pages_from_both_ends(scene: Scene) -> None:
    """Forward from a sequence, backward before one; always in the order of the stream."""
    run, _ = await printed(scene, *(output(f"{number}") for number in range(3, 9)))

    assert ["3", "4"] == await page(scene, run, LogWindow(limit=2))
    assert ["5", "6"] == await page(scene, run, LogWindow(limit=2, after=4))
    assert ["7", "8"] == await page(scene, run, LogWindow(limit=2, backward=True))
    assert ["5", "6"] == await page(scene, run, LogWindow(limit=2, before=7, backward=True))
    assert ["4", "5"] == await page(scene, run, LogWindow(limit=9, after=3, before=6))
    assert [] == await page(scene, run, LogWindow(limit=2, after=8))


async def test_one_stream_of_a_log(scene: Scene) -> None:
    """Line numbers stay those of the whole log."""
    run, _ = await printed(
        scene, output("out"), output("err", LogStream.STDERR), output("out again")
    )

    assert ["err"] == await page(scene, run, LogWindow(limit=9, stream=LogStream.STDERR))
    async with scene.store.snapshot() as unit:
        window = LogWindow(limit=1, stream=LogStream.STDOUT, backward=True)
        (event,) = await unit.logs.page(run.id, window)
    assert isinstance(event.fact, LogBatch)
    assert (3, 5) == (event.fact.first_line, event.sequence)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("100%", ["100% _sure_\nÄ"]),
        ("_sure_", ["100% _sure_\nÄ"]),
        ("Ä", ["100% _sure_\nÄ"]),
        ("ä", ["ä 1000 sure"]),
        ("SURE", []),
        ("_\nÄ", []),
    ],
)
async def test_lines_that_hold_a_text(scene: Scene, text: str, expected: list[str]) -> None:
    """As it is written: no wildcards, case kept, within one line."""
    run, _ = await printed(scene, output("100% _sure_\nÄ"), output("ä 1000 sure"))

    assert expected == await page(scene, run, LogWindow(limit=9, contains=text))


async def test_an_unknown_run_has_no_log(scene: Scene) -> None:
    """Nothing is raised: who may see a run is decided elsewhere."""
    async with scene.store.snapshot() as unit:
        assert [] == await unit.logs.page(RunId("absent"), LogWindow(limit=9))
        assert [] == await unit.events.after(RunId("absent"), 0, 9)


async def test_whoever_follows_the_log_is_woken(scene: Scene) -> None:
    """An append wakes the run's stream without being asked to; one without lines does not."""
    run, lease = await scene.started()
    scene.woken.clear()

    await scene.print_out(run, lease)
    await scene.print_out(run, lease, output("a"))

    assert [frozenset({run_topic(run.id)})] == scene.woken


async def test_what_was_stored_can_be_masked(scene: Scene) -> None:
    """Texts of batches are replaced and redactions counted; numbers, sizes and other runs stay."""
    run, _ = await printed(scene, output("a\nsecret"), output("b"), output("secret"))
    other, _ = await printed(scene, output("c"), output("c"))
    stream = await scene.after(run)
    sequences = [event.sequence for event in stream if isinstance(event.fact, LogBatch)]
    async with scene.store.transaction() as unit:
        await unit.logs.hold(run.id)
        texts = {sequences[0]: "a\n***", sequences[2]: "***"}
        await unit.logs.rewrite(run.id, texts, redactions=2)

    assert ["a\n***", "b", "***"] == await page(scene, run, LogWindow(limit=9))
    assert ["c", "c"] == await page(scene, other, LogWindow(limit=9))
    assert LogStats(lines=4, bytes=9 + 2 + 7, redactions=2) == (await scene.stored(run)).log


async def test_nobody_appends_to_a_log_that_is_held(scene: Scene) -> None:
    """What comes meanwhile is stored behind it, and seen by whoever holds it next."""
    run, lease = await printed(scene, output("a"))
    async with scene.store.transaction() as unit:
        await unit.logs.hold(run.id)
        appending = asyncio.create_task(scene.print_out(run, lease, output("b")))
        await asyncio.wait([appending], timeout=0.1)
        seen = await unit.logs.page(run.id, LogWindow(limit=9))
        assert not appending.done()
    assert await appending
    assert 1 == len(seen)
    assert ["a", "b"] == await page(scene, run, LogWindow(limit=9))


async def test_runs_that_ended_before_a_time_are_found_while_they_have_a_log(scene: Scene) -> None:
    """The oldest first, each with its newest sequence; not those of another project, that go on,
    that ended later or have printed nothing."""
    ended = [await printed(scene, output("a"), output("b")) for _ in range(3)]
    silent, active = await scene.started(), await printed(scene, output("a"))
    for number, (run, lease) in enumerate([*ended, silent]):
        before = await scene.stored(run)
        after = replace(before, state=RunState.SUCCEEDED, finished_at=later(number))
        fact = RunStateChanged(from_state=before.state, to_state=after.state)
        async with scene.store.transaction() as unit:
            assert await unit.runs.change(before, after, [fact], actor=None, at=NOW, lease=lease)
    first, second, third = [await scene.stored(run) for run, _ in ended]

    async def found(at: float, limit: int = 9, project: ProjectId = MAIN) -> dict[RunId, int]:
        async with scene.store.snapshot() as unit:
            return dict(await unit.logs.ended_before(project, later(at), limit))

    assert {first.id: first.sequence, second.id: second.sequence} == await found(2)
    assert [first.id] == list(await found(2, limit=1))
    assert {} == await found(0) == await found(9, project=ProjectId("another"))
    async with scene.store.transaction() as unit:
        await unit.logs.hold(first.id)
        assert 2 == await unit.logs.expire(first.id, first.sequence)
    assert [second.id, third.id] == list(await found(99))
    assert ["a"] == await page(scene, active[0], LogWindow(limit=9))


async def test_two_who_expire_a_log_at_once_remove_it_once(scene: Scene) -> None:
    """Whoever holds the run second finds it gone."""
    run, _ = await printed(scene, output("a"), output("b"))

    async def expire() -> int:
        async with scene.store.transaction() as unit:
            await unit.logs.hold(run.id)
            return await unit.logs.expire(run.id, 99)

    async with scene.store.transaction() as unit:
        await unit.logs.hold(run.id)
        second = asyncio.create_task(expire())
        assert 2 == await unit.logs.expire(run.id, 99)
        await asyncio.sleep(0.2)  # the second waits, or would have run into what is here
    assert 0 == await second
