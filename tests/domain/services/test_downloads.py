"""Content is given out by links, for as long as they are good and it is there."""

from datetime import timedelta
from typing import Any

import pytest

from adapters.links import SignedLinks
from domain.errors import NotFound
from domain.ids import PrincipalId, TokenId
from domain.models.artifacts import Artifact
from domain.models.grants import Grant
from domain.models.pages import Window
from domain.models.providers import ProviderArtifact
from domain.services.downloads import LINK_LIFE, Downloads
from domain.services.grants import Grants
from domain.services.reporter import Reporter
from tests.adapters.test_links import Keys
from tests.domain.services.conftest import Desk
from tests.domain.services.scripted import ended

pytestmark = pytest.mark.anyio


@pytest.fixture
def downloads(desk: Desk) -> Downloads:
    grants = Grants(
        store=desk.store, signals=desk.follower.signals, clock=desk.clock, meter=desk.follower.meter
    )
    return Downloads(
        store=desk.store,
        contents=desk.follower.collector.contents,
        links=SignedLinks(Keys([b"1" * 32])),
        clock=desk.clock,
        grants=grants,
        reporter=Reporter(store=desk.store),
    )


async def kept(desk: Desk, *listed: ProviderArtifact) -> Artifact:
    desk.adapter.left, desk.adapter.script = list(listed), [ended()]
    followed = await desk.started()
    await desk.follower.follow(followed)
    async with desk.store.snapshot() as unit:
        return (await unit.artifacts.page(followed.run.id, Window(limit=1)))[0]


def token_of(downloads: Downloads, artifact: Artifact) -> str:
    made = downloads.link_to_artifact(artifact, right(artifact))
    assert made is not None
    return made.token


def right(artifact: Artifact, **more: Any) -> Grant:
    """Of an administrator of the server, who stands on nothing but time."""
    return Grant(**{"token_id": None, "project_id": artifact.project_id, **more})


async def test_a_link_is_good_for_a_while(desk: Desk, downloads: Downloads) -> None:
    """And not a moment longer."""
    artifact = await kept(desk, ProviderArtifact(name="a", reference="a", content=b"one"))
    token = token_of(downloads, artifact)
    desk.clock.time += LINK_LIFE - timedelta(seconds=1)
    found = await downloads.open(token)
    assert ("a", 3, b"one") == (
        found.name,
        found.size,
        b"".join([each async for each in found.pieces]),
    )
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
    assert downloads.link_to_artifact(removed, right(removed)) is None
    with pytest.raises(NotFound):
        await downloads.open(token)
    far = await kept(desk, ProviderArtifact(name="f", reference="f", source_url="https://x/y"))
    assert downloads.link_to_artifact(far, right(far)) is None


async def test_a_link_ends_with_the_right_of_whoever_asked_for_it(
    desk: Desk, downloads: Downloads
) -> None:
    """With the token it was asked with, with the membership, and with their own end."""
    artifact = await kept(desk, ProviderArtifact(name="a", reference="a", content=b"one"))
    soon = desk.clock.now() + timedelta(seconds=30)
    unknown_token, no_member = TokenId("t" * 32), PrincipalId("m" * 32)

    for grant in (right(artifact, token_id=unknown_token), right(artifact, member_id=no_member)):
        made = downloads.link_to_artifact(artifact, grant)
        assert made is not None
        with pytest.raises(NotFound):
            await downloads.open(made.token)
    short = downloads.link_to_artifact(artifact, right(artifact, expires_at=soon))
    assert short is not None
    assert soon.replace(microsecond=0) == short.link.expires_at
