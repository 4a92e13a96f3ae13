"""Which tokens let in: those of the issuer, for us, now; and what they say."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from adapters.oidc.verifier import CHARACTERS_MAX, SKEW, groups_in
from domain.errors import Unauthenticated
from domain.models.subjects import Assertion, Subject
from tests.adapters.oidc.conftest import Door
from tests.issuer import (
    AUDIENCE,
    Issuer,
    SigningKey,
    ec_key,
    ed_key,
    encoded,
    rsa_key,
    secret_key,
    signed,
)

pytestmark = pytest.mark.anyio

MINUTE = 60


@pytest.mark.parametrize(
    "key",
    [
        *(rsa_key(alg=alg) for alg in ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512")),
        *(ec_key(alg=alg) for alg in ("ES256", "ES384")),
        *(ed_key(alg=alg) for alg in ("EdDSA", "Ed25519")),
    ],
    ids=lambda key: key.alg,
)
async def test_a_token_of_the_issuer_says_who_it_is(
    door: Door, issuer: Issuer, key: SigningKey
) -> None:
    """By every algorithm that is allowed."""
    issuer.keys = [key]
    named: dict[str, Any] = {
        "preferred_username": "ada",
        "email": "ada@example.org",
        "groups": ["a", "b"],
    }

    assert Assertion(
        subject=Subject(issuer=issuer.url, sub="7"),
        names=("ada", "ada@example.org"),
        groups=frozenset({"a", "b"}),
        expires_at=door.clock.now() + timedelta(seconds=300) + SKEW,
    ) == await door.verifier.verify(issuer.token(**named))


@pytest.mark.parametrize(
    "claims",
    [
        {"aud": ["somebody", AUDIENCE]},
        {"exp": -MINUTE + 1},
        {"nbf": MINUTE},
        {"iat": MINUTE},
        {"iat": None},
        {"groups": None},
        {"preferred_username": 7},
    ],
    ids=str,
)
async def test_what_is_good_enough(door: Door, issuer: Issuer, claims: dict[str, Any]) -> None:
    """Several audiences, clocks a minute apart, and claims that need not be there."""
    assert "7" == await door.show(issuer.token(**at(door, claims)))


@pytest.mark.parametrize(
    "claims",
    [
        {"exp": -MINUTE},
        {"exp": None},
        {"exp": "tomorrow"},
        {"exp": True},
        {"exp": 10**30},
        {"nbf": MINUTE + 1},
        {"iat": MINUTE + 1},
        {"aud": "somebody"},
        {"aud": []},
        {"aud": ["somebody"]},
        {"aud": {AUDIENCE: True}},
        {"aud": None},
        {"iss": "http://127.0.0.1/other"},
        {"iss": None},
        {"iss": ["http://127.0.0.1"]},
        {"sub": None},
        {"sub": ""},
        {"sub": 7},
        {"sub": "a\0b"},
        {"sub": "x" * 256},
    ],
    ids=str,
)
async def test_what_is_not_for_us_or_not_for_now(
    door: Door, issuer: Issuer, claims: dict[str, Any]
) -> None:
    """However well it is signed."""
    await door.show(issuer.token())
    with pytest.raises(Unauthenticated):
        await door.show(issuer.token(**at(door, claims)))


def at(door: Door, claims: dict[str, Any]) -> dict[str, Any]:
    """Times are seconds from now, where they are a few."""
    now = int(door.clock.now().timestamp())
    return {
        name: now + value if type(value) is int and value < 10**9 else value
        for name, value in claims.items()
    }


async def test_the_issuer_is_meant_to_the_letter(door: Door, issuer: Issuer) -> None:
    """A slash more is another one."""
    with pytest.raises(Unauthenticated):
        await door.show(issuer.token(iss=issuer.url + "/"))


def unsigned(issuer: Issuer) -> str:
    _, claims, _ = issuer.token().split(".")
    none = encoded(b'{"alg":"none","kid":"rsa"}')
    return f"{none}.{claims}."


def signed_with_the_public_key(issuer: Issuer) -> str:
    """As a server takes it that lets the token say how it is to be checked."""
    secret = issuer.keys[0].jwk["n"].encode()
    return issuer.token(secret_key(secret, "rsa"))


def with_a_key_of_its_own(issuer: Issuer) -> str:
    own = rsa_key("own")
    header = {"alg": "RS256", "kid": "rsa", "jwk": own.published()}
    return signed(own, header, issuer.claims())


def with_the_place_of_a_key(issuer: Issuer) -> str:
    own = rsa_key("own")
    header = {"alg": "RS256", "kid": "own", "jku": f"{issuer.url}/own", "x5u": f"{issuer.url}/own"}
    return signed(own, header, issuer.claims())


def changed(issuer: Issuer) -> str:
    """Another subject under the same signature."""
    header, _, signature = issuer.token().split(".")
    return f"{header}.{issuer.token(sub='8').split('.')[1]}.{signature}"


def with_header(**changes: Any) -> Callable[[Issuer], str]:
    def token(issuer: Issuer) -> str:
        key = issuer.keys[0]
        return signed(key, {"alg": "RS256", "kid": "rsa", **changes}, issuer.claims())

    return token


@pytest.mark.parametrize(
    "forged",
    [
        unsigned,
        signed_with_the_public_key,
        with_a_key_of_its_own,
        with_the_place_of_a_key,
        changed,
        with_header(crit=["exp"], exp=1),
        with_header(crit=["b64"], b64=False),
        with_header(crit=[]),
        with_header(b64=False),
        with_header(kid=7),
        with_header(kid="x" * 5000),
        with_header(typ="logout+jwt"),
        with_header(typ=["JWT"]),
        lambda issuer: issuer.token(rsa_key("rsa", bits=3072)),
        lambda issuer: signed(issuer.keys[0], {"alg": "RS256", "kid": "rsa"}, [issuer.claims()]),
        lambda issuer: issuer.token() + ".",
        lambda issuer: issuer.token()[:-10],
        lambda issuer: issuer.token() + "==",
        lambda _: "e..",
        lambda _: encoded(b"[" * 3000) + ".e30.",
        lambda _: encoded(b"7") + ".e30.",
        lambda _: encoded(b'["alg"]') + ".e30.",
        lambda _: "eé.e30.e30",
    ],
)
async def test_what_is_forged_or_garbage(
    door: Door, issuer: Issuer, forged: Callable[[Issuer], str]
) -> None:
    """Nothing that a token says of itself is believed before its signature is; no place that it
    names is asked."""
    with pytest.raises(Unauthenticated):
        await door.show(forged(issuer))
    assert set() == set(issuer.asked) - {"/.well-known/openid-configuration", "/keys"}


async def test_a_long_token(door: Door, issuer: Issuer) -> None:
    """As people have who are in many groups, up to the bound."""
    short, long = (issuer.token(more="x" * length) for length in (11_700, 12_000))
    assert len(short) <= CHARACTERS_MAX < len(long)
    assert "7" == await door.show(short)
    with pytest.raises(Unauthenticated):
        await door.show(long)


@pytest.mark.parametrize("typ", ["JWT", "jwt", "at+jwt", "application/at+jwt"])
async def test_types_that_let_in(door: Door, issuer: Issuer, typ: str) -> None:
    """Of identity and of access, however they are written."""
    assert "7" == await door.show(with_header(typ=typ)(issuer))


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(max_size=80) | st.from_regex(r"\Ae[\w-]*\.[\w-]*\.[\w-]*\Z"))
async def test_any_text_is_refused(door: Door, text: str) -> None:
    """As nobody's, whatever it is; what it does to the library does not show."""
    with pytest.raises(Unauthenticated):
        await door.show(text)


@pytest.mark.parametrize(
    ("claims", "name", "groups"),
    [
        ({"groups": ["a", 7, None, "b"]}, "groups", {"a", "b"}),
        ({"role": "admin"}, "role", {"admin"}),
        ({"https://example.org/groups": ["a"]}, "https://example.org/groups", {"a"}),
        ({"realm_access": {"roles": ["a"]}}, "realm_access.roles", {"a"}),
        ({"a.b": ["right"], "a": {"b": ["wrong"]}}, "a.b", {"right"}),
        ({"realm_access": "roles"}, "realm_access.roles", set()),
        ({"groups": {"a": True}}, "groups", set()),
        ({}, "groups", set()),
    ],
)
def test_where_groups_are(claims: dict[str, Any], name: str, groups: set[str]) -> None:
    """A claim by its whole name first, then inside of others; only texts count."""
    assert groups == groups_in(claims, name)


async def test_an_end_beyond_the_calendar_is_none(door: Door, issuer: Issuer) -> None:
    """The last second that there is a date for, and a minute later."""
    last = int(datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC).timestamp())
    assert "7" == await door.show(issuer.token(exp=last - MINUTE))
    with pytest.raises(Unauthenticated):
        await door.show(issuer.token(exp=last))
