"""Content is given out by links, for as long as they are good and it is there."""

from datetime import timedelta

import pytest

from adapters.artifacts.links import ArtifactLinks
from domain.errors import NotFound
from domain.models.artifacts import Artifact
from domain.models.pages import Window
from domain.models.providers import ProviderArtifact
from domain.services.downloads import LINK_LIFE, Downloads
from tests.adapters.artifacts.test_links import Keys
from tests.domain.services.conftest import Desk
from tests.domain.services.scripted import ended

pytestmark = pytest.mark.anyio


@pytest.fixture
def downloads(desk: Desk) -> Downloads:
    contents, links = desk.follower.collector.contents, ArtifactLinks(Keys([b"1" * 32]))
    return Downloads(store=desk.store, contents=contents, links=links, clock=desk.clock)


async def kept(desk: Desk, *listed: ProviderArtifact) -> Artifact:
    desk.adapter.left, desk.adapter.script = list(listed), [ended()]
    followed = await desk.started()
    await desk.follower.follow(followed)
    async with desk.store.snapshot() as unit:
        return (await unit.artifacts.page(followed.run.id, Window(limit=1)))[0]


def token_of(downloads: Downloads, artifact: Artifact) -> str:
    made = downloads.link(artifact)
    assert made is not None
    return made[0]


async def test_a_link_is_good_for_a_while(desk: Desk, downloads: Downloads) -> None:
    """And not a moment longer."""
    artifact = await kept(desk, ProviderArtifact(name="a", reference="a", content=b"one"))
    token = token_of(downloads, artifact)
    desk.clock.time += LINK_LIFE - timedelta(seconds=1)
    found = await downloads.open(token)
    assert (artifact, b"one") == (found.artifact, b"".join([each async for each in found.pieces]))
    desk.clock.time += timedelta(seconds=1)
    with pytest.raises(NotFound):
        await downloads.open(token)


async def test_what_is_removed_has_no_link(desk: Desk, downloads: Downloads) -> None:
    """Nor is one good that was given before; and where nothing is kept there is none."""
    artifact = await kept(desk, ProviderArtifact(name="a", reference="a", content=b"one"))
    token = token_of(downloads, artifact)
    async with desk.store.transaction() as unit:
        await unit.artifacts.remove(artifact.run_id, desk.clock.now())
        removed = (await unit.artifacts.get_many({artifact.id}))[artifact.id]
    assert downloads.link(removed) is None
    with pytest.raises(NotFound):
        await downloads.open(token)
    far = await kept(desk, ProviderArtifact(name="f", reference="f", source_url="https://x/y"))
    assert downloads.link(far) is None
