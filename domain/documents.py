"""What documents say of themselves, and what features are by what their documents say. Pure."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import PurePosixPath
from typing import Any, Final

from domain.errors import InvalidInput
from domain.limits import (
    DOCUMENT_PATH_CHARACTERS_MAX,
    FRONT_MATTER_LIST_MAX,
    FRONT_MATTER_TEXT_CHARACTERS_MAX,
)
from domain.models.features import Document, Feature, FoundDocument, FrontMatter, Lineage

FEATURE_SLUG: Final = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,62}[A-Za-z0-9])?")
"""No longer than what a launch takes as its feature."""
SUFFIXES: Final = frozenset({".md", ".markdown"})
_NOTHING: Final = frozenset({"", "~", "null", "Null", "NULL"})
"""How YAML writes that there is no value."""

Values = Mapping[object, object]
Redact = Callable[[str], str]


class Unusable(ValueError):
    """A document that cannot be taken, and why."""


def inner_path(given: str, *field: str) -> str:
    """A path from the project's root, as it is kept; empty for the root. Raises InvalidInput."""
    path = PurePosixPath(given)
    if not given or not given.isprintable() or len(given) > DOCUMENT_PATH_CHARACTERS_MAX:
        raise InvalidInput("A path has 1 to 1024 visible characters.", *field)
    if path.is_absolute() or ".." in path.parts:
        raise InvalidInput("The path must stay inside the project's root.", *field)
    return "" if str(path) == "." else str(path)


def front_of(values: Values) -> FrontMatter:
    """The front matter, of which what has no use here is left out. Raises Unusable."""
    slug = _text(values, "feature_slug")
    if slug is not None and not FEATURE_SLUG.fullmatch(slug):
        raise Unusable("feature_slug has 1 to 64 letters, digits, and . _ - between them.")
    return FrontMatter(
        doc_type=_text(values, "doc_type"),
        status=_text(values, "status"),
        title=_text(values, "title"),
        feature_slug=slug,
        feature_family=_text(values, "feature_family"),
        lineage=Lineage(
            family=_text(values, "lineage_family"),
            parent=_text(values, "lineage_parent"),
            children=_texts(values, "lineage_children"),
            type=_text(values, "lineage_type"),
        ),
        linked_features=_texts(values, "linked_features"),
        related=_texts(values, "related"),
        prd_ref=_text(values, "prd_ref"),
        plan_ref=_text(values, "plan_ref"),
        linked_sessions=_texts(values, "linked_sessions"),
    )


def texts_of(front: FrontMatter) -> Iterable[str]:
    """Every text in it."""
    for name in FrontMatter.__dataclass_fields__.keys() - {"lineage"}:
        yield from _each(getattr(front, name))
    for name in Lineage.__dataclass_fields__:
        yield from _each(getattr(front.lineage, name))


def ordered(documents: Iterable[Document]) -> Sequence[Document]:
    """Those that count first are first: the PRD, the plan, the progress, then all others; those of
    a kind by path."""
    return sorted(documents, key=lambda each: (each.front.type.precedence, each.path))


def described(feature: Feature, documents: Iterable[Document]) -> Feature:
    """What it is by its own documents: of each field the first that says something."""
    fronts = [each.front for each in ordered(documents)]
    families = [front.feature_family or front.lineage.family for front in fronts]
    return replace(
        feature,
        scanned_title=_first(front.title for front in fronts),
        status=_first(front.status for front in fronts),
        family=_first(families),
    )


def masked(found: FoundDocument, redact: Redact) -> FoundDocument:
    """Without secrets in what it says. Raises Unusable for one in what it is found by."""
    if redact(found.path) != found.path:
        raise Unusable("Its path holds a secret.")
    front = found.front
    if front is None or all(redact(text) == text for text in texts_of(front)):
        return found
    if front.feature_slug and redact(front.feature_slug) != front.feature_slug:
        raise Unusable("feature_slug holds a secret.")
    lineage = replace(front.lineage, **_masked(front.lineage, redact))
    return replace(found, front=replace(front, lineage=lineage, **_masked(front, redact)))


def _first(said: Iterable[str | None]) -> str | None:
    return next((text for text in said if text), None)


def _each(value: object) -> Iterable[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, tuple):
        yield from value


def _text(values: Values, name: str) -> str | None:
    """None also for what is no text."""
    value = values.get(name)
    if not isinstance(value, str) or value.strip() in _NOTHING:
        return None
    return _checked(value.strip(), name)


def _texts(values: Values, name: str) -> tuple[str, ...]:
    """A single text counts as a list of one; what is no text in it is left out."""
    value = values.get(name)
    items = value if isinstance(value, list) else [value]
    if len(items) > FRONT_MATTER_LIST_MAX:
        raise Unusable(f"{name} has more than {FRONT_MATTER_LIST_MAX} items.")
    texts = [each.strip() for each in items if isinstance(each, str)]
    return tuple(_checked(text, name) for text in texts if text not in _NOTHING)


def _checked(text: str, name: str) -> str:
    if len(text) > FRONT_MATTER_TEXT_CHARACTERS_MAX:
        raise Unusable(f"{name} is longer than {FRONT_MATTER_TEXT_CHARACTERS_MAX} characters.")
    if "\0" in text:
        raise Unusable(f"{name} holds a NUL character.")
    try:
        text.encode()
    except UnicodeEncodeError:
        raise Unusable(f"{name} is not valid Unicode.") from None
    return text


def _masked(value: FrontMatter | Lineage, redact: Redact) -> dict[str, Any]:
    """Its texts."""
    said = {name: getattr(value, name) for name in value.__dataclass_fields__}
    return {
        name: redact(each) if isinstance(each, str) else tuple(map(redact, each))
        for name, each in said.items()
        if isinstance(each, str | tuple)
    }
