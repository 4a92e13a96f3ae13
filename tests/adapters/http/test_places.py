"""Where calls never go, whatever a name or a config says."""

import asyncio
import socket
from typing import Any

import httpcore
import pytest

from adapters.clock import SystemClock
from adapters.http.caller import Call, Caller
from adapters.http.outbound import POOLS_MAX, Outbound
from adapters.http.places import Places, why_refused
from adapters.http.target import Target
from domain.errors import ProviderRefused, ProviderUnavailable
from tests.faults import FaultyProxy, reply

pytestmark = pytest.mark.anyio

GET = Call(method="GET", path="/")
PUBLIC = Places(allows_private=False)
PRIVATE = Places(allows_private=True)
PLAIN = Places(allows_private=True, allows_public=False)


@pytest.mark.parametrize("text", ["93.184.216.34", "2606:2800:220:1:248:1893:25c8:1946"])
def test_public_addresses_are_open(text: str) -> None:
    """Over TLS."""
    assert why_refused(text, PUBLIC) is None
    assert why_refused(text, PLAIN) is not None


@pytest.mark.parametrize(
    "text",
    [
        "127.0.0.1",
        "127.9.9.9",
        "10.1.2.3",
        "172.31.0.1",
        "192.168.1.1",
        "100.64.0.1",
        "198.18.0.1",
        "::1",
        "fd00::1",
        "::ffff:127.0.0.1",
        "64:ff9b::7f00:1",
        "64:ff9b:1::7f00:1",
        "::7f00:1",
        "::ffff:0:7f00:1",
        "fec0::1",
        "2002:7f00:1::",
    ],
)
def test_private_addresses_are_opened_by_the_config(text: str) -> None:
    """However they are written."""
    assert why_refused(text, PUBLIC) is not None
    assert why_refused(text, PRIVATE) is None


@pytest.mark.parametrize(
    "text",
    [
        "169.254.169.254",
        "169.254.0.1",
        "fe80::1",
        "fe80::1%eth0",
        "::ffff:169.254.169.254",
        "64:ff9b::a9fe:a9fe",
        "64:ff9b:1::a9fe:a9fe",
        "::a9fe:a9fe",
        "::ffff:0:a9fe:a9fe",
        "2002:a9fe:a9fe::",
        "fd00:ec2::254",
        "168.63.129.16",
        "100.100.100.200",
        "192.0.0.192",
        "0.0.0.0",  # noqa: S104 - refused
        "::",
        "224.0.0.1",
        "ff02::1",
        "255.255.255.255",
        "240.0.0.1",
        "2001:0:4136:e378:8000:63bf:5601:5601",
    ],
)
def test_what_tells_secrets_of_machines_is_never_open(text: str) -> None:
    """Nor what is no machine."""
    assert why_refused(text, PRIVATE) is not None


@pytest.mark.parametrize(
    "url",
    [
        "http://localhost:1/",
        "https://localhost:1/",
        "https://0x7f.1/",
        "https://2130706433/",
        "https://[::1]/",
        "https://169.254.169.254/latest/meta-data/",
        "ftp://example.org/",
        "file:///etc/passwd",
        "https://user:pass@example.org/",
        "https:///nothing",
        "https://exa mple/",
        "nonsense",
    ],
)
async def test_such_urls_are_refused(outbound: Outbound, url: str) -> None:
    """In every spelling, before anything is sent."""
    with pytest.raises(ProviderRefused, match="is not called"):
        await Caller(outbound, Target(base_url=url)).ask(GET)


async def test_other_hosts_are_refused(outbound: Outbound) -> None:
    """Hosts that the target does not name."""
    caller = Caller(outbound, Target(base_url="https://a.example", hosts={"B.example"}))
    for url in ("https://c.example/", "https://b.example.evil/", "https://169.254.169.254/"):
        with pytest.raises(ProviderRefused, match="none of its hosts"):
            await caller.ask(Call(method="GET", path=url))


