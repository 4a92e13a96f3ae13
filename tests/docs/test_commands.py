"""docs/reference/commands.md says what the tables and the reader say."""

import re
import shlex
from pathlib import Path
from typing import Final

from domain.invocations import reader
from domain.invocations.interpreters import SHELLS
from domain.invocations.naming import TOOL_FOLDERS, TRUSTED_FOLDERS, WORKSPACE_TOOLS
from domain.invocations.paths import HARMLESS
from domain.invocations.programs import ARTICLES, listing
from domain.invocations.shell import COMMANDS_MAX
from domain.invocations.words import SEVERITY
from domain.invocations.wrappers import WRAPPERS
from domain.models.decisions import PolicyVerdict
from domain.models.invocations import CLASS_RISK, CommandClass
from tests.domain.labelled import evasions, judged, ordinary

PAGE: Final = Path(__file__).resolve().parents[2] / "docs" / "reference" / "commands.md"
TEXT: Final = PAGE.read_text(encoding="utf-8")
EXAMPLE: Final = re.compile(r"`([^`]+)`")


def table(header: str) -> list[list[str]]:
    """The rows of the table with this first column, without the header."""
    found = re.search(rf"^\| {header} \|.*\n\|[-| ]+\|\n((?:\|.*\n)+)", TEXT, re.MULTILINE)
    assert found, f"no table of {header}"
    rows = [re.split(r"(?<!\\)\|", line[1:-1]) for line in found[1].splitlines()]
    return [[cell.strip().replace("\\|", "|") for cell in row] for row in rows]


def worst(command: str) -> CommandClass:
    found = reader.invocations(shlex.split(command), root="/work", cwd="/work")
    return max((each.command_class for each in found), key=SEVERITY.__getitem__)


def test_the_readme_claims_no_more_than_the_corpora_show() -> None:
    """How many evasions there are, and how many ordinary commands are let through."""
    readme = (PAGE.parents[2] / "README.md").read_text(encoding="utf-8")
    claim = re.search(r"none of (\d+) commands that .* and (\d+) of (\d+) ordinary", readme)
    wanted = [each for each in ordinary() if each.verdict is PolicyVerdict.ALLOW]
    allowed = [each for each in wanted if judged(each.command).verdict is PolicyVerdict.ALLOW]

    assert claim
    hidden, *ordinary_ones = map(int, claim.groups())
    assert hidden <= len(evasions())
    assert [len(allowed), len(wanted)] == ordinary_ones


def test_the_classes_are_those_of_the_domain() -> None:
    """Each with its risk and its meaning."""
    expected = [[f"`{each}`", f"`{CLASS_RISK[each]}`", ARTICLES[each]] for each in CommandClass]

    assert expected == [row[:3] for row in table("class")]


def test_the_examples_of_a_class_are_of_it() -> None:
    """As the reader reads them."""
    read = {
        (row[0], command): f"`{worst(command)}`"
        for row in table("class")
        for command in EXAMPLE.findall(row[3])
    }

    assert {case: case[0] for case in read} == read


def test_the_wrappers_are_those_of_the_table() -> None:
    """With the class that each has by itself."""
    expected = [[f"`{name}`", f"`{WRAPPERS[name].command_class}`"] for name in sorted(WRAPPERS)]

    assert expected == table("wrapper")


def test_what_is_called_opaque_is() -> None:
    """Every example of the table."""
    examples = [row[0].strip("`") for row in table("example")]

    assert {CommandClass.OPAQUE} == set(map(worst, examples))


def test_the_known_programs_are_those_of_the_table() -> None:
    """As the module prints them."""
    assert TEXT.endswith(f"\n{listing()}\n")


def test_the_lists_in_the_text_are_complete() -> None:
    """Shells, folders of programs, harmless devices, bounds."""
    read_most = f"{reader.WORDS_MAX:,} words, {reader.CHARACTERS_MAX:,} characters"
    started_most = f"{reader.INVOCATIONS_MAX} programs or {reader.DEPTH_MAX} levels"
    folders = {folder.removeprefix("/") for folder in TOOL_FOLDERS}
    named = {*SHELLS, *TRUSTED_FOLDERS, *folders, *WORKSPACE_TOOLS, *HARMLESS}

    assert set() == named - set(EXAMPLE.findall(TEXT))
    assert f"{read_most}, {COMMANDS_MAX} commands in a text, {started_most}" in " ".join(
        TEXT.split()
    )
