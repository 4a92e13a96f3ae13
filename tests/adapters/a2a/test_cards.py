"""What cards say, and what becomes of those that we cannot use."""

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from adapters.a2a.card import Scheme, card_of
from adapters.a2a.provider import A2aProvider
from adapters.clock import SystemClock
from adapters.config_schemas import check_config
from adapters.http.outbound import Outbound
from domain.errors import InvalidInput, ProviderRefused
from domain.ids import ProjectId
from domain.models.providers import Connection
from domain.models.secrets import Secret
from domain.ports import Adapter
from tests.faults import FaultyProxy, reply

REST = {"url": "https://a.example/rest/", "protocolBinding": "HTTP+JSON", "protocolVersion": "1.0"}
BEARER = {"httpAuthSecurityScheme": {"scheme": "Bearer"}}
BASIC = {"httpAuthSecurityScheme": {"scheme": "Basic"}}
KEY = {"apiKeySecurityScheme": {"location": "header", "name": "X-Key"}}
SHOWN = Scheme(header="Authorization", prefix="Bearer ")


def wants(*names: str) -> dict[str, Any]:
    return {"schemes": {name: {"list": []} for name in names}}


def test_the_interface_we_speak_is_taken() -> None:
    """Whatever else the agent speaks, with its tenant."""
    others = [
        {"url": "https://a.example/rpc", "protocolBinding": "JSONRPC", "protocolVersion": "1.0"},
        {**REST, "protocolVersion": "0.3"},
        {"protocolBinding": "HTTP+JSON"},
        7,
    ]
    card = card_of({"supportedInterfaces": [*others, {**REST, "tenant": "t"}]})
    assert ("https://a.example/rest/t", False, None) == (card.url, card.streams, card.scheme)


@pytest.mark.parametrize(
    ("card", "why"),
    [
        ({}, "names no interface"),
        ({"supportedInterfaces": "x"}, "names no interface"),
        ({"supportedInterfaces": [{**REST, "protocolVersion": "2.1"}]}, "speaks A2A 2.1"),
        (
            {
                "supportedInterfaces": [REST],
                "securitySchemes": {"a": BASIC},
                "securityRequirements": [wants("a")],
            },
            "one token cannot",
        ),
        (
            {
                "supportedInterfaces": [REST],
                "securitySchemes": {"a": BEARER, "b": KEY},
                "securityRequirements": [wants("a", "b")],
            },
            "one token cannot",
        ),
    ],
)
def test_what_we_cannot_speak_to_is_refused(card: dict[str, Any], why: str) -> None:
    """With what is wrong."""
    with pytest.raises(ProviderRefused, match=why):
        card_of(card)


@pytest.mark.parametrize(
    ("schemes", "wanted", "expected"),
    [
        ({"a": BEARER}, [wants("a")], SHOWN),
        ({"a": BEARER}, [], SHOWN),
        ({"a": KEY}, [wants("a")], Scheme(header="X-Key")),
        ({"a": {"oauth2SecurityScheme": {"flows": {}}}}, [wants("a")], SHOWN),
        ({"a": BASIC, "b": KEY}, [wants("a"), wants("b")], Scheme(header="X-Key")),
        ({"a": BEARER}, [wants()], None),
        ({}, [], None),
    ],
)
def test_the_token_is_shown_as_the_card_wants(
    schemes: Any, wanted: Any, expected: Scheme | None
) -> None:
    """The first of what one token can meet."""
    told = {
        "supportedInterfaces": [REST],
        "securitySchemes": schemes,
        "securityRequirements": wanted,
    }
    assert expected == card_of(told).scheme


@pytest.mark.parametrize(
    ("config", "path"),
    [
        ({}, ("url",)),
        ({"url": "https://a.example", "other": 1}, ("other",)),
        ({"url": 5}, ("url",)),
        ({"url": "http://a.example"}, ("url",)),
        ({"url": "ftp://a.example", "allowPrivate": True}, ("url",)),
        ({"url": "https://me:secret@a.example"}, ("url",)),
        ({"url": "https://a.example/?key=1"}, ("url",)),
        ({"url": "https://a.example", "interfaceUrl": "nonsense"}, ("interfaceUrl",)),
    ],
)
def test_configs_that_cannot_be_right_are_refused(
    config: dict[str, Any], path: tuple[str, ...]
) -> None:
    """By the schema or by the provider, with the path."""
    provider = A2aProvider(Outbound(clock=SystemClock()))
    with pytest.raises(InvalidInput) as caught:
        _check(provider, config)
    assert path == caught.value.path


def _check(provider: A2aProvider, config: dict[str, Any]) -> None:
    check_config(provider.config_schema, config)
    provider.check_config(config)


@pytest.fixture
async def server(anyio_backend: str) -> AsyncIterator[FaultyProxy]:
    async with FaultyProxy().running() as running:
        yield running


@pytest.fixture
async def adapter(server: FaultyProxy) -> AsyncIterator[Adapter]:
    outbound = Outbound(clock=SystemClock())
    yield A2aProvider(outbound).open(
        Connection(
            project_id=ProjectId("p"),
            provider="a2a",
            config={"url": server.url, "allowPrivate": True},
            secrets={"token": Secret("the-token-of-a-test")},
        )
    )
    await outbound.close()


@pytest.mark.anyio
async def test_a_card_cannot_lead_the_token_elsewhere(
    server: FaultyProxy, adapter: Adapter
) -> None:
    """Another host has to be named by the config."""
    card = {"supportedInterfaces": [{**REST, "url": "https://169.254.169.254/"}]}
    server.breaks(reply(200, json.dumps(card).encode()))
    with pytest.raises(ProviderRefused, match="leads to another host"):
        await adapter.check_health()
    assert 1 == len(server.heads)
