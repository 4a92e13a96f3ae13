"""An issuer's keys: found, changed, removed, and kept while it cannot be asked."""

import asyncio
import json
from datetime import timedelta
from typing import Any

import pytest

from adapters.clock import SystemClock
from adapters.oidc.discovery import BYTES_MAX
from adapters.oidc.keys import KEPT, PAUSE
from domain.errors import IssuerUnavailable, Unauthenticated
from tests.adapters.oidc.conftest import Door
from tests.domain.services.scripted import ManualClock
from tests.issuer import DISCOVERY, KEYS, Issuer, ec_key, ed_key, rsa_key
from tests.processes import until

pytestmark = pytest.mark.anyio

SECOND = timedelta(seconds=1)


async def test_keys_are_asked_for_once(door: Door, issuer: Issuer) -> None:
    """However many tokens come, also before there are any."""
    await asyncio.gather(*(door.show(issuer.token(sub=f"{number}")) for number in range(9)))

    assert {DISCOVERY: 1, KEYS: 1} == issuer.asked


async def test_a_new_key_is_picked_up(door: Door, issuer: Issuer) -> None:
    """With the first token that it has signed."""
    await door.show(issuer.token())
    door.clock.time += PAUSE
    issuer.keys = [rsa_key("next"), issuer.keys[0]]

    assert "7" == await door.show(issuer.token(issuer.keys[0]))
    assert "7" == await door.show(issuer.token(issuer.keys[1]))
    assert 2 == issuer.asked[KEYS]


async def test_a_removed_key_lets_nobody_in(door: Door, issuer: Issuer) -> None:
    """Once the keys were asked for again."""
    old = issuer.keys[0]
    await door.show(issuer.token(old))
    issuer.keys = [rsa_key("next")]
    door.clock.time += PAUSE
    await door.show(issuer.token())

    with pytest.raises(Unauthenticated):
        await door.show(issuer.token(old))


async def test_unknown_keys_do_not_make_us_ask_and_ask(door: Door, issuer: Issuer) -> None:
    """Once in a while and no more, whatever is sent."""
    for number in range(50):
        with pytest.raises(Unauthenticated):
            await door.show(issuer.token(rsa_key(f"{number % 2}")))
    assert 1 == issuer.asked[KEYS]
    door.clock.time += PAUSE
    with pytest.raises(Unauthenticated):
        await door.show(issuer.token(rsa_key("0")))
    assert 2 == issuer.asked[KEYS]


async def test_who_gives_up_asking_leaves_the_answer_to_others(door: Door, issuer: Issuer) -> None:
    """A client that goes away does not take the keys with it."""
    first = asyncio.create_task(door.show(issuer.token()))
    while not door.verifier._keys._asking:
        await asyncio.sleep(0)
    first.cancel()

    assert "7" == await door.show(issuer.token())
    assert 1 == issuer.asked[KEYS]


async def test_an_issuer_that_is_down_is_not_open(clock: ManualClock) -> None:
    """Not asked yet, it cannot be told whose a token is; soon after it is back, it can."""
    issuer = Issuer(now=lambda: clock.now().timestamp())
    door = Door(issuer, clock)
    for _ in range(3):
        with pytest.raises(IssuerUnavailable):
            await door.show(issuer.token())
    assert ["issuer"] == door.failures
    with issuer.running():
        with pytest.raises(IssuerUnavailable):
            await door.show(issuer.token())
        clock.time += PAUSE
        assert "7" == await door.show(issuer.token())


async def test_known_keys_go_on(clock: ManualClock) -> None:
    """For a day; what the issuer would have to be asked for is unavailable meanwhile."""
    issuer = Issuer(now=lambda: clock.now().timestamp())
    door = Door(issuer, clock)
    with issuer.running():
        await door.show(issuer.token())
    clock.time += KEPT
    assert "7" == await door.show(issuer.token())
    with pytest.raises(IssuerUnavailable):
        await door.show(issuer.token(rsa_key("next")))
    clock.time += SECOND
    with pytest.raises(IssuerUnavailable):
        await door.show(issuer.token())


ODD_DOCUMENTS: list[tuple[str, Any]] = [
    (DISCOVERY, 500),
    (DISCOVERY, 302),
    (DISCOVERY, b"<html>"),
    (DISCOVERY, []),
    (DISCOVERY, {}),
    (KEYS, 404),
    (KEYS, {"keys": {}}),
    (KEYS, {"keys": [{}] * 101}),
    (KEYS, {}),
    (KEYS, []),
]


@pytest.mark.parametrize(("path", "document"), ODD_DOCUMENTS)
async def test_an_odd_issuer_is_unavailable(
    door: Door, issuer: Issuer, path: str, document: Any
) -> None:
    """Whatever it says, that is no reason to let anybody in, or to fail."""
    issuer.documents[path] = document
    with pytest.raises(IssuerUnavailable):
        await door.show(issuer.token())


