"""What runs leave behind is kept before their end is told, and nothing of it keeps them."""

from base64 import b64encode
from collections.abc import Sequence

import pytest

from domain.errors import ProviderRefused, ProviderUnavailable
from domain.lifecycle import RunState
from domain.models.artifacts import Artifact, ArtifactFault, ContentChanged
from domain.models.events import RunArtifactAdded, RunArtifactRefused, RunFact, RunStateChanged
from domain.models.pages import Window
from domain.models.providers import ProviderArtifact
from domain.models.runs import Run
from domain.redaction.redactor import MASK
from tests.domain.services.conftest import ARTIFACT_LIMITS, TOKEN, Desk
from tests.domain.services.scripted import ended

pytestmark = pytest.mark.anyio

Pieces = list[bytes | Exception]


def leaves(desk: Desk, **files: Pieces) -> None:
    desk.adapter.left = [ProviderArtifact(name=name, reference=name) for name in files]
    desk.adapter.pieces = files


async def followed(desk: Desk, code: int = 0) -> tuple[Run, Sequence[Artifact], list[RunFact]]:
    """A run to its end: with its artifacts, and what its stream tells from there on."""
    desk.adapter.script = [ended(code=code)]
    claimed = await desk.started()
    await desk.follower.follow(claimed)
    async with desk.store.snapshot() as unit:
        kept = await unit.artifacts.page(claimed.run.id, Window(limit=100))
        events = await unit.events.after(claimed.run.id, 0, 100)
    facts = [event.fact for event in events][3:]
    return await desk.run(claimed.run.id), kept, facts  # type: ignore[return-value] # no batches


async def content(desk: Desk, artifact: Artifact) -> bytes:
    assert artifact.sha256 is not None
    return b"".join([each async for each in desk.follower.collector.contents.read(artifact.sha256)])


async def test_files_are_kept_before_the_end_is_told(desk: Desk) -> None:
    """Also of a run that has failed; each once, however many pieces it comes in."""
    leaves(desk, a=[b"on", b"e"], b=[], c=[b"one"])
    run, kept, facts = await followed(desk, code=1)
    assert RunState.FAILED is run.state
    assert [("a", 3), ("b", 0), ("c", 3)] == [(each.name, each.size) for each in kept]
    assert [b"one", b"", b"one"] == [await content(desk, each) for each in kept]
    assert [RunArtifactAdded(artifact_id=each.id, name=each.name) for each in kept] == facts[:3]
    assert isinstance(facts[3], RunStateChanged)


@pytest.mark.parametrize(
    ("pieces", "fault", "reads"),
    [
        ([b"x" * 600, b"x" * 401], ArtifactFault.TOO_LARGE, 1),
        ([b"x", ContentChanged()], ArtifactFault.CHANGED, 2),
        ([ProviderRefused("no")], ArtifactFault.UNREADABLE, 1),
        ([b"x", ProviderUnavailable("away")], ArtifactFault.UNAVAILABLE, 2),
        ([ValueError("a bug")], ArtifactFault.UNAVAILABLE, 1),
    ],
)
async def test_what_is_not_kept_is_told(
    desk: Desk, pieces: Pieces, fault: ArtifactFault, reads: int
) -> None:
    """What may be better a second time is read twice; the others are kept, and the run ends."""
    leaves(desk, bad=pieces, good=[b"one"])
    run, kept, facts = await followed(desk)
    assert (RunState.SUCCEEDED, ["good"]) == (run.state, [each.name for each in kept])
    assert [("bad", fault)] == [
        (fact.name, fact.code) for fact in facts if isinstance(fact, RunArtifactRefused)
    ]
    assert reads == desk.adapter.read.count("bad")


async def test_a_run_has_so_many_bytes_in_all(desk: Desk) -> None:
    """What still fits is kept."""
    full: Pieces = [b"x" * 900]
    leaves(desk, a=list(full), b=list(full), c=list(full), d=[b"x" * 100])
    _, kept, facts = await followed(desk)
    assert ["a", "b", "d"] == [each.name for each in kept]
    refused = [fact for fact in facts if isinstance(fact, RunArtifactRefused)]
    assert [("c", ArtifactFault.TOO_MUCH)] == [(fact.name, fact.code) for fact in refused]


