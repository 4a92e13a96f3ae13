"""Front matter as files have it, and what is no front matter."""

from pathlib import Path
from typing import Final

import pytest

from adapters.documents.front_matter import read
from domain.documents import Unusable
from domain.models.features import DocumentType, FrontMatter

PLANS: Final = Path(__file__).resolve().parents[2] / "fixtures" / "plans"
BOMB: Final = "a: &a [x, x]\n" + "".join(
    f"{name}: &{name} [*{before}, *{before}]\n"
    for before, name in zip("abcdefgh", "bcdefghi", strict=True)
)


def block(text: str) -> str:
    return f"---\n{text}\n---\n# Title\n"


def test_a_real_document_is_read() -> None:
    """With lists in both of their forms, and texts with colons and quotes."""
    front = read((PLANS / "PRDs" / "future-phases-roadmap.md").read_text(encoding="utf-8"))
    slug = "feature-execution-workbench-future-phases-roadmap-v1"
    assert (DocumentType.PRD, "draft", slug) == (front.type, front.status, front.feature_slug)
    assert "PRD: Feature Execution Workbench Future Phases Roadmap" == front.title
    assert (3, "roadmap") == (len(front.lineage.children), front.lineage.type)
    assert (("feature-execution-workbench-v1",), 2) == (front.linked_features, len(front.related))


@pytest.mark.parametrize(
    "text",
    ["", "# Title", "text\n---\ntitle: x\n---\n", "---\ntitle: x\n", "---\n---\n", "---x\n---\n"],
)
def test_a_document_without_front_matter_says_nothing(text: str) -> None:
    """Also one whose line of dashes is only a line, or whose block never ends."""
    assert FrontMatter() == read(text)


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("title: 2026-02-27", "2026-02-27"),
        ("title: no", "no"),
        ("title: 1_000", "1_000"),
        ("title: 12:30", "12:30"),
        ("title: 'a: b # c'", "a: b # c"),
        ("title: a\ntitle: b", "b"),
        ("title: x\r", "x"),
        ("title: !!python/object/apply:os.system [id]", None),
        ("title: !!binary aGk=", "aGk="),
        ("<<: {title: merged}", None),
    ],
)
def test_every_value_is_a_text(text: str, title: str | None) -> None:
    """As it stands there: no number, no time, no yes or no, and above all no Python object."""
    assert title == read(block(text)).title


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("title: [", "no YAML, at line"),
        ("title: a\n b: c: d", "no YAML, at line 3"),
        ("just words", "no mapping"),
        ("- a\n- b", "no mapping"),
        ("title: \x01", "no YAML|characters"),
        ("? [a, b]\n: c", "no YAML"),
        ("title: x" + "x" * 70_000, "more than 65536 bytes"),
        ("related: [" + "x, " * 2001 + "]", "more than 2000 values"),
        ("related: " + "[" * 500 + "]" * 500, "nested over 20"),
        ("related: " + "{a: " * 3000 + "x" + "}" * 3000, "nested over 20"),
        ("a: &a x\ntitle: *a", "alias"),
        (BOMB, "alias"),
        ("title: &a [*a]", "alias"),
    ],
)
def test_what_is_wrong_is_refused_with_its_reason(text: str, reason: str) -> None:
    """Whatever is written there, it is read in an instant or not at all."""
    with pytest.raises(Unusable, match=reason):
        read(block(text))
