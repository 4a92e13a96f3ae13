"""Briefings of real files."""

from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest

from domain.errors import InvalidInput, NotFound
from domain.ids import ProjectId
from tests.domain.services.conftest import Desk
from tests.domain.services.shelf import SECRET, Shelf, shelf_of

pytestmark = pytest.mark.anyio


@pytest.fixture
async def shelf(desk: Desk, tmp_path: Path) -> Shelf:
    made = shelf_of(desk, tmp_path)
    made.write("plan.md", doc_type="implementation_plan", feature_slug="search")
    made.write("prd.md", doc_type="prd", feature_slug="search")
    made.write("notes.md", feature_slug="search", title=SECRET)
    made.write("other.md", feature_slug="index")
    await made.scan()
    return made


async def test_a_briefing_has_the_documents_of_its_feature(shelf: Shelf) -> None:
    """In their order, each by the digest of its file, and without secrets."""
    briefing = await shelf.services.briefings.of(shelf.project, "search")
    assert ["docs/prd.md", "docs/plan.md", "docs/notes.md"] == [p.path for p in briefing.parts]
    for part in briefing.parts:
        assert sha256((shelf.root / part.path).read_bytes()).hexdigest() == part.digest
    assert "# prd.md\n" in briefing.text
    assert SECRET not in briefing.text
    assert "title: ********" in briefing.text


async def test_it_may_be_of_some_of_them(shelf: Shelf) -> None:
    """Of those that are named, each once; one of another feature is none of them."""
    named = ["docs/plan.md", "docs/prd.md", "docs/plan.md"]
    briefing = await shelf.services.briefings.of(shelf.project, "search", named)
    assert ["docs/prd.md", "docs/plan.md"] == [part.path for part in briefing.parts]
    for path in ("docs/other.md", "docs/none.md"):
        with pytest.raises(InvalidInput) as refused:
            await shelf.services.briefings.of(shelf.project, "search", [path])
        assert ("documents", path) == refused.value.path
    with pytest.raises(NotFound):
        await shelf.services.briefings.of(shelf.project, "nothing")


async def test_a_file_that_is_not_what_was_scanned_is_not_sent(shelf: Shelf) -> None:
    """Until it is scanned again."""
    path = shelf.write("prd.md", doc_type="prd", feature_slug="search", status="changed")
    with pytest.raises(InvalidInput, match="Scan it again") as refused:
        await shelf.services.briefings.of(shelf.project, "search")
    assert ("documents", path) == refused.value.path
    await shelf.scan()
    assert "status: changed" in (await shelf.services.briefings.of(shelf.project, "search")).text


async def test_no_more_is_read_than_can_go_along(shelf: Shelf) -> None:
    """What lies behind the bound may be gone: it is left out anyway."""
    shelf.write("prd.md", doc_type="prd", feature_slug="search", title="x" * 500)
    await shelf.scan()
    (shelf.root / "docs" / "notes.md").unlink()
    briefing = await shelf.services.briefings.of(shelf.project, "search", most=300)
    assert ["docs/prd.md"] == [part.path for part in briefing.parts]
    assert ["docs/plan.md", "docs/notes.md"] == briefing.left_out


@pytest.mark.parametrize("most", [0, -1, 256 * 1024 + 1])
async def test_it_is_no_larger_than_a_prompt(shelf: Shelf, most: int) -> None:
    """And holds something."""
    with pytest.raises(InvalidInput):
        await shelf.services.briefings.of(shelf.project, "search", most=most)


async def test_another_project_has_none_of_it(shelf: Shelf) -> None:
    """Its features and documents are its own."""
    other = replace(shelf.project, id=ProjectId("0" * 32))
    with pytest.raises(NotFound):
        await shelf.services.briefings.of(other, "search")
