"""Small values with something to say: log batches, events, errors."""

from datetime import UTC, datetime
from typing import Final

import pytest

from domain.errors import ErrorCode, NotFound, ProviderUnavailable, WorkbenchError
from domain.ids import RunId
from domain.lifecycle import RunState
from domain.models.events import LogsExpired, RunEvent, RunStateChanged, StreamFact
from domain.models.logs import LogBatch
from domain.models.providers import LogStream

NOON: Final = datetime(2026, 3, 1, 12, tzinfo=UTC)


def batch(text: str, count: int) -> LogBatch:
    return LogBatch(stream=LogStream.STDOUT, first_line=8, count=count, text=text, at=NOON)


def test_a_batch_gives_its_lines_back() -> None:
    """Empty lines count, and the last number follows from the first."""
    three = batch("one\n\nthree", 3)

    assert (["one", "", "three"], 10) == (three.lines, three.last_line)


def test_a_batch_of_one_empty_line_is_one_line() -> None:
    """An empty text is a line, not nothing."""
    assert ([""], 8) == (batch("", 1).lines, batch("", 1).last_line)


@pytest.mark.parametrize(
    ("fact", "expected"),
    [
        (RunStateChanged(from_state=RunState.RUNNING, to_state=RunState.SUCCEEDED), True),
        (RunStateChanged(from_state=RunState.RUNNING, to_state=RunState.FAILED), True),
        (RunStateChanged(from_state=RunState.QUEUED, to_state=RunState.CANCELED), True),
        (RunStateChanged(from_state=None, to_state=RunState.QUEUED), False),
        (RunStateChanged(from_state=RunState.QUEUED, to_state=RunState.RUNNING), False),
        (LogsExpired(from_line=1, to_line=9), False),
        (batch("the end", 1), False),
    ],
)
def test_a_stream_ends_with_the_end_of_its_run(fact: StreamFact, expected: bool) -> None:  # noqa: FBT001
    """Only a change to a terminal state is last, whatever a line may say."""
    event = RunEvent(run_id=RunId("run"), sequence=1, at=NOON, actor_id=None, fact=fact)

    assert expected == event.is_last


def test_an_error_says_what_its_class_says() -> None:
    """The docstring is the message, unless there is more to tell."""
    silent, telling = NotFound(), ProviderUnavailable("It hung up.")

    assert NotFound.__doc__ == silent.message
    assert ("It hung up.", "It hung up.") == (telling.message, str(telling))


def test_every_error_has_a_code_of_its_own() -> None:
    """A program tells errors apart by code."""
    codes = [error.code for error in WorkbenchError.__subclasses__() if "code" in vars(error)]

    assert sorted(set(codes)) == sorted(codes)
    assert set(codes) <= set(ErrorCode)