async def test_a_run_has_so_many_files(desk: Desk) -> None:
    """Of ten thousand the first are kept, and one event says that there are more."""
    many: dict[str, Pieces] = {f"{n:05}": [b"x"] for n in range(10_000)}
    leaves(desk, **many)
    _, kept, facts = await followed(desk)
    assert ARTIFACT_LIMITS.files_max == len(kept)
    refused = [fact for fact in facts if isinstance(fact, RunArtifactRefused)]
    assert [(None, ArtifactFault.TOO_MANY)] == [(fact.name, fact.code) for fact in refused]


async def test_names_are_masked_and_show_what_does_not_print(desk: Desk) -> None:
    """In the row and in the event; a name that is nothing else is none of these."""
    name = f"a\n\x1b[31m\u202e\udcff/{TOKEN}.txt"
    desk.adapter.left = [ProviderArtifact(name=name, reference="a", media_type=f"x/{TOKEN}")]
    desk.adapter.pieces = {"a": [b""]}
    _, kept, facts = await followed(desk)
    expected = f"a\\x0a\\x1b[31m\\x202e\\xdcff/{MASK}.txt"
    assert [(expected, f"x/{MASK}")] == [(each.name, each.media_type) for each in kept]
    assert isinstance(facts[0], RunArtifactAdded)
    assert expected == facts[0].name


async def test_what_is_elsewhere_is_known_without_its_content(desk: Desk) -> None:
    """What only its provider gives out has a place, and no digest; what came along is kept."""
    desk.adapter.left = [
        ProviderArtifact(name="far", reference="1", source_url="https://x/far", size_bytes=7),
        ProviderArtifact(name="near", reference="2", content=b"here"),
        ProviderArtifact(name="out", reference="", fault=ArtifactFault.OUTSIDE),
    ]
    _, kept, facts = await followed(desk)
    assert [("far", 7, None, "https://x/far"), ("near", 4, None)] == [
        (kept[0].name, kept[0].size, kept[0].sha256, kept[0].source_url),
        (kept[1].name, kept[1].size, kept[1].source_url),
    ]
    assert b"here" == await content(desk, kept[1])
    assert [] == desk.adapter.read
    assert [ArtifactFault.OUTSIDE] == [
        fact.code for fact in facts if isinstance(fact, RunArtifactRefused)
    ]


async def test_a_provider_that_lists_nothing_does_not_keep_the_run(desk: Desk) -> None:
    """Whatever it raises."""

    async def fail(_: object) -> list[ProviderArtifact]:
        raise ProviderUnavailable("away")

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(desk.adapter, "fetch_artifacts", fail)
        run, kept, facts = await followed(desk)
    assert (RunState.SUCCEEDED, []) == (run.state, list(kept))
    assert isinstance(facts[0], RunArtifactRefused)
    assert ArtifactFault.UNAVAILABLE is facts[0].code


SHAPED = b"AKIA" + b"ABCDEFGH23456777"


@pytest.mark.parametrize(
    ("pieces", "is_kept"),
    [
        ([f"token={TOKEN}".encode()], False),
        ([b"x" * 500, TOKEN[:5].encode(), TOKEN[5:].encode()], False),
        ([b64encode(TOKEN.encode())], False),
        ([b"\xff" + TOKEN.encode()], False),
        ([b"\0" + TOKEN.encode()], True),
        ([TOKEN[:-1].encode(), b"!"], True),
        ([SHAPED], True),
    ],
)
async def test_a_text_with_a_known_secret_is_not_kept(
    desk: Desk, pieces: Pieces, *, is_kept: bool
) -> None:
    """Whole, in pieces or in another form; what is binary, or only looks like a secret, is."""
    leaves(desk, a=pieces)
    _, kept, facts = await followed(desk)
    assert is_kept == bool(kept)
    refused = [fact for fact in facts if isinstance(fact, RunArtifactRefused)]
    assert ([] if is_kept else [ArtifactFault.SECRET]) == [fact.code for fact in refused]
    assert not any(TOKEN in fact.message for fact in refused)
