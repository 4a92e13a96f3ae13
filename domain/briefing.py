"""The documents that accompany an agent's prompt, and how much of each. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from domain.digest import sha256
from domain.models.features import DocumentType

RULE: Final = "whole-then-beginning-1"
"""Name of the rule that `brief` follows. It is recorded, so a changed rule needs a new name."""
_END: Final = "</document>\n"
_ATTRIBUTE: Final = str.maketrans({"&": "&amp;", '"': "&quot;", "<": "&lt;", ">": "&gt;"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Paper:
    """A document and its text. `digest` is the hex SHA-256 of the file."""

    path: str
    type: DocumentType
    digest: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """How much of one document is included: the first `bytes` of its `of_bytes` bytes of UTF-8."""

    path: str
    type: DocumentType
    digest: str
    bytes: int
    of_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Briefing:
    """The text for an agent, at most `most` bytes of UTF-8, and the documents it is made of.

    `left_out` are the paths of documents of which nothing fitted.
    """

    text: str
    most: int
    parts: Sequence[Part]
    left_out: Sequence[str]

    @property
    def digest(self) -> str:
        """Hex SHA-256 of the text."""
        return sha256(self.text)

    @property
    def record(self) -> dict[str, Any]:
        """The JSON object that is stored about the briefing: everything but the text."""
        return {
            "rule": RULE,
            "bytesMax": self.most,
            "bytes": len(self.text.encode()),
            "digest": self.digest,
            "documents": [_recorded(part) for part in self.parts],
            "leftOut": list(self.left_out),
        }


def brief(papers: Iterable[Paper], most: int) -> Briefing:
    """Join documents into at most `most` bytes of UTF-8, framing included.

    The PRD comes first, then the implementation plan, the progress, and all others; within a type
    they are sorted by path. Documents are included whole as long as they fit. The first that does
    not fit is cut after the last line that does, and no document after it is included.
    """
    parts: list[Part] = []
    texts: list[str] = []
    waiting = sorted(papers, key=lambda each: (each.type.precedence, each.path))
    left = most
    while waiting:
        paper = waiting[0]
        part, text = _fitted(paper, left)
        if part is None:
            break
        parts.append(part)
        texts.append(text)
        del waiting[0]
        left -= len(text.encode())
        if part.bytes < part.of_bytes:
            break
    left_out = [each.path for each in waiting]
    return Briefing(text="".join(texts), most=most, parts=parts, left_out=left_out)


def _fitted(paper: Paper, left: int) -> tuple[Part | None, str]:
    """Include as much of a document as fits into `left` bytes; None where nothing does."""
    content = paper.text.encode()
    of = len(content)
    whole = _framed(paper, paper.text, f"{of}")
    if len(whole.encode()) <= left:
        return _part(paper, of, of), whole
    frame = _framed(paper, "", f"{of} of {of}")
    kept = _beginning(content, left - len(frame.encode()))
    if not kept:
        return None, ""
    size = len(kept.encode())
    return _part(paper, size, of), _framed(paper, kept, f"{size} of {of}")


def _beginning(content: bytes, most: int) -> str:
    """Cut after the last whole line, or after the last whole character where there is no line."""
    begun = content[: max(most, 0)]
    lines = begun[: begun.rfind(b"\n") + 1]
    return (lines or begun).decode(errors="ignore")


def _framed(paper: Paper, text: str, extent: str) -> str:
    """Put the text between an opening and a closing tag, each on a line of its own."""
    path = paper.path.translate(_ATTRIBUTE)
    head = f'<document path="{path}" type="{paper.type}" bytes="{extent}">\n'
    return f"{head}{text}{_END}" if text.endswith("\n") else f"{head}{text}\n{_END}"


def _part(paper: Paper, size: int, of: int) -> Part:
    return Part(path=paper.path, type=paper.type, digest=paper.digest, bytes=size, of_bytes=of)


def _recorded(part: Part) -> dict[str, Any]:
    return {
        "path": part.path,
        "type": part.type,
        "digest": part.digest,
        "bytes": part.bytes,
        "ofBytes": part.of_bytes,
    }
