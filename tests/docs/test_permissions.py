"""docs/reference/permissions.md says what the tables say."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from domain.limits import NAME_CHARACTERS_MAX, PROJECTS_PER_TOKEN_MAX
from domain.limits import TOKENS_PER_PRINCIPAL_MAX as TOKENS_MAX
from domain.limits import UNUSABLE_TOKENS_KEPT as KEPT
from domain.models.principals import PERMISSIONS, SCOPES, SERVER_ADMIN, Permission
from resolvers.access import NEEDS, OF_SERVER, OWN

PAGE: Final = Path(__file__).resolve().parents[2] / "docs" / "reference" / "permissions.md"
RANK: Final = "a server admin, without any role"


def table(header: str) -> list[list[str]]:
    """The rows of the table with this first column, the header's too."""
    text = PAGE.read_text(encoding="utf-8")
    found = re.search(rf"^(\| {header} \|.*\n)\|[-| ]+\|\n((?:\|.*\n)+)", text, re.MULTILINE)
    assert found, f"no table of {header}"
    lines = [found[1].strip(), *found[2].splitlines()]
    return [[cell.strip() for cell in line[1:-1].split("|")] for line in lines]


def rights(name: str, rows: Mapping[str, frozenset[Permission]]) -> list[list[str]]:
    """What the page has to show of a table of rights."""
    header = [name, *(f"`{permission}`" for permission in Permission)]
    marks = [
        [row, *("yes" if permission in held else "" for permission in Permission)]
        for row, held in rows.items()
    ]
    return [header, *marks]


def test_the_roles_are_those_of_the_domain() -> None:
    """Every role and the one rank, every permission, in their order."""
    rows = {f"`{role}`": held for role, held in PERMISSIONS.items()} | {RANK: SERVER_ADMIN}

    assert rights("role", rows) == table("role")


def test_the_scopes_are_those_of_the_domain() -> None:
    """Every scope, every permission, in their order."""
    rows = {f"`{scope}`": held for scope, held in SCOPES.items()}

    assert rights("scope", rows) == table("scope")


def test_every_operation_is_listed_with_what_it_needs() -> None:
    """As access looks it up."""

    def where(operation: str) -> str:
        place = "on the server" if operation in OF_SERVER else "in the project"
        return f"{place}; none for one's own" if operation in OWN else place

    rows = [[f"`{name}`", f"`{need}`", where(name)] for name, need in NEEDS.items()]

    assert rows == table("operation")[1:]


def test_the_bounds_are_those_of_the_domain() -> None:
    """As numbers in the text."""
    text = PAGE.read_text(encoding="utf-8")

    assert f"at most {TOKENS_MAX} tokens" in text
    assert f"the newest {KEPT} are kept" in text
    assert f"have 1 to {NAME_CHARACTERS_MAX} visible characters" in text
    assert f"at most {PROJECTS_PER_TOKEN_MAX} projects" in text
