"""The log of a task: what its agent says, and the text of what it makes.

It is read from the whole task each time, never from single events, so that nothing is missed or
told twice however often a stream breaks. A position says how far each of them was read, with a
digest of what that was: an artifact that was replaced is read anew.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import Final, NamedTuple

import orjson

from adapters.a2a.tasks import Artifact, Message, Task
from domain.errors import ProviderRefused
from domain.models.providers import LogStream, Output, Progress
from domain.redaction.redactor import CONTEXT_CHARACTERS

BLOCK_CHARACTERS: Final = 32 * 1024
"""In one output; a line that is longer is cut."""
BLOCK_LINES: Final = 1500
PROGRESS_CHARACTERS: Final = 512 * 1024
WHOLE: Final = -1
ARTIFACTS_MAX: Final = 200
"""Of more artifacts no text is read: a position has to stay small."""
KEY_CHARACTERS: Final = 16


@dataclass(frozen=True, slots=True)
class Mark:
    """So many characters of an artifact were read, and what they were."""

    length: int = 0
    digest: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """The last message that was told, how many characters of it (or WHOLE), and each artifact."""

    message: str = ""
    characters: int = 0
    artifacts: Mapping[str, Mark] = field(default_factory=dict)

    def __str__(self) -> str:
        marks = {key: [mark.length, mark.digest] for key, mark in self.artifacts.items()}
        return orjson.dumps({"m": self.message, "c": self.characters, "a": marks}).decode()


def position_of(text: str | None) -> Position:
    """Raises ProviderRefused for what was never a position."""
    if text is None:
        return Position()
    try:
        told = orjson.loads(text)
        marks = {str(key): Mark(int(mark[0]), str(mark[1])) for key, mark in told["a"].items()}
        return Position(message=str(told["m"]), characters=int(told["c"]), artifacts=marks)
    except (ValueError, KeyError, TypeError, IndexError, AttributeError) as error:
        raise ProviderRefused("The position is not one of this provider.") from error


def read(task: Task, position: str | None, *, is_over: bool) -> Progress | None:
    """What comes next behind a position, half a megabyte at the most; None where no line is whole.

    `is_over`: the task has ended, so that a last line without an end is a line as well.
    """
    at = position_of(position)
    return _next_message(task, at) or _next_of_artifacts(task, at, is_over=is_over)


def read_all(task: Task, position: str | None, *, is_over: bool) -> Iterator[Progress]:
    """Block by block until there is nothing more."""
    while progress := read(task, position, is_over=is_over):
        position = progress.position
        yield progress


def _next_message(task: Task, at: Position) -> Progress | None:
    found = _unread(task.messages, at)
    if found is None:
        return None
    message, begin = found
    text = message.text
    taken = _take(text, begin, LogStream.STDERR, is_whole=True)
    characters = WHOLE if taken.end >= len(text) else taken.end
    after = replace(at, message=_key(message.id), characters=characters)
    return Progress(outputs=taken.outputs, position=str(after))


def _unread(messages: tuple[Message, ...], at: Position) -> tuple[Message, int] | None:
    """The first message that was not told wholly, and where to go on in it. One that the agent no
    longer has is taken for older than all that it has."""
    keys = [_key(message.id) for message in messages]
    if at.message not in keys:
        return (messages[0], 0) if messages else None
    index = keys.index(at.message)
    if at.characters != WHOLE:
        return messages[index], at.characters
    return (messages[index + 1], 0) if index + 1 < len(messages) else None


def _next_of_artifacts(task: Task, at: Position, *, is_over: bool) -> Progress | None:
    for artifact in task.artifacts[:ARTIFACTS_MAX]:
        text = artifact.text
        taken = _take(text, _read_of(text, artifact, at), LogStream.STDOUT, is_whole=is_over)
        if taken.outputs:
            mark = Mark(taken.end, _key(text[: taken.end]))
            after = replace(at, artifacts={**at.artifacts, _key(artifact.id): mark})
            return Progress(outputs=taken.outputs, position=str(after))
    return None


def _read_of(text: str, artifact: Artifact, at: Position) -> int:
    """So much of this text was told: nothing, where what was told was another."""
    mark = at.artifacts.get(_key(artifact.id), Mark())
    is_same = mark.length <= len(text) and mark.digest == _key(text[: mark.length])
    return mark.length if is_same else 0


class _Taken(NamedTuple):
    """Outputs, and where in the text the next begin."""

    outputs: tuple[Output, ...]
    end: int


def _take(text: str, begin: int, stream: LogStream, *, is_whole: bool) -> _Taken:
    outputs: list[Output] = []
    end = begin
    while end - begin < PROGRESS_CHARACTERS and (block := _block(text, end, is_whole=is_whole)):
        before = "" if outputs else text[max(0, begin - CONTEXT_CHARACTERS) : begin]
        outputs.append(
            Output(
                stream=stream,
                text=block.text,
                lines=block.text.count("\n") + 1,
                before=before,
                after=block.after,
            )
        )
        end = block.end
    return _Taken(tuple(outputs), end)


class _Block(NamedTuple):
    """Lines without their ends, where the next begin, and how a last one that was cut goes on."""

    text: str
    end: int
    after: str = ""


def _block(text: str, begin: int, *, is_whole: bool) -> _Block | None:
    """The first lines behind a place; None where not even one is whole."""
    head = text[begin : begin + BLOCK_CHARACTERS]
    is_last = begin + len(head) == len(text)
    if is_last and is_whole:
        lines = head.removesuffix("\n").split("\n")[:BLOCK_LINES] if head else []
    else:
        lines = head.split("\n", BLOCK_LINES)[:-1]
    if lines:
        end = min(begin + sum(map(len, lines)) + len(lines), len(text))
        return _Block("\n".join(line.removesuffix("\r") for line in lines), end)
    return None if is_last else _cut(text, begin, is_whole=is_whole)


def _cut(text: str, begin: int, *, is_whole: bool) -> _Block | None:
    """A part of a line too long; None where too little is known yet of how that goes on."""
    end = begin + BLOCK_CHARACTERS
    rest = text[end : end + CONTEXT_CHARACTERS]
    after, newline, _ = rest.partition("\n")
    if not after:
        return _Block(text[begin:end].removesuffix("\r"), end + 1)
    if newline or is_whole or len(rest) == CONTEXT_CHARACTERS:
        return _Block(text[begin:end], end, after)
    return None


def _key(text: str) -> str:
    return sha256(text.encode("utf-8", "replace")).hexdigest()[:KEY_CHARACTERS]
