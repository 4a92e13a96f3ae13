"""Features, documents and sessions in the store."""

from dataclasses import replace
from typing import Any, Final

import pytest

from domain.ids import FeatureId, ProjectId
from domain.models.features import (
    Document,
    Feature,
    FileState,
    FrontMatter,
    LinkOrigin,
    Session,
)
from domain.models.pages import Window
from tests.contract.store.featured import FRONT, document, feature, session
from tests.contract.store.scene import MAIN, Scene, later

pytestmark = pytest.mark.anyio

OTHER: Final = ProjectId("e" * 32)
ALL: Final = Window(limit=100)


async def store(
    scene: Scene, features: list[Feature], documents: list[Document], sessions: list[Session]
) -> None:
    async with scene.store.transaction() as unit:
        if await unit.projects.get(OTHER) is None:
            await unit.projects.add(replace(scene.project, id=OTHER, slug="other"))
        await unit.features.lock(MAIN)
        for each in features:
            await unit.features.put(each)
        await unit.documents.put(documents)
        await unit.features.put_sessions(sessions)


async def test_a_feature_is_read_as_it_was_stored(scene: Scene) -> None:
    """By id and by slug, of its own project only; what is stored again is replaced."""
    full = feature(
        scene, "full", given_title="Full", scanned_title="F", status="odd one", family="f"
    )
    bare, theirs = feature(scene, "bare"), feature(scene, "full", project_id=OTHER)
    await store(scene, [full, bare, theirs], [], [])
    renamed = replace(full, given_title=None, status="done", updated_at=later(9))
    await store(scene, [renamed], [], [])
    async with scene.store.snapshot() as unit:
        assert {renamed.id: renamed, theirs.id: theirs} == await unit.features.get_many(
            [full.id, theirs.id, FeatureId("0" * 32)]
        )
        found = await unit.features.by_slugs(MAIN, ["full", "bare", "none"])
        assert {"full": renamed, "bare": bare} == found
        assert (2, 1) == (await unit.features.count(MAIN), await unit.features.count(OTHER))
    assert ("F", "bare") == (renamed.title, bare.title)


async def test_features_are_listed_by_slug(scene: Scene) -> None:
    """By code point on every database, page by page."""
    made = {slug: feature(scene, slug) for slug in ("b", "a-2", "B", "a", "a.1")}
    await store(scene, [*made.values(), feature(scene, "x", project_id=OTHER)], [], [])
    async with scene.store.snapshot() as unit:
        assert ["B", "a", "a-2", "a.1", "b"] == [
            each.slug for each in await unit.features.page(MAIN, ALL)
        ]
        found = await unit.features.page(MAIN, Window(limit=2, after="a"))
    assert [made["a-2"], made["a.1"]] == list(found)


async def test_a_document_is_read_as_it_was_stored(scene: Scene) -> None:
    """With all that its front matter says; read again it keeps its id and place."""
    first = document(scene, "docs/prd.md")
    plain = document(scene, "README.md", front=FrontMatter())
    await store(scene, [], [first, plain], [])
    again = replace(
        first,
        file=FileState(bytes=1, modified_ns=1, digest="e" * 64),
        front=replace(FRONT, feature_slug="other", related=()),
        scanned_at=later(9),
    )
    await store(scene, [], [again], [])
    async with scene.store.snapshot() as unit:
        assert {again.id: again, plain.id: plain} == await unit.documents.get_many(
            [again.id, plain.id]
        )
        assert {first.path: again} == await unit.documents.by_paths(MAIN, [first.path, "none"])
        assert {} == await unit.documents.by_paths(OTHER, [first.path])
        assert [again] == await unit.documents.about(MAIN, ["other", "search-v1"])
        assert 2 == await unit.documents.count(MAIN)


