"""Carrying out the operations of a manifest for one project."""

import base64
import hashlib
import hmac
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

from adapters.http import documents
from adapters.http.caller import Call, Caller, Pieces
from adapters.http.outbound import Outbound
from adapters.http.target import Target
from adapters.rest.addresses import base_url, is_private_allowed
from adapters.rest.answers import Reader, Reply
from adapters.rest.manifest import AuthKind, Manifest, Operation, Outcome
from adapters.rest.scopes import scope
from adapters.rest.templates import PlaceMissing, Scope, fill, fill_path
from domain.errors import ProviderRefused
from domain.models.providers import Connection

ANY_STATUS: Final = range(100, 600)
"""What an answer means is the manifest's to say."""


@dataclass(frozen=True, kw_only=True)
class Operations:
    """Asks the platform as one project does. What it raises holds no secret of the project's."""

    manifest: Manifest
    connection: Connection
    outbound: Outbound

    async def call(
        self,
        name: str,
        run: Mapping[str, Any],
        ref: Mapping[str, Any],
        query: Mapping[str, str] | None = None,
    ) -> Reply:
        """One operation. Raises ProviderUnavailable and ProviderRefused."""
        op = self.manifest.ops[name]
        try:
            call = self._call_of(op, scope(self.connection.config, run, ref), query or {})
        except PlaceMissing as error:
            raise ProviderRefused(f"This provider needs {error.name}, which is not set.") from error
        answer = await self._caller.ask(call)
        reader = Reader(
            rate_limit=self.manifest.rate_limit,
            rejected=self.manifest.auth.rejected,
            secrets=self._secrets,
            now=self.outbound.clock.now(),
        )
        return reader.read(op, answer)

    @asynccontextmanager
    async def download(
        self, name: str, run: Mapping[str, Any], ref: Mapping[str, Any]
    ) -> AsyncIterator[Pieces]:
        """The body of its answer as it comes, whatever that is. Raises as `call` does."""
        op = self.manifest.ops[name]
        try:
            call = self._call_of(op, scope(self.connection.config, run, ref), {})
        except PlaceMissing as error:
            raise ProviderRefused(f"This provider needs {error.name}, which is not set.") from error
        async with self._caller.download(call) as pieces:
            yield pieces

    @asynccontextmanager
    async def download_from(self, url: str) -> AsyncIterator[Pieces]:
        """The same from a place that the platform has told, which must be at an allowed host."""
        async with self._caller.download(Call(method="GET", path=url)) as pieces:
            yield pieces

    async def steps(
        self, names: Sequence[str], run: Mapping[str, Any], ref: Mapping[str, Any]
    ) -> Reply:
        """One after the other, each with what those before it found, up to the first that is not
        simply done. Finds what all have found."""
        found: dict[str, Any] = {}
        for name in names:
            reply = await self.call(name, run, {**ref, **found})
            if reply.outcome is not Outcome.DONE:
                return reply
            found |= reply.found
        return Reply(outcome=Outcome.DONE, found=found)

    @cached_property
    def _caller(self) -> Caller:
        return Caller(self.outbound, self._target())

    @cached_property
    def _secrets(self) -> tuple[Any, ...]:
        return tuple(self.connection.secrets.values())

    def _target(self) -> Target:
        auth = self.manifest.auth
        secret = self.connection.secrets.get(auth.secret or "")
        headers: dict[str, str] = {}
        query: dict[str, str] = {}
        if secret is not None and auth.kind is AuthKind.QUERY:
            query[auth.name or ""] = auth.prefix + secret.reveal()
        elif secret is not None and auth.kind is not AuthKind.HMAC_SHA256:
            headers = _signed_in(auth.kind, auth.name or "", auth.prefix + secret.reveal())
        return Target(
            base_url=base_url(self.manifest, self.connection.config),
            credentials=headers,
            query_credentials=query,
            hosts=self.manifest.allowed_hosts,
            secrets=self._secrets,
            allows_private=is_private_allowed(self.manifest, self.connection.config),
        )

    def _call_of(self, op: Operation, values: Scope, query: Mapping[str, str]) -> Call:
        body = None if op.body is None else fill(op.body, values)
        headers = _texts({**self.manifest.headers, **op.headers}, values)
        key = op.idempotency
        if key and key.header:
            headers[key.header] = values["run"]["id"]
        if key and key.field and body is not None:
            body[key.field] = values["run"]["id"]
        return Call(
            method=op.method,
            path=fill_path(op.path, values),
            query={**_texts(op.query, values), **query},
            body=body,
            headers={**headers, **self._signature(body)},
            accepts=ANY_STATUS,
            deadline_s=min(self.manifest.timeout_s, self.outbound.deadline_s),
        )

    def _signature(self, body: object) -> dict[str, str]:
        """Of the very bytes that are sent."""
        auth = self.manifest.auth
        secret = self.connection.secrets.get(auth.secret or "")
        if auth.kind is not AuthKind.HMAC_SHA256 or secret is None:
            return {}
        content = b"" if body is None else documents.write(body)
        digest = hmac.new(secret.reveal().encode(), content, hashlib.sha256).hexdigest()
        return {auth.name or "": auth.prefix + digest}


def _signed_in(kind: AuthKind, name: str, text: str) -> dict[str, str]:
    if kind is AuthKind.BEARER:
        return {"Authorization": f"Bearer {text}"}
    if kind is AuthKind.BASIC_USER:
        return {"Authorization": "Basic " + base64.b64encode(f"{text}:".encode()).decode()}
    return {name: text} if kind is AuthKind.HEADER else {}


def _texts(values: Mapping[str, Any], filled_from: Scope) -> dict[str, str]:
    """Headers or parameters; those without a value are left out."""
    filled = fill(values, filled_from)
    return {
        key: value if isinstance(value, str) else documents.write(value).decode()
        for key, value in filled.items()
    }
