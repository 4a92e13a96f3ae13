"""Calls to one provider as one project makes them."""

import asyncio
import re
from collections.abc import AsyncGenerator, AsyncIterator, Collection, Iterator, Mapping
from contextlib import AsyncExitStack, aclosing, asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import Any, Final

import httpx

from adapters.http import documents
from adapters.http.events import ServerEvent, StreamTooLong, events_of
from adapters.http.failures import failure_of, refusal_of
from adapters.http.network import PlaceRefused
from adapters.http.outbound import Outbound
from adapters.http.target import Answer, Target
from domain.errors import CredentialsRejected, ProviderRefused, ProviderUnavailable

BODY_BYTES_MAX: Final = 10 * 1024 * 1024
CONNECT_S: Final = 5.0
READ_S: Final = 20.0
SILENCE_S: Final = 60.0
"""After which a stream without a byte counts as broken; servers send comments more often."""
STREAM_BYTES_MAX: Final = 64 * 1024 * 1024
"""Of one stream, whatever is in it and however long that takes."""

FAILURES: Final = (httpx.HTTPError, httpx.InvalidURL, PlaceRefused, OSError, TimeoutError)

_HOST: Final = re.compile(r"[a-z0-9._:-]+")
_HEADER: Final = re.compile(r"([!-~]([\t -~]*[!-~])?)?")
"""What a header can carry, by RFC 9110, section 5.5, and no more than ASCII."""
_TIMEOUT: Final = httpx.Timeout(READ_S, connect=CONNECT_S, pool=CONNECT_S)
_STREAM_TIMEOUT: Final = httpx.Timeout(READ_S, connect=CONNECT_S, pool=CONNECT_S, read=SILENCE_S)


