"""The table of figures: a figure beside its limit and its goal, on a named machine."""

import os
import platform
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[1]
PAGES: Final = (ROOT / "docs" / "reference" / "benchmarks.md", ROOT / "README.md")
BEGIN: Final = "<!-- benchmarks:begin -->"
END: Final = "<!-- benchmarks:end -->"
HEADS: Final = ("what", "limit, same run", "measured", "ratio", "goal", "reached")


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One row. `ratio` is measured over limit; None where there is no limit to measure."""

    what: str
    limit: str
    measured: str
    ratio: float | None
    goal: str
    is_reached: bool

    @property
    def cells(self) -> tuple[str, ...]:
        ratio = "-" if self.ratio is None else f"{self.ratio:.2f}"
        return (
            self.what,
            self.limit,
            self.measured,
            ratio,
            self.goal,
            "yes" if self.is_reached else "**no**",
        )


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that this share of all values does not exceed."""
    ranked = sorted(values)
    return ranked[min(len(ranked) - 1, int(share * len(ranked)))]


def spread(values: Sequence[float]) -> str:
    """Milliseconds: the middle, and the 95th of a hundred."""
    return f"p50 {statistics.median(values):.1f}, p95 {percentile(values, 0.95):.1f} ms"


def markdown(figures: Iterable[Figure]) -> str:
    rows = [HEADS, ("---",) * len(HEADS), *(figure.cells for figure in figures)]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def machine() -> str:
    """The machine and the moment, without which no figure means anything."""
    load = os.getloadavg()[0]
    when = datetime.now(UTC)
    return (
        f"{_cpu_model()}, {os.cpu_count()} cores, {platform.system()} {platform.release()}, "
        f"Python {platform.python_version()}, {when:%Y-%m-%d %H:%M} UTC; "
        f"load of the machine at the start: {load:.1f}"
    )


def _cpu_model() -> str:
    named = [
        line.partition(":")[2].strip()
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        if line.startswith("model name")
    ]
    return named[0] if named else platform.machine()


def put(text: str, page: Path) -> None:
    """Replace what is between the markers of a page."""
    before, begin, rest = page.read_text(encoding="utf-8").partition(BEGIN)
    _, end, after = rest.partition(END)
    assert begin, f"{page} has no markers"
    assert end, f"{page} has no markers"
    page.write_text(f"{before}{BEGIN}\n\n{text}\n\n{END}{after}", encoding="utf-8")
