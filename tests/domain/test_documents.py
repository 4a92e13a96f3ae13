"""What documents say of themselves, and what features are by that."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

import pytest

from domain.documents import Unusable, described, front_of, inner_path, masked
from domain.errors import InvalidInput
from domain.ids import DocumentId, FeatureId, ProjectId
from domain.models.features import (
    Document,
    DocumentType,
    Feature,
    FileState,
    FoundDocument,
    FrontMatter,
    Lineage,
)

NOW: Final = datetime(2026, 11, 20, tzinfo=UTC)
STATE: Final = FileState(bytes=1, modified_ns=1, digest="d")
FEATURE: Final = Feature(
    id=FeatureId("f"), project_id=ProjectId("p"), slug="search", created_at=NOW, updated_at=NOW
)


def document(path: str, **front: Any) -> Document:
    return Document(
        id=DocumentId(path),
        project_id=ProjectId("p"),
        path=path,
        file=STATE,
        front=FrontMatter(**front),
        scanned_at=NOW,
    )


@pytest.mark.parametrize(
    ("given", "path"),
    [("docs", "docs"), (".", ""), ("./docs/", "docs"), ("docs//a", "docs/a"), ("a/./b", "a/b")],
)
def test_a_path_stays_inside(given: str, path: str) -> None:
    """And is kept in one form."""
    assert path == inner_path(given)


@pytest.mark.parametrize("given", ["", "/etc", "..", "a/../b", "a\0b", "a\nb", "x" * 1025])
def test_a_path_that_does_not_stay_inside_is_refused(given: str) -> None:
    """Or one that no file of ours has."""
    with pytest.raises(InvalidInput) as refused:
        inner_path(given, "folder")
    assert ("folder",) == refused.value.path


def test_what_is_said_is_kept_as_it_is_given() -> None:
    """What is unknown here too; a single text is a list of one, and what means nothing is left."""
    values: Mapping[object, object] = {
        "doc_type": "Love Letter",
        "status": " half-done ",
        "title": {"no": "text"},
        "feature_slug": "search-v1",
        "feature_family": "~",
        "lineage_family": "search",
        "lineage_children": ["a", ["nested"], "", "b"],
        "related": "docs/one.md",
        "linked_sessions": [],
        "prd_ref": "null",
        "author": "somebody",
        ("odd", "key"): "x",
    }
    expected = FrontMatter(
        doc_type="Love Letter",
        status="half-done",
        feature_slug="search-v1",
        lineage=Lineage(family="search", children=("a", "b")),
        related=("docs/one.md",),
    )
    assert expected == front_of(values)


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        ("prd", DocumentType.PRD),
        ("Implementation-Plan", DocumentType.IMPLEMENTATION_PLAN),
        ("phase plan", DocumentType.PHASE_PLAN),
        ("love letter", DocumentType.DOCUMENT),
        (None, DocumentType.DOCUMENT),
    ],
)
def test_a_type_is_one_that_is_known(said: str | None, kind: DocumentType) -> None:
    """However it is written; anything else is a document."""
    assert kind is FrontMatter(doc_type=said).type


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"feature_slug": "two words"}, "feature_slug"),
        ({"feature_slug": "x" * 65}, "feature_slug"),
        ({"title": "x" * 1001}, "title is longer"),
        ({"related": ["x"] * 101}, "related has more"),
        ({"status": "nul\0"}, "status holds a NUL"),
        ({"status": "\ud800"}, "status is not valid"),
    ],
)
def test_what_cannot_be_stored_is_refused(values: dict[object, object], reason: str) -> None:
    """With the name of what is wrong."""
    with pytest.raises(Unusable, match=reason):
        front_of(values)


def test_the_first_document_that_says_something_counts() -> None:
    """The PRD before the plan, the plan before the progress, all others by path after them."""
    papers = [
        document("a.md", title="A", status="odd", feature_family="a"),
        document("z.md", doc_type="prd", title="Wanted"),
        document("b.md", doc_type="progress", status="half"),
        document("c.md", doc_type="implementation_plan", lineage=Lineage(family="line")),
    ]
    found = described(FEATURE, papers)
    assert ("Wanted", "half", "line") == (found.scanned_title, found.status, found.family)
    assert FEATURE == described(found, [])


def test_secrets_are_masked_in_what_is_said() -> None:
    """In every text; what a document is found by must hold none."""

    def redact(text: str) -> str:
        return text.replace("sesame", "***")

    front = FrontMatter(
        title="open sesame",
        related=("a", "sesame"),
        lineage=Lineage(parent="sesame", children=("sesame",)),
    )
    found = FoundDocument(path="a.md", file=STATE, front=front)
    expected = FrontMatter(
        title="open ***", related=("a", "***"), lineage=Lineage(parent="***", children=("***",))
    )
    assert expected == masked(found, redact).front
    for spoiled in (
        FoundDocument(path="sesame.md", file=STATE, front=None),
        FoundDocument(path="a.md", file=STATE, front=FrontMatter(feature_slug="sesame")),
    ):
        with pytest.raises(Unusable, match="secret"):
            masked(spoiled, redact)
