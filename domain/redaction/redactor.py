"""Masking what is secret in a text, known secrets in all their forms and others by their shape."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple, Protocol

from domain.redaction.forms import PIECE_CHARACTERS, forms_of, heads_of, is_long_enough
from domain.redaction.rules import (
    LAST_LINE_MIN,
    OPEN_BODY,
    OPEN_KEY,
    PRIVATE_KEY,
    RULES,
    Rule,
)

MASK: Final = "********"
ANCHOR_CHARACTERS: Final = 8
"""So much of each form is looked for in one pass over the text; the rest is compared there."""
CONTEXT_CHARACTERS: Final = 2 * PIECE_CHARACTERS
"""So much of the text on either side of a cut shows every secret across it."""


class Finder(Protocol):
    """Finds all places of many texts at once, those inside each other as well."""

    def places(self, text: str) -> Sequence[tuple[int, int]]:
        """Which of the texts begins where, in characters."""
        ...


FinderOf = Callable[[Sequence[str]], Finder]
"""Makes the finder of some texts, none of them empty and none twice."""


class Span(NamedTuple):
    """Part of a text, from `start` to before `end`, in characters."""

    start: int
    end: int


class Form(NamedTuple):
    """A text that is looked for, of which what follows the first `shown` characters is masked."""

    text: str
    shown: int

    def span(self, text: str, at: int) -> Span | None:
        if not text.startswith(self.text, at):
            return None
        return Span(at + self.shown, at + len(self.text))


@dataclass(frozen=True, slots=True, kw_only=True)
class Masked:
    """Text without its secrets, how many there were, and what the next line has to be read after:
    the beginning of a secret that goes on over lines, mostly nothing."""

    text: str
    count: int
    context: str = ""


class Redactor:
    """Knows some secrets, and the shapes of others. Never changes, so threads may share it."""

    def __init__(self, secrets: Iterable[str], finder_of: FinderOf) -> None:
        given = {secret for secret in secrets if secret}
        known = sorted(filter(is_long_enough, given))
        self.ignored: Final = len(given) - len(known)
        """How many secrets are too short to be masked."""
        heads = sorted({head for secret in known for head in heads_of(secret)})
        self._beginnings = tuple(sorted({part for head in heads for part in _beginnings(head)}))
        forms = [Form(form, 0) for form in sorted(set().union(*map(forms_of, known)))]
        forms += [Form(head, head.rindex("\n") + 1) for head in heads]
        wanted: dict[str, list[Form | Rule]] = {}
        for form in forms:
            wanted.setdefault(form.text[:ANCHOR_CHARACTERS], []).append(form)
        for rule in RULES:
            for anchor in rule.anchors:
                wanted.setdefault(anchor, []).append(rule)
        self._wanted = tuple(wanted.values())
        self._finder = finder_of(tuple(wanted))

    def text(self, text: str) -> str:
        """The text without its secrets, for whatever is no line of a log."""
        return self.mask(text).text

    def knows_any_in(self, text: str) -> bool:
        """Whether a known secret stands in it: one that is guessed by its shape counts for none."""
        return any(
            isinstance(wanted, Form) and wanted.span(text, at) is not None
            for index, at in self._finder.places(text)
            for wanted in self._wanted[index]
        )

    def mask(self, text: str, *, before: str = "", after: str = "") -> Masked:
        """Lines without their secrets, seen between what comes before them and after them.

        `before` ends with a newline but where a line was cut; `after` is not empty where one is.
        """
        whole = f"{before}{text}{after}" if before or after else text
        spans, key = self._spans(whole)
        context = whole[: len(before) + len(text)][-CONTEXT_CHARACTERS:] if after else ""
        context = context or key or self._beginning(whole)
        if not spans:
            return Masked(text=text, count=0, context=context)
        masked, count = _masked(whole, _joined(spans), Span(len(before), len(before) + len(text)))
        return Masked(text=masked, count=count, context=context)

    def _spans(self, text: str) -> tuple[list[Span], str]:
        """What is secret, and the context that a private key leaves which goes on."""
        spans: list[Span] = []
        key = ""
        for index, at in self._finder.places(text):
            for wanted in self._wanted[index]:
                if isinstance(wanted, Form):
                    span = wanted.span(text, at)
                elif wanted is PRIVATE_KEY:
                    span, key = _private_key(text, at)
                else:
                    found = wanted.shape.match(text, at)
                    span = Span(*found.span("secret")) if found else None
                if span:
                    spans.append(span)
        return spans, key

    def _beginning(self, text: str) -> str:
        """The last lines, where a secret over several lines begins with them."""
        if not text.endswith(self._beginnings):
            return ""
        return max((b for b in self._beginnings if text.endswith(b)), key=len) + "\n"


def _beginnings(head: str) -> list[str]:
    lines = head.split("\n")
    return ["\n".join(lines[:count]) for count in range(1, len(lines))]


def _private_key(text: str, at: int) -> tuple[Span | None, str]:
    """Its lines, and what to read the next line after where the key does not end here."""
    found = PRIVATE_KEY.shape.match(text, at)
    if not found:
        return None, ""
    has_lines = bool(found["lines"]) or len(found["last"]) >= LAST_LINE_MIN
    is_open = found.end() == len(text) and not 0 < len(found["last"]) < LAST_LINE_MIN
    context = (OPEN_BODY if has_lines else OPEN_KEY) if is_open else ""
    return (Span(*found.span("secret")) if has_lines else None), context


def _joined(spans: list[Span]) -> list[Span]:
    """In order, those that overlap as one."""
    spans.sort()
    joined = spans[:1]
    for span in spans[1:]:
        if span.start < joined[-1].end:
            joined[-1] = Span(joined[-1].start, max(joined[-1].end, span.end))
        else:
            joined.append(span)
    return joined


def _masked(whole: str, spans: list[Span], shown: Span) -> tuple[str, int]:
    """The part of a text that is shown, and how many secrets begin in it or reach into it."""
    parts: list[str] = []
    at, count = shown.start, 0
    for span in spans:
        start, end = max(span.start, shown.start), min(span.end, shown.end)
        if start >= end:
            continue
        parts += (whole[at:start], _mask(whole[start:end]))
        at, count = end, count + 1
    parts.append(whole[at : shown.end])
    return "".join(parts), count


def _mask(secret: str) -> str:
    """Lines stay lines."""
    if "\n" not in secret:
        return MASK
    return "\n".join(MASK if line.strip() else line for line in secret.split("\n"))
