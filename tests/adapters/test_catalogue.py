"""Which providers a server has, and what one package's fault does to the others."""

from collections.abc import Callable
from importlib.metadata import EntryPoint
from types import SimpleNamespace

import pytest

from adapters import catalogue as catalogues
from adapters.a2a.provider import A2aProvider
from adapters.catalogue import GROUP, catalogue, installed
from adapters.clock import SystemClock
from adapters.http.outbound import Outbound
from domain.errors import InvalidInput, ProviderUnavailable
from domain.ids import ProjectId
from domain.models.providers import Connection

OUTBOUND = Outbound(clock=SystemClock())


class Other(A2aProvider):
    """What a package brings."""

    key = "other"


def point(name: str, value: str) -> EntryPoint:
    return EntryPoint(name=name, value=value, group=GROUP)


def broken(_: Outbound) -> None:
    raise RuntimeError("no network stack")


def no_provider(_: Outbound) -> object:
    return SimpleNamespace(key="none")


def leaves(_: Outbound) -> None:
    raise SystemExit(3)


def names(function: Callable[..., object]) -> str:
    return f"{__name__}:{function.__name__}"


def test_packages_bring_providers(monkeypatch: pytest.MonkeyPatch) -> None:
    """By the entry point group; the server's own come first."""
    points = [point("other", names(Other))]
    monkeypatch.setattr(catalogues, "entry_points", lambda group: points if group == GROUP else [])
    keys = [provider.key for provider in catalogue(OUTBOUND, [])]
    assert ["a2a", "other"] == [keys[0], keys[-1]]


@pytest.mark.parametrize(
    ("value", "why"),
    [
        ("no_such_package_anywhere:make", "ModuleNotFoundError"),
        (f"{__name__}:not_there", "AttributeError"),
        (names(broken), "no network stack"),
        (names(no_provider), "it has no capabilities"),
        (names(leaves), "SystemExit"),
    ],
)
def test_a_package_that_fails_harms_nobody(value: str, why: str) -> None:
    """It is listed under its name, and says why it is of no use."""
    found = list(installed(OUTBOUND, [point("bad", value), point("good", names(Other))]))
    assert ["bad", "other"] == [provider.key for provider in found]
    connection = Connection(project_id=ProjectId("p"), provider="bad", config={}, secrets={})
    with pytest.raises(ProviderUnavailable, match=why) as caught:
        found[0].open(connection)
    assert caught.value.is_unsent


def test_two_providers_with_one_key_stop_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whichever of them came first would have been chance."""
    points = [point("a", names(Other)), point("b", names(Other))]
    monkeypatch.setattr(catalogues, "entry_points", lambda group: points if group else [])
    with pytest.raises(InvalidInput, match="'other'"):
        catalogue(OUTBOUND, [])
