"""What every measurement is given, and the words they share."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """`folder` is scratch of this measurement alone; `is_short` means a tenth of the work."""

    folder: Path
    is_short: bool

    def scaled(self, count: int) -> int:
        return max(1, count // 10) if self.is_short else count