async def test_a_path_cannot_lead_elsewhere(outbound: Outbound, server: FaultyProxy) -> None:
    """What looks like another host behind a slash is a path."""
    server.breaks(reply(200, b""))
    caller = Caller(outbound, Target(base_url=server.url, allows_private=True))
    await caller.ask(Call(method="GET", path="//evil.example/@evil.example"))
    assert server.heads[0].startswith(b"GET //evil.example/@evil.example HTTP")


async def test_a_name_that_changes_its_answer_gains_nothing(
    outbound: Outbound, server: FaultyProxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is looked up once for each connection, and what was checked is what is connected to."""
    answers = iter(["93.184.216.34", "127.0.0.1"])
    asked: list[str] = []

    async def lying(
        _: asyncio.AbstractEventLoop, host: str, port: int, **__: Any
    ) -> list[tuple[Any, ...]]:
        asked.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (next(answers), port))]

    connected: list[str] = []

    async def connect(_: Any, host: str, *__: Any) -> Any:
        connected.append(host)
        raise httpcore.ConnectError

    monkeypatch.setattr(asyncio.BaseEventLoop, "getaddrinfo", lying)
    monkeypatch.setattr(httpcore.AnyIOBackend, "connect_tcp", connect)
    caller = Caller(outbound, Target(base_url=f"https://rebinding.example:{server.port}"))
    with pytest.raises(ProviderUnavailable):
        await caller.ask(GET)
    with pytest.raises(ProviderRefused, match="private address"):
        await caller.ask(GET)
    assert (["rebinding.example"] * 2, ["93.184.216.34"]) == (asked, connected)
    assert [] == server.heads


async def test_one_bad_address_spoils_a_name(
    outbound: Outbound, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name that leads to a public and a private place is up to something."""

    async def both(*_: Any, **__: Any) -> list[tuple[Any, ...]]:
        return [(0, 0, 0, "", (address, 1)) for address in ("93.184.216.34", "10.0.0.1")]

    monkeypatch.setattr(asyncio.BaseEventLoop, "getaddrinfo", both)
    with pytest.raises(ProviderRefused, match=r"10\.0\.0\.1"):
        await Caller(outbound, Target(base_url="https://mixed.example")).ask(GET)


async def test_private_connections_are_not_shared(outbound: Outbound, server: FaultyProxy) -> None:
    """One project may reach a private place, and has; another still may not."""
    server.breaks(reply(200, b""))
    url = server.url
    await Caller(outbound, Target(base_url=url, allows_private=True)).ask(GET)
    with pytest.raises(ProviderRefused):
        await Caller(outbound, Target(base_url=url)).ask(GET)
    with pytest.raises(ProviderRefused, match="private address"):
        await Caller(outbound, Target(base_url=url.replace("http:", "https:"))).ask(GET)


async def test_this_server_does_not_call_itself(server: FaultyProxy) -> None:
    """By no name of this machine, nor by the names it is known under."""
    server.breaks(reply(200, b""))
    outbound = Outbound(clock=SystemClock(), own_port=server.port, own_hosts={"me.example"})
    for url in (f"http://localhost:{server.port}", f"http://127.0.0.1:{server.port}"):
        with pytest.raises(ProviderRefused, match="does not call itself"):
            await Caller(outbound, Target(base_url=url, allows_private=True)).ask(GET)
    with pytest.raises(ProviderRefused, match="does not call itself"):
        Caller(outbound, Target(base_url="https://ME.example"))
    assert [] == server.heads
    await outbound.close()


async def test_pools_are_bounded(outbound: Outbound, server: FaultyProxy) -> None:
    """Many hosts do not leave many pools."""
    server.breaks(reply(200, b""))
    for number in range(POOLS_MAX + 5):
        url = f"http://127.0.{number // 200}.{number % 200 + 1}:9"
        with pytest.raises(ProviderUnavailable):
            await Caller(outbound, Target(base_url=url, allows_private=True)).ask(GET)
    assert POOLS_MAX == len(outbound._pools)
