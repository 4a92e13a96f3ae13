"""A stream is what is stored joined to what comes; a reader may stop and go on anywhere."""

import asyncio

import pytest

from domain.errors import NotFound
from domain.ids import RunId
from domain.models.events import RunEvent
from persistence.events import Events
from tests.domain.services.conftest import Desk
from tests.domain.services.scripted import ended, printed

pytestmark = pytest.mark.anyio


async def collected(desk: Desk, run_id: RunId, after: int) -> list[RunEvent]:
    """Everything behind a sequence, until the stream ends by itself."""
    return [event async for page in desk.streams.runs.follow(run_id, after) for event in page]


async def test_followers_from_every_place_see_the_same(desk: Desk) -> None:
    """Subscribers at every cursor, started before, during and after the run, agree and all end."""
    desk.adapter.script = [*(printed(str(n), n + 1) for n in range(20)), ended()]
    followed = await desk.started()
    run_id = followed.run.id
    early = [asyncio.create_task(collected(desk, run_id, after)) for after in (0, 1, 3)]
    await asyncio.sleep(0)
    await desk.follower.follow(followed)
    whole = await collected(desk, run_id, 0)
    assert list(range(1, len(whole) + 1)) == [event.sequence for event in whole]
    for after, task in zip((0, 1, 3), early, strict=True):
        async with asyncio.timeout(10):
            assert whole[after:] == await task
    for after in range(len(whole) + 1):
        assert whole[after:] == await collected(desk, run_id, after)


async def test_what_a_commit_here_has_stored_is_not_read_back(desk: Desk) -> None:
    """A subscriber at the live end gets the events of this process without another read of them,
    and the same that the database holds."""
    desk.adapter.script = [*(printed(str(n), n + 1) for n in range(10)), ended()]
    followed = await desk.started()
    seen: list[RunEvent] = []

    async def follow() -> None:
        async for page in desk.streams.runs.follow(followed.run.id, 0):
            seen.extend(page)

    live = asyncio.create_task(follow())
    async with asyncio.timeout(10):
        while not seen:
            await asyncio.sleep(0)
    read = 0
    behind = Events.after

    async def counted(events: Events, run_id: RunId, sequence: int, limit: int) -> object:
        nonlocal read
        read += 1
        return await behind(events, run_id, sequence, limit)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(Events, "after", counted)
        await desk.follower.follow(followed)
        await live
    # One look is allowed: that by which the watcher found nothing more, before it began to wait.
    assert read <= 1
    assert seen == await collected(desk, followed.run.id, 0)


async def test_many_followers_share_their_reads(desk: Desk) -> None:
    """A hundred at one place read where the run stands and its events once, not a hundred times."""
    desk.adapter.script = [printed("a", 1), ended()]
    followed = await desk.started()
    await desk.follower.follow(followed)
    reads = 0
    snapshot = desk.store.snapshot

    def counted() -> object:
        nonlocal reads
        reads += 1
        return snapshot()

    desk.store.snapshot = counted  # type: ignore[method-assign,assignment]
    pages = await asyncio.gather(*(collected(desk, followed.run.id, 0) for _ in range(100)))
    assert all(page == pages[0] for page in pages)
    assert 2 == reads


async def test_a_stream_of_no_run_is_not_found(desk: Desk) -> None:
    """An id that is nobody's ends at once with an error, not in silence."""
    with pytest.raises(NotFound):
        await collected(desk, RunId("0" * 32), 0)
