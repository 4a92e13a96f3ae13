"""Reading what a run hands on: a file of its own, which may be anything by then."""

# Works on descriptors.
# ruff: noqa: PTH123

import errno
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import orjson

from domain.models.outputs import NO_OUTPUTS, Outputs, OutputsFault
from domain.outputs import OUTPUTS_BYTES_MAX, is_name, outputs_of, refused, too_large

_FLAGS: Final = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


class _Wrong(Exception):
    """A line that says nothing."""


def read_outputs(path: Path) -> Outputs:
    """What is there when the run has ended. No link is followed, and no more is read than may be
    there."""
    try:
        descriptor = os.open(path, _FLAGS)
    except FileNotFoundError:
        return NO_OUTPUTS
    except OSError as error:
        told = "a link" if error.errno == errno.ELOOP else "not to be read"
        return refused(OutputsFault.UNREADABLE, f"The file of outputs is {told}.")
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        return refused(OutputsFault.UNREADABLE, "The file of outputs is no file any more.")
    with open(descriptor, "rb") as file:
        content = file.read(OUTPUTS_BYTES_MAX + 1)
    return too_large() if len(content) > OUTPUTS_BYTES_MAX else parse(content)


def parse(content: bytes) -> Outputs:
    """One JSON object, or lines `name=value`. A value of several lines stands between
    `name<<WORD` and a line that is that word."""
    try:
        text = content.decode("utf-8-sig")
        if text.lstrip().startswith("{"):
            return outputs_of(orjson.loads(text))
        return outputs_of(dict(_pairs(text.replace("\r\n", "\n").split("\n"))))
    except UnicodeDecodeError:
        return refused(OutputsFault.MALFORMED, "The file of outputs is not UTF-8.")
    except orjson.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        return refused(OutputsFault.MALFORMED, f"The file of outputs is no JSON: {where}.")
    except _Wrong as error:
        return refused(OutputsFault.MALFORMED, f"The file of outputs is wrong: {error}.")


def _pairs(lines: list[str]) -> Iterator[tuple[str, str]]:
    numbered = iter(enumerate(lines, start=1))
    for number, line in numbered:
        if not line.strip():
            continue
        name, sign, rest = _split(line)
        if not sign or not is_name(name):
            raise _Wrong(f"line {number} is neither name=value nor name<<WORD")
        yield name, rest if sign == "=" else _until(rest, numbered, number)


def _split(line: str) -> tuple[str, str, str]:
    """Whichever sign comes first counts: a value may hold the other."""
    before, sign, after = line.partition("=")
    earlier, heredoc, word = line.partition("<<")
    if heredoc and len(earlier) < len(before):
        return earlier, heredoc, word
    return before, sign, after


def _until(word: str, numbered: Iterator[tuple[int, str]], number: int) -> str:
    lines: list[str] = []
    for _, line in numbered:
        if word and line == word:
            return "\n".join(lines)
        lines.append(line)
    raise _Wrong(f"what begins in line {number} does not end")
