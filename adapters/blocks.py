"""Cutting a log's bytes into whole lines of valid text, whatever it is that printed them."""

from typing import Final, NamedTuple

from domain.models.providers import LogStream, Output
from domain.redaction.redactor import CONTEXT_CHARACTERS

LINE_BYTES_MAX: Final = 64 * 1024
BLOCK_BYTES: Final = 128 * 1024
BLOCK_LINES: Final = 1500
PROGRESS_BYTES: Final = 1024 * 1024
"""With a backlog, one observation carries this much, so that one transaction stores it."""
AROUND_BYTES: Final = 4 * CONTEXT_CHARACTERS
"""Around a cut so much of the line is told, and before a position so much of the log."""

_CONTINUATION: Final = range(0x80, 0xC0)


class Block(NamedTuple):
    """Lines cut from the head of a chunk: the bytes used up, the text, the number of lines, and
    whether the last one goes on."""

    used: int
    text: str
    lines: int
    is_cut: bool = False


def cut_block(chunk: bytes, *, is_last: bool) -> Block | None:
    """The first lines of a chunk, or None where not even one is whole.

    `is_last`: nothing follows the chunk, so that its rest is a line as well.
    """
    whole = _whole_lines_end(chunk)
    if whole is None:
        split = _character_border(chunk, LINE_BYTES_MAX)
        return Block(split, decode(chunk[:split]), 1, is_cut=True)
    if whole:
        return _lines(chunk[: whole - 1])
    if is_last and chunk:
        return Block(len(chunk), decode(chunk), 1)
    return None


def _whole_lines_end(chunk: bytes) -> int | None:
    """Where whole lines of bearable length end; None where the first line is too long."""
    end = 0
    while len(chunk) - end > LINE_BYTES_MAX:
        newline = chunk.rfind(b"\n", end, end + LINE_BYTES_MAX + 1)
        if newline < 0:
            return end or None
        end = newline + 1
    return max(end, chunk.rfind(b"\n") + 1)


def _lines(body: bytes) -> Block:
    lines = body.count(b"\n") + 1
    if lines > BLOCK_LINES:
        rest = body.split(b"\n", BLOCK_LINES)[-1]
        body, lines = body[: len(body) - len(rest) - 1], BLOCK_LINES
    text = decode(body)
    if "\r" in text:
        text = text.replace("\r\n", "\n").removesuffix("\r")
    return Block(len(body) + 1, text, lines)


def decode(body: bytes) -> str:
    """Bad bytes become U+FFFD, NUL its picture: neither database nor terminal chokes on them."""
    text = body.decode("utf-8", "replace")
    return text.replace("\0", "\u2400") if "\0" in text else text


def _character_border(chunk: bytes, at: int) -> int:
    """The last place up to `at` that is not inside a character; `at` where there is no character
    that long (bytes that are no UTF-8)."""
    for border in range(at, at - 4, -1):
        if chunk[border] not in _CONTINUATION:
            return border
    return at


class Taken(NamedTuple):
    """What was taken from a log, and the place in it where the rest begins."""

    outputs: list[Output]
    at: int


def take(log: bytes, at: int, stream: LogStream, *, is_ended: bool) -> Taken:
    """The next lines of a log behind a place in it, up to PROGRESS_BYTES.

    `is_ended`: nothing will follow, so that the rest is a line as well.
    """
    outputs: list[Output] = []
    begin = at
    while at - begin < PROGRESS_BYTES:
        chunk = log[at : at + BLOCK_BYTES]
        block = cut_block(chunk, is_last=is_ended and at + len(chunk) >= len(log))
        after = _after(log, at, block, is_ended=is_ended) if block else None
        if block is None or after is None:
            break
        before = "" if outputs else decode(log[max(0, at - AROUND_BYTES) : at])
        outputs.append(
            Output(stream=stream, text=block.text, lines=block.lines, before=before, after=after)
        )
        at += block.used
    return Taken(outputs, at)


def _after(log: bytes, at: int, block: Block, *, is_ended: bool) -> str | None:
    """How the last line goes on, where it was cut; None where that is still to come."""
    if not block.is_cut:
        return ""
    rest = log[at + block.used : at + block.used + AROUND_BYTES]
    line, newline, _ = rest.partition(b"\n")
    is_whole = bool(newline) or is_ended or len(rest) == AROUND_BYTES
    return decode(line) if is_whole else None
