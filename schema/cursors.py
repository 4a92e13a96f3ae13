"""Opaque cursors: a key in a list, or a place in a stream."""

import re
from typing import Final, TypeAlias

from domain.errors import CursorInvalid
from domain.ids import ProjectId, RunId, WorkflowRunId
from resolvers.streams import Place
from schema.ids import seal, unseal

StreamId: TypeAlias = RunId | ProjectId | WorkflowRunId

_NUMBER: Final = re.compile(r"[0-9]{1,18}")
_PLACE: Final = re.compile(
    r"(?P<stream>[0-9a-f]{32}):(?P<sequence>\d{1,18})(?::(\d{1,18})-(\d{1,18}))?"
)


def list_cursor(list_name: str, key: str) -> str:
    """The key of an item in the list with this name."""
    return seal(f"{list_name}|{key}")


def list_key(cursor: str | None, list_name: str) -> str | None:
    """Raises CursorInvalid for the cursor of another list, and for what is none."""
    if cursor is None:
        return None
    found, bar, key = (unseal(cursor) or "").partition("|")
    if not bar or found != list_name or not key:
        raise CursorInvalid
    return key


def list_number(cursor: str | None, scope: str) -> str | None:
    """The same for a list whose keys are numbers."""
    key = list_key(cursor, scope)
    if key is not None and not _NUMBER.fullmatch(key):
        raise CursorInvalid
    return key


def stream_cursor(stream_id: StreamId, sequence: int) -> str:
    """Behind an event."""
    return seal(f"{stream_id}:{sequence}")


def place_cursor(run_id: RunId, place: Place) -> str:
    """Behind an event, or behind some lines of a log batch."""
    if place.first is None:
        return stream_cursor(run_id, place.sequence)
    return seal(f"{run_id}:{place.sequence}:{place.first}-{place.last}")


def to_place(cursor: str | None, stream_id: StreamId) -> Place | None:
    """Raises CursorInvalid for the cursor of another stream, and for what is none."""
    if cursor is None:
        return None
    match = _PLACE.fullmatch(unseal(cursor) or "")
    if match is None or match["stream"] != stream_id:
        raise CursorInvalid
    first, last = match[3], match[4]
    if first is None:
        return Place(sequence=int(match["sequence"]))
    return Place(sequence=int(match["sequence"]), first=int(first), last=int(last))


def to_sequence(cursor: str | None, stream_id: StreamId) -> int | None:
    """The same for a stream without log batches."""
    place = to_place(cursor, stream_id)
    if place is None:
        return None
    if place.first is not None:
        raise CursorInvalid
    return place.sequence
