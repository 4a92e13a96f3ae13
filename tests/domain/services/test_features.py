"""Features made by hand and from what documents say, with real files in a real store."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from adapters.documents.folder import ProjectFolders
from domain.errors import InvalidInput, QuotaExceeded
from domain.models.audit import AuditAction, chain_of
from domain.models.feature_commands import GivenSession
from domain.models.features import FileState, FolderReading
from domain.models.pages import AuditFilter
from domain.services import feature_records
from tests.domain.services.conftest import Desk
from tests.domain.services.shelf import ALL, SECRET, Shelf, shelf_of

pytestmark = pytest.mark.anyio


@pytest.fixture
def shelf(desk: Desk, tmp_path: Path) -> Shelf:
    return shelf_of(desk, tmp_path)


async def test_features_come_of_what_documents_say(shelf: Shelf) -> None:
    """Each with its documents and sessions, told once; a document about nothing is kept too."""
    shelf.write("prd.md", doc_type="prd", feature_slug="search", title="Search", status="draft")
    shelf.write("plan.md", doc_type="implementation_plan", feature_slug="search", title="Plan")
    shelf.write("index.md", feature_slug="index", linked_sessions="[s-1, s-2, s-1]")
    shelf.write("notes.md", title="Notes")
    scan = await shelf.scan()
    assert ["docs/index.md", "docs/notes.md", "docs/plan.md", "docs/prd.md"] == scan.added
    assert (["index", "search"], [], True) == (scan.features, scan.refused, scan.is_complete)
    search, index = await shelf.feature(), await shelf.feature("index")
    assert ("Search", "draft", "index") == (search.title, search.status, index.title)
    assert ["docs/plan.md", "docs/prd.md"] == await shelf.paths()
    assert ["s-1", "s-2"] == [each.external_id for each in await shelf.sessions("index")]
    assert [("index", True), ("search", True)] == await shelf.told()


async def test_what_is_as_it_was_is_not_read_again(shelf: Shelf) -> None:
    """Nothing is told of it, and only what has changed is read."""
    shelf.write("a.md", feature_slug="search")
    shelf.write("b.md", feature_slug="index")
    await shelf.scan()
    again = await shelf.scan()
    assert ([], ["docs/a.md", "docs/b.md"], [], 0) == (
        again.changed,
        again.unchanged,
        again.features,
        again.bytes_read,
    )
    before = await shelf.feature("index")
    shelf.write("a.md", feature_slug="search", title="Another")
    third = await shelf.scan()
    assert (["docs/a.md"], ["search"]) == (third.changed, third.features)
    assert "Another" == (await shelf.feature()).title
    assert before == await shelf.feature("index")
    assert [("index", True), ("search", True), ("search", False)] == await shelf.told()


async def test_a_touched_file_is_not_read_a_third_time(shelf: Shelf) -> None:
    """Its new time is kept, though the document is the same."""
    path = shelf.root / shelf.write("a.md", feature_slug="search")
    await shelf.scan()
    path.touch()
    assert ["docs/a.md"] == (await shelf.scan()).unchanged
    assert 0 == (await shelf.scan()).bytes_read


async def test_a_document_that_moves_to_another_feature_leaves_the_first(shelf: Shelf) -> None:
    """Both are told, and what the first was by that document it is no more."""
    shelf.write("a.md", feature_slug="search", status="done", linked_sessions="[s-1]")
    await shelf.scan()
    shelf.write("a.md", feature_slug="index", status="done")
    assert ["index", "search"] == (await shelf.scan()).features
    assert ([], []) == (await shelf.paths(), await shelf.sessions())
    assert None is (await shelf.feature()).status
    assert ["docs/a.md"] == await shelf.paths("index")


async def test_what_is_gone_is_removed(shelf: Shelf) -> None:
    """Below the folder that was read; nothing of other folders, and nothing that was refused."""
    gone, kept = shelf.write("gone.md", feature_slug="search"), shelf.write("kept.md", title="K")
    (shelf.root / "README.md").write_text("# Read me\n")
    await shelf.scan(".")
    (shelf.root / gone).unlink()
    (shelf.root / "README.md").unlink()
    (shelf.root / kept).write_bytes(b"\xff")
    scan = await shelf.scan()
    assert ([gone], ["search"]) == (scan.removed, scan.features)
    assert [kept] == [each.path for each in scan.refused]
    assert {"README.md", kept} == {each.path for each in await shelf.documents()}
    assert [] == await shelf.paths()


async def test_nothing_is_removed_where_not_all_was_read(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What lies behind the bound may still be there."""
    shelf.write("a.md")
    shelf.write("b.md")
    await shelf.scan()
    (shelf.root / "docs" / "a.md").unlink()
    monkeypatch.setattr("adapters.documents.folder.SCAN_FILES_MAX", 0)
    scan = await shelf.scan()
    assert (False, []) == (scan.is_complete, scan.removed)
    assert 2 == len(await shelf.documents())


