"""The tables of docs/reference/conformance.md."""

import re
from pathlib import Path
from typing import Final

PAGE: Final = Path(__file__).resolve().parents[2] / "docs" / "reference" / "conformance.md"
ROW: Final = re.compile(r"^\| `?([^|`]+)`? \| ([^|]+) \| ([^|]+) \| (\d+ of \d+) \|$", re.MULTILINE)


def rows() -> dict[str, tuple[str, str]]:
    """Version and result by the name of a suite."""
    found = ROW.findall(PAGE.read_text(encoding="utf-8"))
    return {name: (version, result) for name, version, _, result in found}


def passed(name: str) -> str:
    """What the page claims of a suite: `61 of 61`."""
    return rows()[name][1]
