"""Following a project on every database: what is stored joined to what comes, from any place."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing
from dataclasses import dataclass, replace
from typing import Any

import pytest

from adapters.clock import SystemClock
from domain.errors import NotFound
from domain.ids import ProjectId
from domain.models.project_events import ProjectEvent
from domain.services.hub import Hub
from domain.services.stream_sources import PROJECTS
from domain.services.streams import Streams
from persistence.unit_of_work import Database
from tests.contract.store.scene import Scene

pytestmark = pytest.mark.anyio

PATIENCE_S = 30
NEVER_S = 10 * PATIENCE_S


class Uncounted:
    """A meter that counts nothing."""

    def subscribed(self, _: int) -> None: ...
    def delivered(self, _: float) -> None: ...


@dataclass(frozen=True, slots=True)
class Following:
    """A node that follows the scene's project, beside one whose commits it is told of."""

    streams: Streams[ProjectId, ProjectEvent]
    project_id: ProjectId
    telling: Scene

    async def read(self, after: int, most: int) -> list[ProjectEvent]:
        """The first events behind a place, as they come."""
        events: list[ProjectEvent] = []
        pages = self.streams.follow(self.project_id, after)
        async with asyncio.timeout(PATIENCE_S), aclosing(pages):
            async for page in pages:
                events += page
                if len(events) >= most:
                    break
        return events


def streams_over(store: Database, hub: Hub) -> Streams[ProjectId, ProjectEvent]:
    meter: Any = Uncounted()
    return Streams(PROJECTS, store=store, signals=hub, clock=SystemClock(), meter=meter)


@pytest.fixture
async def following(scene: Scene, database_url: str) -> AsyncIterator[Following]:
    """Without a poll: who is not told waits for ever. The scene's own commits tell nobody."""
    hub = Hub(SystemClock(), poll_interval_s=NEVER_S)
    other = Database.open(database_url, on_commit=hub.wake)
    streams = streams_over(scene.store, hub)
    yield Following(streams, scene.project.id, replace(scene, store=other))
    await other.close()


async def test_every_place_is_followed_from_while_two_write(
    scene: Scene, following: Following
) -> None:
    """Subscribers at every cursor, begun while one node tells of what it commits and another does
    not, see the same, each event once and in order."""

    async def write(on: Scene) -> None:
        for _ in range(5):
            await on.queued()

    subscribers = [asyncio.create_task(following.read(after, 12 - after)) for after in (0, 1, 2)]
    await asyncio.sleep(0)
    await asyncio.gather(write(scene), write(following.telling))
    await following.telling.started()
    seen = [await subscriber for subscriber in subscribers]
    whole = await following.read(0, 12)

    assert list(range(1, 13)) == [event.sequence for event in whole]
    assert [whole, whole[1:], whole[2:]] == seen
    for after in range(12):
        assert whole[after:] == await following.read(after, 12 - after)


async def test_a_lost_wake_up_costs_a_poll(scene: Scene) -> None:
    """What nobody is told of comes with the next poll."""
    async with Hub(SystemClock(), poll_interval_s=0.2) as hub:
        following = Following(streams_over(scene.store, hub), scene.project.id, scene)
        reading = asyncio.create_task(following.read(0, 3))
        for _ in range(3):
            await asyncio.sleep(0.05)
            await scene.queued()
        seen = await reading

    assert [1, 2, 3] == [event.sequence for event in seen]


async def test_a_wake_up_between_reading_and_waiting_is_kept(following: Following) -> None:
    """A subscriber that is level is told of each event, however close they come together."""
    reading = asyncio.create_task(following.read(0, 20))
    for _ in range(20):
        await following.telling.queued()

    assert list(range(1, 21)) == [event.sequence for event in await reading]


async def test_no_project_is_not_found(following: Following) -> None:
    """An id that is nobody's ends at once with an error, not in silence."""
    with pytest.raises(NotFound):
        await replace(following, project_id=ProjectId("0" * 32)).read(0, 1)
