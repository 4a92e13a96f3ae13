"""Reading what a run prints from its two files, as whole lines of valid text.

A position is a pair of byte offsets that lie on line borders, or where a line too long for one
piece was split. It depends on the bytes alone, not on when they were read: whoever goes on from
one sees exactly the lines behind it.
"""

import json
import os
from dataclasses import dataclass
from pathlib import Path

from adapters.blocks import AROUND_BYTES, BLOCK_BYTES, PROGRESS_BYTES, Block, cut_block, decode
from adapters.local.protocol import STDERR_NAME, STDOUT_NAME
from domain.errors import ProviderRefused
from domain.models.providers import LogStream, Output, Progress


@dataclass(slots=True)
class _Tail:
    """One file: how far it was read, and its size when last looked at."""

    stream: LogStream
    path: Path
    offset: int
    descriptor: int = -1
    size: int = 0
    seen: int = -1
    is_resumed: bool = True

    def measure(self) -> None:
        if self.descriptor < 0:
            try:
                self.descriptor = os.open(self.path, os.O_RDONLY | os.O_NOFOLLOW)
            except FileNotFoundError:
                return
        self.size = os.fstat(self.descriptor).st_size

    def read(self, limit: int, *, is_ended: bool) -> Output | None:
        """The next lines within a number of bytes, or None where no line is whole yet."""
        if self.offset >= self.size or (self.seen == self.size and not is_ended):
            return None
        chunk = os.pread(self.descriptor, min(limit, BLOCK_BYTES), self.offset)
        is_last = is_ended and self.offset + len(chunk) >= self.size
        block = cut_block(chunk, is_last=is_last)
        after = self._after(block, is_ended=is_ended) if block else None
        if block is None or after is None:
            # What is there was looked at in vain; only growth makes another look worth while.
            self.seen = self.size
            return None
        before = self._before()
        self.offset += block.used
        return Output(
            stream=self.stream, text=block.text, lines=block.lines, before=before, after=after
        )

    def _after(self, block: Block, *, is_ended: bool) -> str | None:
        """How the last line goes on, where it was cut; None where that is still to come."""
        if not block.is_cut:
            return ""
        rest = os.pread(self.descriptor, AROUND_BYTES, self.offset + block.used)
        line, newline, _ = rest.partition(b"\n")
        is_whole = bool(newline) or is_ended or len(rest) == AROUND_BYTES
        return decode(line) if is_whole else None

    def _before(self) -> str:
        """What the file holds before the first output of a reader that goes on from a position."""
        is_resumed, self.is_resumed = self.is_resumed, False
        if not is_resumed or not self.offset:
            return ""
        begin = max(0, self.offset - AROUND_BYTES)
        return decode(os.pread(self.descriptor, self.offset - begin, begin)).replace("\r\n", "\n")

    def close(self) -> None:
        if self.descriptor >= 0:
            os.close(self.descriptor)
            self.descriptor = -1


class Spool:
    """Both outputs of a run, from a position on, up to `bytes_max` over both."""

    def __init__(self, folder: Path, position: str | None, *, bytes_max: int) -> None:
        out, err = _parse_position(position)
        self._tails = (
            _Tail(LogStream.STDOUT, folder / STDOUT_NAME, out),
            _Tail(LogStream.STDERR, folder / STDERR_NAME, err),
        )
        self._bytes_max = bytes_max

    @property
    def position(self) -> str:
        out, err = self._tails
        return json.dumps({"out": out.offset, "err": err.offset}, separators=(",", ":"))

    @property
    def is_over(self) -> bool:
        """Whether the run has printed more than it may."""
        return sum(tail.size for tail in self._tails) > self._bytes_max

    def read(self, *, is_ended: bool) -> Progress | None:
        """What has come since, streams by turns; None where that is no whole line."""
        for tail in self._tails:
            tail.measure()
        outputs: list[Output] = []
        begin = self._used()
        waiting = list(self._tails)
        while waiting and self._used() - begin < PROGRESS_BYTES:
            waiting = [tail for tail in waiting if self._read(tail, outputs, is_ended=is_ended)]
        return Progress(outputs=tuple(outputs), position=self.position) if outputs else None

    def _read(self, tail: _Tail, outputs: list[Output], *, is_ended: bool) -> bool:
        output = tail.read(self._bytes_max - self._used(), is_ended=is_ended)
        if output is not None:
            outputs.append(output)
        return output is not None

    def _used(self) -> int:
        return sum(tail.offset for tail in self._tails)

    def close(self) -> None:
        for tail in self._tails:
            tail.close()


def _parse_position(position: str | None) -> tuple[int, int]:
    if position is None:
        return 0, 0
    try:
        offsets = json.loads(position)
        return int(offsets["out"]), int(offsets["err"])
    except (ValueError, KeyError, TypeError) as error:
        raise ProviderRefused("The position is not one of this provider.") from error
