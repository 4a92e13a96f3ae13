"""Outputs: named values that a run hands on to later steps."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final


class OutputsFault(StrEnum):
    """Why the outputs of a run were rejected."""

    TOO_LARGE = "TOO_LARGE"
    UNREADABLE = "UNREADABLE"
    MALFORMED = "MALFORMED"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outputs:
    """JSON values by name. Where there is a fault there are none, since some would be taken for
    all. `message` explains the fault and quotes nothing of the file."""

    values: Mapping[str, Any] = field(default_factory=dict)
    fault: OutputsFault | None = None
    message: str = ""


NO_OUTPUTS: Final = Outputs()
