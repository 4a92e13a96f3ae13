"""What a platform sends of its own accord, by its manifest: signed, and of which run."""

import base64
import binascii
import hmac
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final, assert_never

import orjson

from adapters.rest.adapter import write_ref
from adapters.rest.manifest import Webhook, WebhookScheme
from adapters.rest.paths import find
from adapters.rest.times import time_of
from domain.models.callbacks import Callback, Heard
from domain.models.secrets import Secret

ID: Final = "webhook-id"
TIMESTAMP: Final = "webhook-timestamp"
SIGNATURE: Final = "webhook-signature"
KEY_PREFIX: Final = "whsec_"
SIGNATURES_MAX: Final = 10
"""Of one delivery: two while a key is exchanged."""


def heard(
    webhook: Webhook, names: Sequence[str], callback: Callback, secret: Secret
) -> Heard | None:
    """None for what is not signed with the secret, and for what is of no run. `names` are those of
    the run's id with the platform."""
    if not _is_signed(webhook, callback, secret):
        return None
    try:
        told = orjson.loads(callback.body)
    except orjson.JSONDecodeError:
        return None
    values = [find(told, webhook.ref[name]) for name in names]
    if not all(_is_name(value) for value in values):
        return None
    return Heard(provider_run_id=write_ref(values), at=_at(webhook, callback, told))


def _is_name(value: object) -> bool:
    return isinstance(value, str | int) and not isinstance(value, bool) and value != ""


def _at(webhook: Webhook, callback: Callback, told: Any) -> datetime | None:
    match webhook.scheme:
        case WebhookScheme.HMAC_SHA256:
            return time_of(find(told, webhook.at), webhook.at_as) if webhook.at else None
        case WebhookScheme.STANDARD:
            return time_of(_seconds(callback.headers), "epoch_s")
        case _:
            assert_never(webhook.scheme)


def _seconds(headers: Mapping[str, str]) -> int | None:
    text = headers.get(TIMESTAMP, "")
    return int(text[:12]) if text.isascii() and text.isdigit() else None


def _is_signed(webhook: Webhook, callback: Callback, secret: Secret) -> bool:
    """Over the body as it came; compared in a time that tells nothing."""
    match webhook.scheme:
        case WebhookScheme.HMAC_SHA256:
            given = callback.headers.get((webhook.header or "").lower(), "")
            digest = hmac.digest(secret.reveal().encode(), callback.body, "sha256")
            shown = digest.hex() if webhook.encoding == "hex" else _base64(digest)
            return _are_same(webhook.prefix + shown, given)
        case WebhookScheme.STANDARD:
            return _is_signed_by_standard(callback, secret)
        case _:
            assert_never(webhook.scheme)


def _is_signed_by_standard(callback: Callback, secret: Secret) -> bool:
    """Standard Webhooks 1.0: one of several signatures over id, time and body."""
    try:
        key = base64.b64decode(secret.reveal().removeprefix(KEY_PREFIX), validate=True)
    except (binascii.Error, ValueError):
        return False
    headers = callback.headers
    if _seconds(headers) is None:
        return False
    said = f"{headers.get(ID, '')}.{headers[TIMESTAMP]}.".encode() + callback.body
    expected = "v1," + _base64(hmac.digest(key, said, "sha256"))
    given = headers.get(SIGNATURE, "").split(" ")[:SIGNATURES_MAX]
    return any(_are_same(expected, each) for each in given)


def _base64(digest: bytes) -> str:
    return base64.b64encode(digest).decode()


def _are_same(expected: str, given: str) -> bool:
    return hmac.compare_digest(expected.encode(), given.encode("utf-8", "replace"))
