"""Which documents go with a prompt, and how much of each."""

import json
from hashlib import sha256
from typing import Final

from hypothesis import given
from hypothesis import strategies as st

from domain.briefing import Briefing, Paper, brief
from domain.models.features import DocumentType

LARGE: Final = 10_000


def paper(path: str, text: str = "text\n", kind: DocumentType = DocumentType.DOCUMENT) -> Paper:
    digest = sha256(text.encode()).hexdigest()
    return Paper(path=path, type=kind, digest=digest, text=text)


def paths(briefing: Briefing) -> list[str]:
    return [part.path for part in briefing.parts]


def test_documents_come_in_their_order() -> None:
    """The PRD, the plan, the progress, all others; those of a kind by path."""
    given_in = [
        paper("b.md", kind=DocumentType.REPORT),
        paper("z.md", kind=DocumentType.PROGRESS),
        paper("a.md"),
        paper("y.md", kind=DocumentType.IMPLEMENTATION_PLAN),
        paper("x.md", kind=DocumentType.PRD),
    ]
    briefing = brief(given_in, LARGE)
    assert ["x.md", "y.md", "z.md", "a.md", "b.md"] == paths(briefing)
    assert [] == briefing.left_out


def test_each_document_stands_in_its_frame() -> None:
    """With its path, what it is and how much of it there is; what is whole ends with its line."""
    text = brief([paper('a"<&.md', "one\ntwo", DocumentType.PRD)], LARGE).text
    assert (
        '<document path="a&quot;&lt;&amp;.md" type="PRD" bytes="7">\none\ntwo\n</document>\n'
    ) == text


def test_the_first_that_does_not_fit_goes_along_in_part() -> None:
    """Up to its last line that fits; nothing goes along behind it, though it would fit."""
    long = "".join(f"line {number}\n" for number in range(1000))
    papers = [paper("a.md"), paper("b.md", long), paper("c.md", "x\n")]
    briefing = brief(papers, 400)
    assert (["a.md", "b.md"], ["c.md"]) == (paths(briefing), briefing.left_out)
    whole, part = briefing.parts
    assert (5, 5) == (whole.bytes, whole.of_bytes)
    assert 0 < part.bytes < part.of_bytes == len(long)
    assert f'bytes="{part.bytes} of {part.of_bytes}">\nline 0\n' in briefing.text
    assert briefing.text.endswith("\n</document>\n")
    assert long[: part.bytes].endswith("\n")
    assert long[: part.bytes] in briefing.text


def test_one_long_line_ends_with_a_character() -> None:
    """None is cut in two."""
    briefing = brief([paper("a.md", "ü" * 1000)], 200)
    (part,) = briefing.parts
    assert part.bytes > 0
    assert 0 == part.bytes % 2
    assert "�" not in briefing.text


def test_without_room_nothing_goes_along() -> None:
    """Not even a frame with nothing in it."""
    briefing = brief([paper("a.md", "x" * 100), paper("b.md")], 40)
    assert ("", [], ["a.md", "b.md"]) == (briefing.text, briefing.parts, briefing.left_out)
    assert "" == brief([], LARGE).text


def test_the_record_says_what_went_along() -> None:
    """The rule, which bytes of which file, and the digest of the whole; and not the text."""
    briefing = brief([paper("a.md", "hello\n"), paper("b.md", "y\n" * 500)], 300)
    record = briefing.record
    first, second = record["documents"]
    assert {
        "path": "a.md",
        "type": "DOCUMENT",
        "digest": sha256(b"hello\n").hexdigest(),
        "bytes": 6,
        "ofBytes": 6,
    } == first
    assert second["bytes"] < second["ofBytes"]
    assert ("whole-then-beginning-1", 300, []) == (
        record["rule"],
        record["bytesMax"],
        record["leftOut"],
    )
    assert len(briefing.text) == record["bytes"] <= 300
    assert sha256(briefing.text.encode()).hexdigest() == record["digest"]
    assert "hello" not in json.dumps(record)


@given(
    texts=st.lists(st.text(st.characters(codec="utf-8"), max_size=200), max_size=6),
    most=st.integers(1, 1500),
)
def test_it_never_is_larger_than_it_may_be(texts: list[str], most: int) -> None:
    """Whatever stands in the documents; each is whole, begun, or left out, in this order."""
    papers = [paper(f"{number}.md", text) for number, text in enumerate(texts)]
    briefing = brief(papers, most)
    assert len(briefing.text.encode()) <= most
    assert [*paths(briefing), *briefing.left_out] == [each.path for each in papers]
    assert all(part.bytes == part.of_bytes for part in briefing.parts[:-1])
    for part, whole in zip(briefing.parts, texts, strict=False):
        assert whole.encode()[: part.bytes].decode() in briefing.text
