"""What is wrong with a manifest, by where it is."""

from collections.abc import Sequence
from dataclasses import dataclass

from domain.errors import InvalidInput


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing to mend; `path` is where, names and numbers joined by dots."""

    path: str
    message: str

    def __str__(self) -> str:
        return f"{self.path}: {self.message}" if self.path else self.message


class ManifestInvalid(InvalidInput):
    """A manifest cannot be used. Tells all that is wrong with it at once."""

    def __init__(self, origin: str, faults: Sequence[Fault]) -> None:
        told = "\n".join(f"  {fault}" for fault in faults)
        super().__init__(f"{origin} is no manifest that can be used:\n{told}")
        self.faults = tuple(faults)