async def test_what_another_has_read_meanwhile_stays(shelf: Shelf) -> None:
    """Of two scans at once the one that ends last has read what is older."""
    path = shelf.write("a.md", feature_slug="search", title="Old")
    files = shelf.services.files

    class Slow(ProjectFolders):
        async def look(self, root_path: str, folder: str, known: Any) -> FolderReading:
            found = await files.look(root_path, folder, known)
            shelf.write("a.md", feature_slug="search", title="Newer")
            await shelf.scan()
            return found

    slow = replace(shelf, services=replace(shelf.services, files=Slow()))
    await slow.scan()
    assert "Newer" == (await shelf.feature()).title
    assert [path] == [each.path for each in await shelf.documents()]


async def test_secrets_are_masked_before_anything_is_stored(shelf: Shelf) -> None:
    """In what documents say, and in what is said by hand; a secret slug or path is refused."""
    shelf.write("a.md", feature_slug="search", title=f"say {SECRET}", linked_sessions=SECRET)
    shelf.write(f"{SECRET}.md", feature_slug="search")
    scan = await shelf.scan()
    assert ["docs/********.md"] == [each.path for each in scan.refused]
    assert "say ********" == (await shelf.feature()).title
    link = f"https://x.example/{SECRET}"
    given = GivenSession(external_id=SECRET, title=SECRET, url=link)
    feature = await shelf.upsert(title=SECRET, sessions=(given,))
    assert "********" == feature.title
    for session in await shelf.sessions():
        assert SECRET not in repr(session)


async def test_a_feature_is_made_by_hand(shelf: Shelf) -> None:
    """Its documents are read there and then; what is not named again stays, what is replaces."""
    one, two = shelf.write("one.md", title="One"), shelf.write("two.md", title="Two")
    talk = GivenSession(external_id="s-1", provider="claude_code", title="T", url="https://x.y/1")
    made = await shelf.upsert(title="Search", documents=(one, "./docs/two.md"), sessions=(talk,))
    assert ("Search", None) == (made.title, made.status)
    assert [one, two] == await shelf.paths()
    assert ["One", "Two"] == [each.title for each in await shelf.documents()]

    await shelf.upsert(documents=(two, two))
    assert ([two], "Search") == (await shelf.paths(), (await shelf.feature()).title)
    (session,) = await shelf.sessions()
    assert ("claude_code", "T") == (session.provider, session.title)
    await shelf.upsert(sessions=(GivenSession(external_id="s-1", provider="claude_code"),))
    assert [session] == await shelf.sessions()
    await shelf.upsert(documents=(), sessions=())
    assert ([], []) == (await shelf.paths(), await shelf.sessions())
    assert ("search", True) == (await shelf.told())[0]
    assert {("search", False)} == set((await shelf.told())[1:])


async def test_what_is_given_and_what_is_scanned_stand_side_by_side(shelf: Shelf) -> None:
    """A given title counts before a document's, and neither takes the other's documents away."""
    given = shelf.write("given.md")
    scanned = shelf.write("scanned.md", feature_slug="search", title="Scanned", status="done")
    await shelf.upsert(title="Given", documents=(given,))
    await shelf.scan()
    found = await shelf.feature()
    assert ("Given", "done") == (found.title, found.status)
    assert [given, scanned] == await shelf.paths()
    await shelf.upsert(documents=())
    assert [scanned] == await shelf.paths()


