"""From tasks to lines: nothing lost, nothing doubled, however a task grows between two looks."""

import json
from collections.abc import Sequence
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from adapters.a2a.tasks import Task, task_of
from adapters.a2a.transcript import ARTIFACTS_MAX, BLOCK_CHARACTERS, read_all
from adapters.finding import AutomatonFinder
from domain.models.providers import LogStream, Progress
from domain.redaction.intake import Intake
from domain.redaction.redactor import Redactor

Artifacts = dict[str, list[str]]


def make(artifacts: Artifacts, messages: Sequence[str] = (), state: str = "WORKING") -> Task:
    said = [
        {"messageId": f"m{index}", "role": "ROLE_AGENT", "parts": [{"text": text}]}
        for index, text in enumerate(messages)
    ]
    told: dict[str, Any] = {
        "id": "t",
        "status": {"state": f"TASK_STATE_{state}", "message": said[-1] if said else None},
        "history": said[:-1],
        "artifacts": [
            {"artifactId": name, "parts": [{"text": text} for text in texts]}
            for name, texts in artifacts.items()
        ],
    }
    return task_of(json.loads(json.dumps(told)))


def text_of(seen: Sequence[Progress], stream: LogStream = LogStream.STDOUT) -> list[str]:
    lines: list[str] = []
    for output in (output for progress in seen for output in progress.outputs):
        assert output.lines == output.text.count("\n") + 1
        if output.stream is stream:
            lines += output.text.split("\n")
    return lines


@given(
    st.lists(st.text("ab\n\r\0ü", max_size=12), max_size=12),
    st.lists(st.text("xy\n", min_size=1, max_size=5), max_size=5),
)
def test_looks_at_a_growing_task_tell_what_one_look_tells(
    chunks: list[str], messages: list[str]
) -> None:
    """However often somebody looks, and whoever goes on from a position."""
    seen: list[Progress] = []
    position = None
    for count in range(len(chunks) + 1):
        task = make({"a": chunks[:count]}, messages[: count + 1])
        for progress in read_all(task, position, is_over=False):
            seen.append(progress)
            position = progress.position
    whole = make({"a": chunks}, messages, "COMPLETED")
    seen += read_all(whole, position, is_over=True)
    at_once = list(read_all(whole, None, is_over=True))
    for stream in LogStream:
        assert text_of(at_once, stream) == text_of(seen, stream)


def test_a_line_is_told_when_it_is_whole() -> None:
    """Or when nothing can follow it."""
    task = make({"a": ["one\ntw"], "b": ["x"]})
    seen = list(read_all(task, None, is_over=False))
    assert ["one"] == text_of(seen)
    rest = read_all(make({"a": ["one\ntw", "o"], "b": ["x"]}), seen[-1].position, is_over=True)
    assert ["two", "x"] == text_of(list(rest))


def test_an_artifact_that_was_replaced_is_told_anew() -> None:
    """One that was only continued is not, in however many parts it comes now."""
    seen = list(read_all(make({"a": ["one\n", "two\n"]}), None, is_over=False))
    same = make({"a": ["one\ntwo\nthree\n"]})
    other = make({"a": ["uno\ntwo\nthree\n"]})
    assert ["three"] == text_of(list(read_all(same, seen[-1].position, is_over=False)))
    assert ["uno", "two", "three"] == text_of(
        list(read_all(other, seen[-1].position, is_over=False))
    )


def test_messages_are_told_once_wherever_they_stand() -> None:
    """In the status first and in the history later, and where old ones are gone."""
    seen = list(read_all(make({}, ["a", "b\nc"]), None, is_over=False))
    assert ["a", "b", "c"] == text_of(seen, LogStream.STDERR)
    later = make({}, ["a", "b\nc", "d", "e"])
    assert ["d", "e"] == text_of(
        list(read_all(later, seen[-1].position, is_over=False)), LogStream.STDERR
    )


def test_a_very_long_line_is_cut_so_that_secrets_are_seen() -> None:
    """Of the line around a cut as much is told as masking needs, before a position as well."""
    secret = "correct-horse-battery-staple"
    text = "x" * (BLOCK_CHARACTERS - 10) + secret + "y" * 70_000 + "\nend\n"
    task = make({"a": [text]})
    redactor = Redactor([secret], AutomatonFinder)
    for skipped in range(2):
        position, intake, shown = None, Intake(), ""
        for index, progress in enumerate(read_all(task, None, is_over=True)):
            if index < skipped:
                continue
            taken = intake.take(progress.outputs, redactor)
            intake = taken.intake
            shown += "".join(output.text for output in taken.outputs)
        assert position is None
        assert "correct-horse" not in shown
        assert "staple" not in shown


def test_big_tasks_are_bounded() -> None:
    """Half a megabyte at a time, and a position that stays small."""
    task = make({"a": ["line\n" * 400_000]})
    seen = list(read_all(task, None, is_over=True))
    assert 400_000 == len(text_of(seen))
    assert max(sum(len(o.text) for o in p.outputs) for p in seen) < 700_000
    many = make({str(number): [f"{number}\n"] for number in range(ARTIFACTS_MAX + 50)})
    last = list(read_all(many, None, is_over=True))
    assert ARTIFACTS_MAX == len(text_of(last))
    assert len(last[-1].position) < 20_000
