"""What platforms send, by their manifests: signed, of which run and when, or not heard."""

import base64
import hmac
import json
import time
from datetime import UTC, datetime

import pytest

from adapters.http.outbound import Outbound
from adapters.rest.loading import parse
from adapters.rest.manifest import Manifest
from adapters.rest.provider import RestProvider
from domain.ids import ProjectId
from domain.models.callbacks import Callback, Heard
from domain.models.providers import Connection
from domain.models.secrets import Secret
from tests.adapters.rest.connecting import shipped
from tests.adapters.rest.test_loading import SMALL, faults

KEY = b"of-the-webhooks-7c1d9e"
STANDARD_KEY = "whsec_" + base64.b64encode(KEY).decode()
HOOK = """
[credentials.hook]
description = "Of its webhooks"

[webhook]
secret = "hook"
header = "X-Signature"
prefix = "sha256="
ref = { run = "event.run" }
at = "at"

"""
BODY = b'{"at": "2026-11-21T12:00:00Z", "event": {"run": "r/1"}}'
NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


def small(*changes: tuple[str, str]) -> Manifest:
    text = HOOK
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    return parse(SMALL.replace("[status]", text + "[status]"), "small.toml")


def hear(
    outbound: Outbound, manifest: Manifest, callback: Callback, key: str = KEY.decode()
) -> Heard | None:
    names = {"hook", "webhook_key"} & manifest.credentials.keys()
    secrets = {name: Secret(key) for name in names if key}
    connection = Connection(
        project_id=ProjectId("shop"), provider=manifest.id, config={}, secrets=secrets
    )
    return RestProvider(manifest=manifest, outbound=outbound).hear(connection, callback)


def signed(body: bytes, header: str = "x-signature", key: bytes = KEY) -> Callback:
    return Callback(headers={header: f"sha256={hmac.digest(key, body, 'sha256').hex()}"}, body=body)


async def test_what_is_signed_is_heard(outbound: Outbound) -> None:
    """With the run's id as the platform was told to give it, and the time of its clock."""
    expected = Heard(provider_run_id="r%2F1", at=NOON)
    assert expected == hear(outbound, small(), signed(BODY))
    told = base64.b64encode(hmac.digest(KEY, BODY, "sha256")).decode()
    other = small(('prefix = "sha256="', 'encoding = "base64"'))
    assert expected == hear(outbound, other, Callback(headers={"x-signature": told}, body=BODY))


@pytest.mark.parametrize(
    "callback",
    [
        signed(BODY, key=b"guessed"),
        signed(BODY, header="x-other"),
        Callback(headers=signed(BODY).headers, body=BODY + b" "),
        Callback(headers={"x-signature": "sha256="}, body=BODY),
        Callback(headers={"x-signature": "sha256=\udcff\u00e4"}, body=BODY),
        Callback(headers={}, body=BODY),
        signed(b"\xff no json"),
        signed(b"[]"),
        signed(b'{"event": {"run": ["r"]}}'),
        signed(b'{"event": {"run": true}}'),
        signed(b'{"event": {"run": ""}}'),
    ],
)
async def test_what_is_forged_or_of_no_run_is_not(outbound: Outbound, callback: Callback) -> None:
    """Nor does it raise anything."""
    assert hear(outbound, small(), callback) is None


async def test_without_its_secret_nothing_is_heard(outbound: Outbound) -> None:
    """Not even what is signed with nothing; nor is anything without [webhook]."""
    assert hear(outbound, small(), signed(BODY, key=b""), "") is None
    assert hear(outbound, shipped("ray"), signed(BODY)) is None


async def test_a_number_is_a_name_and_a_time_may_be_missing(outbound: Outbound) -> None:
    """As far as the platform tells."""
    heard = hear(outbound, small(), signed(b'{"event": {"run": 5}}'))
    assert Heard(provider_run_id="5", at=None) == heard


def delivery(
    body: bytes, at: str, key: bytes = KEY, signature: str = "v1,{}", signed_at: str | None = None
) -> Callback:
    said = f"msg_1.{signed_at or at}.".encode() + body
    digest = base64.b64encode(hmac.digest(key, said, "sha256")).decode()
    headers = {
        "webhook-id": "msg_1",
        "webhook-timestamp": at,
        "webhook-signature": signature.format(digest),
    }
    return Callback(headers=headers, body=body)


SESSION = json.dumps({"type": "event", "data": {"type": "x", "id": "sesn_1"}}).encode()


async def test_standard_webhooks_are_heard(outbound: Outbound) -> None:
    """Also beside the signature of an older key; their time is signed."""
    manifest, now = shipped("claude_managed_agents"), int(time.time())
    expected = Heard(provider_run_id="sesn_1", at=datetime.fromtimestamp(now, UTC))
    for signature in ("v1,{}", "v1,b2xk v1,{}"):
        callback = delivery(SESSION, str(now), signature=signature)
        assert expected == hear(outbound, manifest, callback, STANDARD_KEY)


@pytest.mark.parametrize(
    "callback",
    [
        delivery(SESSION, "1795285232", key=b"guessed"),
        delivery(SESSION, "1795285232", signed_at="1795285231"),
        delivery(SESSION, "soon"),
        delivery(SESSION, "\u0661"),
        delivery(SESSION, "1795285232", signature="v2,{}"),
        delivery(SESSION, "1795285232", signature="v1,old " * 10 + "v1,{}"),
        Callback(headers={}, body=SESSION),
    ],
)
async def test_forged_standard_webhooks_are_not(outbound: Outbound, callback: Callback) -> None:
    """Nor is anything where the key is none."""
    manifest = shipped("claude_managed_agents")
    assert hear(outbound, manifest, callback, STANDARD_KEY) is None
    good = delivery(SESSION, "1795285232")
    assert hear(outbound, manifest, good, STANDARD_KEY) is not None
    assert hear(outbound, manifest, good, "whsec_no base64!") is None


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('secret = "hook"', 'secret = "hock"', "webhook.secret: hock is none of the credentials"),
        ('header = "X-Signature"', "", "webhook.header: is needed for hmac_sha256"),
        ("{ run =", "{ job =", "webhook.ref: has the names of dispatch.ref"),
        ("secret", 'scheme = "standard_webhooks"\nsecret', "webhook.at: says nothing for"),
    ],
)
def test_a_webhook_has_to_fit_the_manifest(old: str, new: str, told: str) -> None:
    """Each fault says where it is."""
    text = SMALL.replace("[status]", HOOK.replace(old, new) + "[status]")
    assert any(told in each for each in faults(text))
