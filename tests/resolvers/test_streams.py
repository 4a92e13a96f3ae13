"""A subscriber sees the same events of a run, whether read in pages or taken one by one."""

from datetime import UTC, datetime
from functools import partial

import pytest

from domain.ids import RunId
from domain.models.events import RunDispatched, RunEvent, StreamFact
from domain.models.logs import LogBatch
from domain.models.providers import LogStream
from resolvers.streams import Cut, Holds, Place, is_log

NOW = datetime(2026, 11, 20, tzinfo=UTC)


def event(sequence: int, fact: StreamFact) -> RunEvent:
    return RunEvent(run_id=RunId("run"), sequence=sequence, at=NOW, actor_id=None, fact=fact)


def batch(stream: LogStream, first_line: int, *lines: str) -> LogBatch:
    text = "\n".join(lines)
    return LogBatch(stream=stream, first_line=first_line, count=len(lines), text=text, at=NOW)


EVENTS = [
    event(1, RunDispatched(provider_run_id="1", external_url=None)),
    event(2, batch(LogStream.STDOUT, 1, "a", "b", "c")),
    event(3, batch(LogStream.STDERR, 4, "d")),
    event(4, batch(LogStream.STDOUT, 5, "e")),
]


@pytest.mark.parametrize(
    ("place", "holds", "expected"),
    [
        (Place(sequence=0), None, [None, "a\nb\nc", "d", "e"]),
        (Place(sequence=0), partial(is_log, stream=None), ["a\nb\nc", "d", "e"]),
        (Place(sequence=0), partial(is_log, stream=LogStream.STDERR), ["d"]),
        (Place(sequence=2, first=1, last=2), None, ["c", "d", "e"]),
        (Place(sequence=2, first=1, last=3), None, ["d", "e"]),
    ],
)
def test_taken_one_by_one_or_in_a_page(
    place: Place, holds: Holds | None, expected: list[str | None]
) -> None:
    """Not another stream's lines, and not those of a batch that come before the place."""
    cut, taken = Cut(place, holds), list[RunEvent]()

    def take(seen: RunEvent) -> bool:
        taken.append(seen)
        return True

    behind = EVENTS[place.behind :]
    assert all(map(cut.taking(take), behind))
    assert list(cut.of_page(behind)) == taken
    assert expected == [getattr(seen.fact, "text", None) for seen in taken]


def test_what_is_seen_can_be_refused_and_the_rest_cannot() -> None:
    """Nobody is woken for an event that they would not see."""
    taking = Cut(Place(sequence=0), partial(is_log, stream=LogStream.STDERR)).taking(
        lambda _: False
    )
    assert [True, True, False, True] == [taking(seen) for seen in EVENTS]
