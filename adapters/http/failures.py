"""What a call that went wrong means for who asked: whether it was sent, and whether to ask again.

No message holds a URL's query or a header, and what a provider said is masked before it is shown.
"""

import ssl
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Final

import httpx
import orjson

from adapters.finding import AutomatonFinder
from adapters.http.network import PlaceRefused
from domain.errors import (
    CapabilityMissing,
    CredentialsRejected,
    ProviderRefused,
    ProviderUnavailable,
    WorkbenchError,
)
from domain.models.secrets import Secret
from domain.redaction.redactor import Redactor

REASON_CHARACTERS_MAX: Final = 300
REASON_BYTES_MAX: Final = 64 * 1024
RETRY_AFTER_S_MAX: Final = 24 * 3600.0
REASON_KEYS: Final = ("message", "detail", "error_description", "title", "error", "reason")
"""Where platforms put their words; RFC 9457 and RFC 6749 among them."""
TOO_MANY: Final = 429
AGAIN: Final = frozenset({408, 425, TOO_MANY})
"""Client errors that are none of the request itself."""


def failure_of(error: Exception) -> WorkbenchError:
    """An exception of the call as one of ours."""
    if isinstance(error, PlaceRefused):
        return ProviderRefused(f"The provider is not called: {error}.")
    if isinstance(error, httpx.InvalidURL | httpx.UnsupportedProtocol):
        return ProviderRefused("The provider is not called: that is no URL.")
    if isinstance(error, httpx.PoolTimeout):
        return ProviderUnavailable("Too many calls to the provider wait already.", is_unsent=True)
    if isinstance(error, httpx.ConnectError | httpx.ConnectTimeout):
        return ProviderUnavailable(_unconnected(error), is_unsent=True)
    if isinstance(error, httpx.TimeoutException | TimeoutError):
        return ProviderUnavailable("The provider did not answer in time.")
    return ProviderUnavailable("The provider hung up before it had answered.")


def _unconnected(error: Exception) -> str:
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return f"The provider's certificate is not trusted: {cause.verify_message}."
        if isinstance(cause, ssl.SSLError):
            return f"TLS with the provider failed: {cause.reason or 'no agreement'}."
        cause = cause.__cause__ or cause.__context__
    if isinstance(error, httpx.ConnectTimeout):
        return "The provider cannot be reached: no connection in time."
    return "The provider cannot be reached."


def refusal_of(
    status: int,
    headers: Mapping[str, str],
    body: bytes,
    *,
    secrets: Collection[Secret],
    now: datetime,
) -> WorkbenchError:
    """An answer that is no success as one of our errors. A status of success that was not expected
    says as little as an outage: what was asked for may be done."""
    said = masked(_said(body), secrets)
    words = f": {said}" if said else "."
    if status >= 500 or status < 300 or status in AGAIN:  # noqa: PLR2004 - RFC 9110, section 15
        return ProviderUnavailable(
            f"The provider answered with status {status}{words}",
            is_unsent=status == TOO_MANY,
            retry_after_s=retry_after_s(headers, now),
        )
    if status in {401, 403}:
        return CredentialsRejected(f"The provider does not let us in (status {status}){words}")
    if 300 <= status < 400:  # noqa: PLR2004 - RFC 9110, section 15.4
        return ProviderRefused(f"The provider sends us elsewhere (status {status}); not followed.")
    return ProviderRefused(f"The provider refused (status {status}){words}")


@contextmanager
def still_open() -> Iterator[None]:
    """What fails in here says nothing of what was asked before: the provider may have it."""
    try:
        yield
    except (ProviderUnavailable, ProviderRefused, CapabilityMissing) as error:
        wait_s = error.retry_after_s if isinstance(error, ProviderUnavailable) else None
        raise ProviderUnavailable(error.message, retry_after_s=wait_s) from error


def masked(text: str, secrets: Collection[Secret]) -> str:
    """A provider's words as one short line without the secrets it was given, in any form."""
    redact = Redactor([secret.reveal() for secret in secrets], AutomatonFinder).text
    # Before its white space is gone, by which a secret of several words is known, and after that,
    # where words in several lines may have become one.
    line = redact(_in_one_line(redact(text)))
    if len(line) > REASON_CHARACTERS_MAX:
        return line[: REASON_CHARACTERS_MAX - 1] + "…"
    return line


def _in_one_line(text: str) -> str:
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def _said(body: bytes) -> str:
    text = body[:REASON_BYTES_MAX].decode("utf-8", "replace")
    try:
        return _words(orjson.loads(body))
    except orjson.JSONDecodeError:
        # A page is for browsers, and says nothing in its first line.
        return "" if text.lstrip().startswith("<") else text


def _words(told: object) -> str:
    if isinstance(told, str):
        return told
    if isinstance(told, Mapping):
        found = (_words(told[key]) for key in REASON_KEYS if key in told)
        return next((words for words in found if words), "")
    return ""


def retry_after_s(headers: Mapping[str, str], now: datetime) -> float | None:
    """Retry-After of RFC 9110, section 10.2.3, in seconds. A date is read against the sender's own
    clock, where it tells that; None for what is neither, and for the past."""
    text = headers.get("retry-after", "").strip()
    if text.isascii() and text.isdigit():
        return min(float(text[:9]), RETRY_AFTER_S_MAX)
    at = read_date(text)
    if at is None:
        return None
    wait = at - (read_date(headers.get("date", "")) or now)
    return min(wait.total_seconds(), RETRY_AFTER_S_MAX) if wait > timedelta(0) else None


def read_date(text: str) -> datetime | None:
    """A date of an HTTP header."""
    try:
        return parsedate_to_datetime(text).astimezone(UTC)
    except (ValueError, TypeError, OverflowError):
        return None
