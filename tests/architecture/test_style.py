"""The measures of CONTRIBUTING.md that no linter knows: sizes, names, words."""

import ast
import re
import statistics
from collections.abc import Iterator
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[2]
ROOMS: Final = ("schema", "resolvers", "adapters", "persistence", "domain", "serving", "cli")

FUNCTION_LINES_MAX: Final = 60
FUNCTION_LINES_MEDIAN: Final = 8
FILE_LINES_MAX: Final = 350
NAMES_OF_NOTHING: Final = frozenset(
    {"common", "helper", "helpers", "manager", "managers", "misc", "util", "utils"}
)
LEFT_FOR_LATER: Final = re.compile(r"\b(?:TO" + r"DO|FIX" + r"ME|XX" + r"X)\b")

Function = ast.FunctionDef | ast.AsyncFunctionDef


def sources() -> list[Path]:
    """What the product is made of."""
    roots = [ROOT / "app.py", ROOT / "ground.py"]
    return [*roots, *(path for room in ROOMS for path in (ROOT / room).rglob("*.py"))]


def all_files() -> list[Path]:
    rest = ("tests", "benchmarks", "examples")
    return [*sources(), *(path for room in rest for path in (ROOT / room).rglob("*.py"))]


def functions(path: Path) -> Iterator[Function]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def length(function: Function) -> int:
    return (function.end_lineno or function.lineno) - function.lineno + 1


def where(path: Path, line: int = 1) -> str:
    return f"{path.relative_to(ROOT)}:{line}"


def test_functions_are_short() -> None:
    """A function fits on a screen; decorators do not count."""
    too_long = [
        (where(path, function.lineno), function.name, length(function))
        for path in all_files()
        for function in functions(path)
        if length(function) > FUNCTION_LINES_MAX
    ]

    assert [] == too_long


def test_most_functions_are_very_short() -> None:
    """The middle one of all functions of the product."""
    lengths = [length(function) for path in sources() for function in functions(path)]

    assert statistics.median(lengths) <= FUNCTION_LINES_MEDIAN


def test_files_are_short() -> None:
    """A file holds one noun; one that grows past this holds two."""
    sizes = {
        where(path): len(path.read_text(encoding="utf-8").splitlines()) for path in all_files()
    }

    assert {} == {place: lines for place, lines in sizes.items() if lines > FILE_LINES_MAX}


def test_names_say_something() -> None:
    """No file is a drawer for whatever has no place."""
    assert [] == [where(path) for path in all_files() if path.stem in NAMES_OF_NOTHING]


def test_nothing_is_left_for_later() -> None:
    """What is not done is an issue, not a comment."""
    found = [
        where(path, number)
        for path in all_files()
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
        if LEFT_FOR_LATER.search(line)
    ]

    assert [] == found


def test_every_test_says_what_it_shows() -> None:
    """A test's docstring states the behaviour it guards."""
    silent = [
        (where(path, function.lineno), function.name)
        for path in (ROOT / "tests").rglob("test_*.py")
        for function in functions(path)
        if function.name.startswith("test_") and not ast.get_docstring(function)
    ]

    assert [] == silent


def test_time_and_ids_are_taken_from_their_ports() -> None:
    """Only the Clock port knows what time it is and how to wait, and only IdMaker makes ids, so
    that tests can own both. To let others have their turn is no waiting."""
    goes_round_a_port = re.compile(
        r"datetime\.now|datetime\.utcnow|time\.time|monotonic\(|asyncio\.sleep\((?!0\))"
        r"|uuid\d\(|import (?:uuid|random)\b|from (?:uuid|random) import"
    )
    found = [
        where(path)
        for room in ("schema", "resolvers", "persistence", "domain")
        for path in (ROOT / room).rglob("*.py")
        if goes_round_a_port.search(path.read_text(encoding="utf-8"))
    ]

    assert [] == found
