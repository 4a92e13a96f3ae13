"""Where the server is, who we are, and asking it over HTTP."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Final, Self
from urllib.parse import urlsplit, urlunsplit

import httpx

from cli.client.errors import NoToken, Refused, Unreachable

CHECKOUT: Final = Path(__file__).resolve().parents[2]
ANSWER_S: Final = 30.0
ATTEMPTS: Final = 3
_WHAT_IS_SENT: Final = "WORKBENCH_TOKEN is sent, or else what the server's token file holds."
_LISTENS_EVERYWHERE: Final = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - what servers say

Fields = Mapping[str, Any]
"""A JSON object of the API."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """A server and the token to sign in with, which `repr` does not show."""

    url: str
    token: str = field(repr=False)

    @classmethod
    def from_environment(cls, variables: Mapping[str, str] | None = None) -> Self:
        """By the variables the server reads too. Raises NoToken, Unreachable for what is no URL."""
        given = os.environ if variables is None else variables
        return cls(url=_url(given), token=_token(given))

    @property
    def graphql_url(self) -> str:
        return f"{self.url}/graphql"

    @property
    def socket_url(self) -> str:
        scheme, *rest = urlsplit(self.graphql_url)
        return urlunsplit(("wss" if scheme == "https" else "ws", *rest))

    @property
    def authorization(self) -> dict[str, str]:
        """The header of a request, and the payload that opens a socket."""
        return {"Authorization": f"Bearer {self.token}"}

    @property
    def is_local(self) -> bool:
        """Whether it is this machine, which no proxy stands before."""
        host = urlsplit(self.url).hostname or ""
        try:
            return host == "localhost" or ip_address(host).is_loopback
        except ValueError:
            return False

    async def ask(self, document: str, variables: Fields, *, attempts: int = ATTEMPTS) -> Fields:
        """The answer's fields. What got lost on the way is asked again, so it must be safe to ask
        twice, or have one attempt. Raises Refused, Unreachable."""
        # Ours is pure ASCII, so that a word of the command line that is no text reaches the server,
        # which says what is wrong with it.
        body = json.dumps({"query": document, "variables": dict(variables)})
        headers = {**self.authorization, "Content-Type": "application/json"}
        async with httpx.AsyncClient(timeout=ANSWER_S, trust_env=not self.is_local) as client:
            for attempt in range(1, attempts + 1):
                try:
                    return _fields(
                        await client.post(self.graphql_url, content=body, headers=headers)
                    )
                except (httpx.ReadError, httpx.RemoteProtocolError) as error:
                    if attempt == attempts:
                        raise Unreachable(f"{self.url} breaks off its answers.") from error
                except httpx.TimeoutException as error:
                    raise Unreachable(f"{self.url} does not answer in time.") from error
                except httpx.TransportError as error:
                    message = f"No server answers at {self.url} ({error}). Start it: make run"
                    raise Unreachable(message) from error
        raise AssertionError("the last attempt answers or raises")


def first_error(errors: object) -> Refused:
    """The first of GraphQL's errors, as ours."""
    match errors:
        case [{"message": str(message), "extensions": {"code": "UNAUTHENTICATED" as code}}, *_]:
            return Refused(code, f"{message} {_WHAT_IS_SENT}")
        case [{"message": str(message), "extensions": {"code": str(code)}}, *_]:
            return Refused(code, message)
        case [{"message": str(message)}, *_]:
            return Refused("INTERNAL", message)
        case _:
            return Refused("INTERNAL", "The server failed without saying why.")


def _fields(answer: httpx.Response) -> Fields:
    try:
        body = answer.json()
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise Refused("INTERNAL", f"The answer is no GraphQL (HTTP {answer.status_code}).")
    if body.get("errors"):
        raise first_error(body["errors"])
    if not isinstance(body.get("data"), dict):
        raise Refused("INTERNAL", f"The answer is no GraphQL (HTTP {answer.status_code}).")
    return dict(body["data"])


def _url(variables: Mapping[str, str]) -> str:
    url = variables.get("WORKBENCH_URL", "").rstrip("/") or _listening_url(variables)
    try:
        parts, host = urlsplit(url), httpx.URL(url).host
        is_usable = parts.scheme in {"http", "https"} and bool(host) and parts.port != 0
    except (ValueError, httpx.InvalidURL):
        is_usable = False
    if not is_usable:
        raise Unreachable(f"This is no server's URL, such as http://127.0.0.1:8000: {url}")
    return url


def _listening_url(variables: Mapping[str, str]) -> str:
    """The server's own settings, read from the other side."""
    host = variables.get("WORKBENCH_HOST") or "127.0.0.1"
    host = _LISTENS_EVERYWHERE.get(host, host)
    port = variables.get("WORKBENCH_PORT") or "8000"
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _token(variables: Mapping[str, str]) -> str:
    for name in ("WORKBENCH_TOKEN", "WORKBENCH_BOOTSTRAP_TOKEN"):
        if variables.get(name):
            return _checked(variables[name], name)
    path = Path(variables.get("WORKBENCH_DATA_DIR") or CHECKOUT / ".workbench") / "token"
    try:
        return _checked(path.read_text(encoding="utf-8").strip(), str(path))
    except (OSError, UnicodeDecodeError) as error:
        raise NoToken(f"No token: set WORKBENCH_TOKEN ({path} cannot be read).") from error


def _checked(token: str, place: str) -> str:
    """What is not one visible word would break the header it is sent in."""
    if not token.isascii() or not token.isprintable() or len(token.split()) != 1:
        raise NoToken(f"No token: set WORKBENCH_TOKEN ({place} holds none).")
    return token
