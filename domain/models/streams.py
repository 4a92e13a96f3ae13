"""What stands in any stream, whoever's it is."""

from datetime import datetime
from typing import Protocol


class StreamEvent(Protocol):
    """An event with its place in its stream: `sequence` counts from 1 without a gap, but for
    what is told to be gone. Nothing comes behind one that `is_last`."""

    @property
    def sequence(self) -> int: ...
    @property
    def at(self) -> datetime: ...
    @property
    def is_last(self) -> bool: ...