async def test_a_document_that_is_given_tells_of_its_own_feature_too(shelf: Shelf) -> None:
    """It was read, so what it says holds."""
    path = shelf.write("a.md", feature_slug="index", title="Index")
    await shelf.upsert("search", documents=(path,))
    assert ([path], [path]) == (await shelf.paths("search"), await shelf.paths("index"))
    assert "Index" == (await shelf.feature("index")).title


@pytest.mark.parametrize(
    ("given", "path"),
    [
        ({"slug": "two words"}, ("slug",)),
        ({"slug": ""}, ("slug",)),
        ({"title": "  "}, ("title",)),
        ({"title": "x" * 201}, ("title",)),
        ({"title": "nul\0"}, ("title",)),
        ({"documents": ("docs/none.md",)}, ("documents", "0", "path")),
        ({"documents": ("docs/a.md", "../a.md")}, ("documents", "1", "path")),
        ({"documents": ("docs/a.md",) * 101}, ("documents",)),
        ({"sessions": (GivenSession(external_id=" "),)}, ("sessions", "0", "externalId")),
        ({"sessions": (GivenSession(external_id="x"),) * 101}, ("sessions",)),
        *(
            (
                {"sessions": (GivenSession(external_id="x", url=url),)},
                ("sessions", "0", "url"),
            )
            for url in ("javascript:alert(1)", "https://", "https://me:pw@x.example", "http://[")
        ),
    ],
)
async def test_bad_input_is_refused_by_its_path(
    shelf: Shelf, given: dict[str, Any], path: tuple[str, ...]
) -> None:
    """And nothing is stored of it."""
    shelf.write("a.md")
    with pytest.raises(InvalidInput) as refused:
        await shelf.upsert(**given)
    assert path == refused.value.path
    assert [] == await shelf.documents()
    assert [] == await shelf.told()


@pytest.mark.parametrize("bound", ["FEATURES", "DOCUMENTS", "SESSIONS"])
async def test_a_project_holds_only_so_many(
    shelf: Shelf, bound: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One more is refused, and nothing of that scan is stored."""
    monkeypatch.setattr(feature_records, f"{bound}_PER_PROJECT_MAX", 1)
    shelf.write("a.md", feature_slug="a", linked_sessions="[s-1]")
    await shelf.scan()
    shelf.write("b.md", feature_slug="b", linked_sessions="[s-2]")
    with pytest.raises(QuotaExceeded, match=f"at most 1 {bound.lower()}"):
        await shelf.scan()
    assert ["docs/a.md"] == [each.path for each in await shelf.documents()]
    assert [("a", True)] == await shelf.told()


async def test_both_are_in_the_audit_log(shelf: Shelf) -> None:
    """By numbers: neither titles nor what documents say."""
    shelf.write("a.md", feature_slug="search", title="Private")
    await shelf.scan()
    await shelf.upsert(title="Private", sessions=())
    chain = chain_of(shelf.project.id)
    actions = (AuditAction.FEATURE_SCAN, AuditAction.FEATURE_UPSERT)
    async with shelf.desk.store.snapshot() as unit:
        upserted, scanned = await unit.audit.page(chain, AuditFilter(actions=actions), ALL)
    assert '"added":1,"changed":0,"complete":true,"features":1,"folder":"docs"' in scanned.body
    assert '"after":{"documents":null,"sessions":0,"slug":"search"}' in upserted.body
    assert "Private" not in scanned.body + upserted.body


async def test_a_file_of_another_time_is_as_it_was(shelf: Shelf) -> None:
    """The state that is stored is that of the file, to the nanosecond."""
    path = shelf.root / shelf.write("a.md")
    await shelf.scan()
    (stored,) = await shelf.documents()
    looked = path.stat()
    assert (looked.st_size, looked.st_mtime_ns) == (stored.file.bytes, stored.file.modified_ns)
    assert isinstance(stored.file, FileState)
