"""What the pages claim about the project, checked."""

import re
import tomllib
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[2]
LINK: Final = re.compile(r"\]\((?!https?:|mailto:|#)([^)#\s]+)")


TEST: Final = re.compile(r"`((?:tests|examples)/[\w./-]+)`")


def pages() -> list[Path]:
    return [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]


def named(requirement: str) -> str:
    """`sqlalchemy[asyncio]>=2.1` -> `sqlalchemy`."""
    return re.split(r"[\[<>=!~; ]", requirement, maxsplit=1)[0]


def test_every_dependency_has_its_reason() -> None:
    """Decision 2 has a row for each direct dependency, and for nothing else."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    required = [*project["project"]["dependencies"], *project["dependency-groups"]["dev"]]
    text = (ROOT / "docs" / "decisions" / "0002-dependencies.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| ([a-z][a-z0-9-]*)[^|]*\|[^|]+\|[^|]+\|$", text, re.MULTILINE)

    assert sorted(map(named, required)) == sorted(set(rows) - {"dependency"})


def test_links_between_pages_lead_somewhere() -> None:
    """A relative link names a file that is there."""
    dead = [
        (str(page.relative_to(ROOT)), target)
        for page in pages()
        for target in LINK.findall(page.read_text(encoding="utf-8"))
        if not (page.parent / target).exists()
    ]

    assert [] == dead


def test_the_figures_of_the_readme_are_those_of_the_reference() -> None:
    """`make bench` writes both; an edit of one of them shows."""
    shown, measured = (
        re.findall(
            r"^<!-- benchmarks:begin -->$(.*?)^<!-- benchmarks:end -->$",
            (ROOT / page).read_text(encoding="utf-8"),
            re.MULTILINE | re.DOTALL,
        )
        for page in ("README.md", "docs/reference/benchmarks.md")
    )

    assert 1 == len(shown) == len(measured)
    assert shown[0].strip() in {"", measured[0].strip()}


def test_decisions_have_their_four_parts() -> None:
    """Status, context, decision, consequences; numbered without a gap."""
    decisions = sorted((ROOT / "docs" / "decisions").glob("*.md"))
    parts = re.compile(
        r"^Status: .*?^## Context.*?^## Decision.*?^## Consequences", re.MULTILINE | re.DOTALL
    )

    assert [f"{n:04}" for n in range(1, len(decisions) + 1)] == [d.name[:4] for d in decisions]
    assert [] == [d.name for d in decisions if not parts.search(d.read_text(encoding="utf-8"))]


def test_the_files_of_the_walks_exist() -> None:
    """A path in CONTRIBUTING.md that looks like one of ours is one."""
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    named_paths = set(re.findall(r"`((?:[a-z_.]+/)+[a-z_]*(?:\.py)?)`", text))

    assert set() == {path for path in named_paths if not (ROOT / path).exists()}


def test_what_holds_a_promise_exists() -> None:
    """A test that a page names is there; the row of a promise names one at least."""
    named_tests = {
        path for page in pages() for path in TEST.findall(page.read_text(encoding="utf-8"))
    }

    assert set() == {path for path in named_tests if not (ROOT / path).exists()}
    for title in ("What is defended", "What must never break"):
        assert [] == [row for row in rows_of(title) if not TEST.search(row)]
    assert 10 == len(rows_of("What must never break"))


def rows_of(title: str) -> list[str]:
    """The rows of a table of the threat model."""
    text = (ROOT / "docs" / "reference" / "threat-model.md").read_text(encoding="utf-8")
    table = text.split(f"## {title}\n")[1].split("\n## ")[0]
    return [line for line in table.splitlines() if line.startswith("|")][2:]
