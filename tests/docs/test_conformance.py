"""docs/reference/conformance.md names what runs; tests/clients compares its counts."""

import json
import tomllib
from collections.abc import Iterator, Sized
from math import prod
from typing import Any, Final

import pytest

from tests.contract.adapters import test_a2a, test_github_actions
from tests.contract.adapters.conformance import Conformance
from tests.docs.conformance import PAGE, passed, rows
from tests.e2e.malformed import BODIES, BYTES, FRAMES, REQUESTS

ROOT: Final = PAGE.parents[2]
CLIENTS: Final = ROOT / "tests" / "clients"
WITHOUT_A_ROW: Final = {
    "@graphql-codegen/typed-document-node",
    "@graphql-codegen/typescript-operations",
    "graphql",
    "relay-compiler",
    "rxjs",
    "typescript",
}
"""What those of the table need beside them."""


MALFORMED: Final[dict[str, Sized]] = {
    "bodies that are no operation": BODIES,
    "requests that are no operation": REQUESTS,
    "bytes that are no HTTP": BYTES,
    "frames that are no message": FRAMES,
}


ADAPTERS: Final[dict[str, type[Conformance]]] = {
    "a2a": test_a2a.TestA2a,
    "github_actions": test_github_actions.TestGitHubActions,
}


def cases(suite: type) -> int:
    """How many tests a suite has, each parameter counted."""
    tests = [getattr(suite, name) for name in dir(suite) if name.startswith("test_")]
    return sum(prod(len(mark.args[1]) for mark in marks_of(test)) for test in tests)


def marks_of(test: Any) -> list[pytest.Mark]:
    return [mark for mark in getattr(test, "pytestmark", []) if mark.name == "parametrize"]


def test_the_score_cards_count_what_is_asked_of_adapters() -> None:
    """A row an adapter, with the number of the suite's cases."""
    counted = {name: f"{cases(suite)} of {cases(suite)}" for name, suite in ADAPTERS.items()}

    assert counted == {name: passed(name) for name in ADAPTERS}


def versions() -> Iterator[tuple[str, str]]:
    """Of what is installed for the tests."""
    package = json.loads((CLIENTS / "package.json").read_text(encoding="utf-8"))
    yield from package["dependencies"].items()
    locked = tomllib.loads((ROOT / "uv.lock").read_text(encoding="utf-8"))
    yield from ((one["name"], one["version"]) for one in locked["package"] if one["name"] == "gql")


def test_the_page_names_what_is_installed() -> None:
    """A row a package, with its version."""
    expected = {name: version for name, version in versions() if name not in WITHOUT_A_ROW}

    assert expected == {
        name: version
        for name, (version, _) in rows().items()
        if name not in MALFORMED and name not in ADAPTERS
    }


def test_the_page_counts_what_is_sent() -> None:
    """A row a table of tests/e2e/malformed.py, with the number of its cases."""
    expected = {name: f"{len(cases)} of {len(cases)}" for name, cases in MALFORMED.items()}

    assert expected == {name: passed(name) for name in MALFORMED}


def test_the_lock_file_fits_every_machine() -> None:
    """Every package has a hash, and none says which registry it came from."""
    locked = json.loads((CLIENTS / "package-lock.json").read_text(encoding="utf-8"))
    packages = {name: one for name, one in locked["packages"].items() if name}

    assert [] == [name for name, one in packages.items() if "integrity" not in one]
    assert [] == [name for name, one in packages.items() if "resolved" in one]
