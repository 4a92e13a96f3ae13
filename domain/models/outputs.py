"""What a run hands on by name to whatever comes after it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final


class OutputsFault(StrEnum):
    """Why nothing is taken of what a run wanted to hand on."""

    TOO_LARGE = "TOO_LARGE"
    UNREADABLE = "UNREADABLE"
    MALFORMED = "MALFORMED"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outputs:
    """Values that JSON can hold, by name. With a fault there are none: half of them would be read
    as all of them. The message says why, and nothing of what was there."""

    values: Mapping[str, Any] = field(default_factory=dict)
    fault: OutputsFault | None = None
    message: str = ""


NO_OUTPUTS: Final = Outputs()
