"""Log lines, in the batches they are stored, streamed and paged in."""

from dataclasses import dataclass
from datetime import datetime

from domain.models.providers import LogStream


@dataclass(frozen=True, slots=True, kw_only=True)
class LogBatch:
    """Consecutive lines of one stream. Lines are numbered from 1 over both streams of a run.

    `text` is the lines joined by newlines, `count` how many there are.
    """

    stream: LogStream
    first_line: int
    count: int
    text: str
    at: datetime

    @property
    def lines(self) -> list[str]:
        return self.text.split("\n")

    @property
    def last_line(self) -> int:
        return self.first_line + self.count - 1