Events = AsyncGenerator[ServerEvent, None]
Pieces = AsyncGenerator[bytes, None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request. `path` goes behind the base URL; a whole URL has to be at an allowed host.

    `body` is sent as JSON. Statuses in `accepts` are answers as well as those of success. The
    deadline is that of Outbound where none is given.
    """

    method: str
    path: str
    query: Mapping[str, str] | None = None
    body: Any = None
    headers: Mapping[str, str] | None = None
    accepts: Collection[int] = ()
    deadline_s: float | None = None


class Caller:
    """Every failure is ProviderUnavailable or ProviderRefused; see adapters.http.failures.

    Redirects are not followed, and nothing is tried twice: whoever calls knows what may be.
    """

    def __init__(self, outbound: Outbound, target: Target) -> None:
        """Raises ProviderRefused where the base URL is no place to call."""
        self._outbound = outbound
        self._target = target
        self._base = _url(target.base_url)
        self._hosts = {self._base.host.lower(), *(host.lower() for host in target.hosts)}
        self._check(self._base)

    async def ask(self, call: Call) -> Answer:
        """The whole answer, which has 10 MiB at the most."""
        with _told():
            async with self._deadline(call), self._sent(call, _TIMEOUT) as response:
                body = await _body(response, BODY_BYTES_MAX)
                self._check_status(response, body, call)
                headers = {name.lower(): value for name, value in response.headers.items()}
                return Answer(status=response.status_code, headers=headers, body=body)

    @asynccontextmanager
    async def stream(self, call: Call) -> AsyncIterator[Events]:
        """The server-sent events of an answer. The call's deadline is for its head. Raises
        StreamTooLong after 64 MiB."""
        async with AsyncExitStack() as stack:
            response = await stack.enter_async_context(self._opened(call))
            yield await stack.enter_async_context(aclosing(_told_events(response)))

    @asynccontextmanager
    async def download(self, call: Call) -> AsyncIterator[Pieces]:
        """The body of an answer as it comes; whoever reads it has a bound of their own."""
        async with AsyncExitStack() as stack:
            response = await stack.enter_async_context(self._opened(call))
            yield await stack.enter_async_context(aclosing(_told_parts(response)))

    def _deadline(self, call: Call) -> asyncio.Timeout:
        return asyncio.timeout(call.deadline_s or self._outbound.deadline_s)

    @asynccontextmanager
    async def _opened(self, call: Call) -> AsyncIterator[httpx.Response]:
        async with AsyncExitStack() as stack:
            with _told():
                async with self._deadline(call):
                    response = await stack.enter_async_context(self._sent(call, _STREAM_TIMEOUT))
                    if not response.is_success:
                        self._check_status(response, await _body(response, BODY_BYTES_MAX), call)
            yield response

    @asynccontextmanager
    async def _sent(self, call: Call, patience: httpx.Timeout) -> AsyncIterator[httpx.Response]:
        url = self._place_of(call.path)
        headers = {**self._target.headers, **(call.headers or {})}
        query = dict(call.query or {})
        if _place(url) == _place(self._base):
            headers |= self._target.credentials
            query |= self._target.query_credentials
        _check_headers(headers, self._target.credentials)
        content = None if call.body is None else documents.write(call.body)
        if content is not None:
            headers = {"Content-Type": "application/json", **headers}
        async with (
            self._outbound.lent(url, allows_private=self._target.allows_private) as client,
            client.stream(
                call.method,
                url.copy_merge_params(query) if query else url,
                headers=headers,
                content=content,
                timeout=patience,
            ) as response,
        ):
            yield response

    def _place_of(self, path: str) -> httpx.URL:
        if not path.startswith("/"):
            url = _url(path)
            self._check(url)
            return url
        return _url(str(self._base).rstrip("/") + path)

    def _check(self, url: httpx.URL) -> None:
        """Raises ProviderRefused for a place that this target may not call."""
        host = url.host.lower()
        if url.scheme not in {"https", "http"} or not _HOST.fullmatch(host) or url.userinfo:
            raise ProviderRefused("The provider is not called: that is no URL of a server.")
        if url.scheme == "http" and not self._target.allows_private:
            raise ProviderRefused("The provider is not called: its URL has to start with https.")
        if not self._is_allowed(host):
            raise ProviderRefused(f"The provider is not called: {host} is none of its hosts.")
        if host.rstrip(".") in self._outbound.own_hosts:
            raise ProviderRefused("The provider is not called: this server does not call itself.")

    def _is_allowed(self, host: str) -> bool:
        return host in self._hosts or any(
            host.endswith(allowed) for allowed in self._hosts if allowed.startswith(".")
        )

    def _check_status(self, response: httpx.Response, body: bytes, call: Call) -> None:
        if response.is_success or response.status_code in call.accepts:
            return
        raise refusal_of(
            response.status_code,
            response.headers,
            body,
            secrets=self._target.secrets,
            now=self._outbound.clock.now(),
        )


def _check_headers(headers: Mapping[str, str], credentials: Mapping[str, str]) -> None:
    """Before httpx does, whose error would show the header. Raises ProviderRefused."""
    for name, value in headers.items():
        if _HEADER.fullmatch(value):
            continue
        if name in credentials:
            raise CredentialsRejected("A credential has a character that no header can carry.")
        raise ProviderRefused(f"The provider is not called: {name} cannot be sent as it is.")


def _place(url: httpx.URL) -> tuple[str, str, int | None]:
    return url.scheme, url.host, url.port


def _url(text: str) -> httpx.URL:
    try:
        return httpx.URL(text)
    except httpx.InvalidURL as error:
        raise failure_of(error) from error


@contextmanager
def _told() -> Iterator[None]:
    """Failures of the call as ours."""
    try:
        yield
    except FAILURES as error:
        raise failure_of(error) from error


async def _told_events(response: httpx.Response) -> AsyncGenerator[ServerEvent, None]:
    with _told():
        async with aclosing(events_of(_bounded(response))) as events:
            async for event in events:
                yield event


async def _bounded(response: httpx.Response) -> AsyncIterator[bytes]:
    size = 0
    async for part in _parts(response):
        size += len(part)
        if size > STREAM_BYTES_MAX:
            raise StreamTooLong
        yield part


async def _told_parts(response: httpx.Response) -> Pieces:
    with _told():
        async for part in _parts(response):
            yield part


async def _body(response: httpx.Response, bytes_max: int) -> bytes:
    body = bytearray()
    async for part in _parts(response):
        body += part
        if len(body) > bytes_max:
            raise ProviderUnavailable(f"The provider's answer has over {bytes_max} bytes.")
    return bytes(body)


async def _parts(response: httpx.Response) -> AsyncIterator[bytes]:
    """The body as it comes over the wire: what is packed although we asked for plain is not
    unpacked, since nobody knows how large that is."""
    if response.headers.get("content-encoding", "identity").lower() != "identity":
        raise ProviderUnavailable("The provider's answer is compressed, which was not asked for.")
    async for part in response.aiter_raw():
        yield part