async def test_a_document_has_a_size(door: Door, issuer: Issuer) -> None:
    """A good one in too much of nothing is not read to its end."""
    good = issuer.document(DISCOVERY)
    issuer.documents[DISCOVERY] = json.dumps(good).encode() + b" " * BYTES_MAX
    with pytest.raises(IssuerUnavailable):
        await door.show(issuer.token())


async def test_the_document_of_another_issuer_is_none(door: Door, issuer: Issuer) -> None:
    """It says whose it is; else one issuer could speak for another."""
    issuer.documents[DISCOVERY] = issuer.document(DISCOVERY) | {"issuer": issuer.url + "/"}
    with pytest.raises(IssuerUnavailable):
        await door.show(issuer.token())


@pytest.mark.parametrize("place", ["http://0.0.0.0:{port}/keys", "ftp://127.0.0.1/", "/keys", 7])
async def test_keys_come_over_tls(door: Door, issuer: Issuer, place: object) -> None:
    """Or from this machine; else whoever is on the way could put in other keys."""
    named = place.format(port=issuer.port) if isinstance(place, str) else place
    issuer.documents[DISCOVERY] = {"issuer": issuer.url, "jwks_uri": named}
    with pytest.raises(IssuerUnavailable):
        await door.show(issuer.token())
    assert 0 == issuer.asked[KEYS]


async def test_odd_keys_do_not_spoil_the_others(door: Door, issuer: Issuer) -> None:
    """Of a kind we do not know, broken, too weak, or for something else."""
    odd: list[Any] = [
        7,
        {},
        {"kty": "quantum", "kid": "q"},
        {"kty": "RSA", "kid": "r", "n": "!", "e": "AQAB"},
        {"kty": "EC", "kid": "e", "crv": "P-256", "x": "AA", "y": "AA"},
        {"kty": "OKP", "kid": "o", "crv": "Ed25519"},
        {"kty": "EC", "kid": ["list"], "crv": "P-256", "x": "AA", "y": "AA"},
        rsa_key("weak", bits=1024).published(),
        rsa_key("secret").published(use="enc"),
    ]
    issuer.key_set = {"keys": [*odd, issuer.keys[0].published()]}

    assert "7" == await door.show(issuer.token())
    for bad in (rsa_key("weak", bits=1024), rsa_key("secret")):
        with pytest.raises(Unauthenticated):
            await door.show(issuer.token(bad))


async def test_a_key_signs_as_it_is_meant_to(door: Door, issuer: Issuer) -> None:
    """Where it says for which algorithm it is, no other will do."""
    key = issuer.keys[0]
    issuer.key_set = {"keys": [key.published(alg="PS256")]}

    assert "7" == await door.show(issuer.token(rsa_key(alg="PS256")))
    with pytest.raises(Unauthenticated):
        await door.show(issuer.token(rsa_key(alg="RS256")))


async def test_keys_may_share_an_id(door: Door, issuer: Issuer) -> None:
    """Then it is any of them, of whatever kind (RFC 7517, section 4.5)."""
    issuer.keys = [ec_key("same"), rsa_key("same"), ed_key("same"), ec_key("same")]

    for key in issuer.keys:
        assert "7" == await door.show(issuer.token(key))


async def test_a_token_without_a_key_id(door: Door, issuer: Issuer) -> None:
    """Is good where one key signs, and where there are several it could mean any of them."""
    issuer.keys = [rsa_key(None)]
    encrypting = rsa_key("other").published(use="enc")
    issuer.key_set = {"keys": [issuer.keys[0].published(), encrypting]}
    assert "7" == await door.show(issuer.token())
    issuer.key_set = None
    issuer.keys = [rsa_key(None), rsa_key("other")]
    door.clock.time += PAUSE
    await door.show(issuer.token(issuer.keys[1]))
    with pytest.raises(Unauthenticated):
        await door.show(issuer.token())


async def test_keys_are_looked_after(issuer: Issuer) -> None:
    """While a server runs it asks by itself, and again where nobody answered."""
    issuer.documents[DISCOVERY] = 500
    clock = HurriedClock()
    issuer.now = lambda: clock.now().timestamp()
    door = Door(issuer, clock)  # type: ignore[arg-type] # it has a clock's methods
    async with door.verifier:
        await until(lambda: len(door.failures) > 1)
        del issuer.documents[DISCOVERY]
        await until(lambda: issuer.asked[KEYS] > 1)
        assert "7" == await door.show(issuer.token())


class HurriedClock(SystemClock):
    """Minutes pass in no time."""

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(0.01)
