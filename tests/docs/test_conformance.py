"""docs/reference/conformance.md names what runs; tests/clients compares its counts."""

import json
import tomllib
from collections.abc import Iterable, Iterator, Sized
from math import prod
from types import ModuleType
from typing import Any, Final

import pytest

from adapters.catalogue import catalogue
from adapters.clock import SystemClock
from adapters.http.outbound import Outbound
from tests.contract.adapters import test_a2a, test_contract, test_github_actions, test_rest
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
    "claude_managed_agents": test_rest.TestManagedAgents,
    "cursor": test_rest.TestCursor,
    "devin": test_rest.TestDevin,
    "github_tasks": test_rest.TestGitHubTasks,
    "jules": test_rest.TestJules,
    "langgraph": test_rest.TestLangGraph,
    "ray": test_rest.TestRay,
    "slurm": test_rest.TestSlurm,
    "webhook": test_rest.TestWebhook,
}
"""A suite for each provider that is reached over HTTP."""
LOCAL: Final = "local"
"""The provider that is this machine, with a suite of its own."""


def asked_by(suite: type | ModuleType) -> list[Any]:
    return [getattr(suite, name) for name in dir(suite) if name.startswith("test_")]


def cases(tests: Iterable[Any]) -> int:
    """How many they are, each parameter counted."""
    return sum(prod(len(mark.args[1]) for mark in marks(test, "parametrize")) for test in tests)


def marks(test: Any, name: str) -> list[pytest.Mark]:
    return [mark for mark in getattr(test, "pytestmark", []) if mark.name == name]


def held(suite: type[Conformance]) -> str:
    """`166 of 170`: what needs a part that the provider is without is not held."""
    tests = asked_by(suite)
    without = [
        test
        for test in tests
        if any(mark.args[0] in suite.without for mark in marks(test, "needs"))
    ]
    return f"{cases(tests) - cases(without) - len(suite.sense)} of {cases(tests)}"


def test_the_score_cards_count_what_is_asked_of_adapters() -> None:
    """A row an adapter, with the number of the suite's cases that are asked of it."""
    counted = {name: held(suite) for name, suite in ADAPTERS.items()}
    of_local = cases(asked_by(test_contract))

    assert counted == {name: passed(name) for name in ADAPTERS}
    assert f"{of_local} of {of_local}" == passed(LOCAL)


def test_every_provider_has_a_score_card() -> None:
    """Also one that somebody adds."""
    shipped = catalogue(Outbound(clock=SystemClock()), [])

    assert {provider.key for provider in shipped} == set(ADAPTERS)


def test_what_is_not_asked_has_its_reason_on_the_page() -> None:
    """Nothing is passed over in silence."""
    text = " ".join(PAGE.read_text(encoding="utf-8").split())
    for name, suite in ADAPTERS.items():
        reasons = [*suite.without.values(), *suite.sense.values()]
        assert [] == [reason for reason in reasons if reason not in text], name


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
        if name not in {*MALFORMED, *ADAPTERS, LOCAL}
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