async def test_a_folder_holds_what_is_below_it(scene: Scene) -> None:
    """And nothing whose name only begins as its own does; the root holds everything."""
    paths = ["docs.md", "docs/a.md", "docs/b/c.md", "docs-2/a.md", "docs0.md", "docsier/a.md"]
    await store(scene, [], [document(scene, path) for path in paths], [])
    async with scene.store.snapshot() as unit:
        found = {
            folder: [each.path for each in await unit.documents.within(MAIN, folder)]
            for folder in ("docs", "docs/b", "doc", "")
        }
        assert [] == await unit.documents.within(OTHER, "")
    assert ["docs/a.md", "docs/b/c.md"] == found["docs"]
    assert ["docs/b/c.md"] == found["docs/b"]
    assert [] == found["doc"]
    assert sorted(paths) == found[""]


async def test_sessions_are_known_by_the_ids_of_their_platforms(scene: Scene) -> None:
    """The same id may be that of two platforms, or of one that nobody has named."""
    bare = session(scene, "s-1")
    known = session(scene, "s-1", provider="claude_code", title="Plan", url="https://x.example/1")
    theirs = session(scene, "s-1", project_id=OTHER)
    await store(scene, [], [], [bare, known, theirs])
    titled = replace(bare, title="Named later", url="https://x.example/2")
    await store(scene, [], [], [titled])
    async with scene.store.snapshot() as unit:
        assert [titled, known] == await unit.features.sessions_named(MAIN, ["s-1", "s-2"])
        assert {known.id: known} == await unit.features.get_sessions([known.id])
        assert 2 == await unit.features.count_sessions(MAIN)


async def test_what_belongs_to_a_feature_is_said_by_two(scene: Scene) -> None:
    """What one of them says is replaced alone, and what both say is listed once."""
    one, other = feature(scene, "one"), feature(scene, "other")
    papers = [document(scene, f"docs/{name}.md") for name in "cab"]
    talks = [session(scene, f"s-{number}") for number in range(3)]
    await store(scene, [one, other], papers, talks)
    c, a, b = papers

    async def link(origin: LinkOrigin, documents: Any, sessions: Any) -> None:
        async with scene.store.transaction() as unit:
            await unit.features.lock(MAIN)
            ids = None if documents is None else [each.id for each in documents]
            named = None if sessions is None else [each.id for each in sessions]
            await unit.features.link(one.id, origin, ids, named)

    async def linked() -> tuple[list[Document], list[Session]]:
        async with scene.store.snapshot() as unit:
            assert [] == await unit.documents.page(other.id, ALL)
            documents = await unit.documents.page(one.id, ALL)
            return list(documents), list(await unit.features.sessions(one.id, ALL))

    await link(LinkOrigin.SCANNED, [a, b, a], talks[:2])
    await link(LinkOrigin.GIVEN, [b, c], talks[1:])
    assert ([a, b, c], talks) == await linked()
    await link(LinkOrigin.SCANNED, [], None)
    assert ([b, c], talks) == await linked()
    await link(LinkOrigin.GIVEN, None, [])
    assert ([b, c], talks[:2]) == await linked()
    async with scene.store.snapshot() as unit:
        assert [c] == await unit.documents.page(one.id, Window(limit=9, after=b.path))
        assert talks[1:2] == await unit.features.sessions(
            one.id, Window(limit=1, after=talks[0].id)
        )


async def test_a_document_that_goes_takes_its_links_along(scene: Scene) -> None:
    """And nothing else."""
    one, paper, kept = (
        feature(scene, "one"),
        document(scene, "docs/a.md"),
        document(scene, "docs/b.md"),
    )
    await store(scene, [one], [paper, kept], [])
    async with scene.store.transaction() as unit:
        await unit.features.link(one.id, LinkOrigin.SCANNED, [paper.id, kept.id], [])
        await unit.documents.remove([paper.id])
    async with scene.store.snapshot() as unit:
        assert [kept] == await unit.documents.page(one.id, ALL)
        assert {} == await unit.documents.get_many([paper.id])
