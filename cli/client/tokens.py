"""Tokens through the API: making one, listing them, ending one."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final, Self

from cli.client import answers
from cli.client.connection import Connection, Fields
from cli.client.errors import Refused

_FIELDS: Final = """fragment T on ApiToken {
  id name scopes projects { slug } createdAt expiresAt lastUsedAt revokedAt isCurrent
  principal { name }
}"""

_WHO: Final = "query Viewer { viewer { principal { name kind } } }"

_CREATE: Final = f"""
mutation TokenCreate($input: TokenCreateInput!) {{
  tokenCreate(input: $input) {{
    ... on TokenCreatePayload {{ token apiToken {{ ...T }} }}
    ... on UserError {{ code message }}
  }}
}}
{_FIELDS}"""

_REVOKE: Final = f"""
mutation TokenRevoke($id: ID!) {{
  tokenRevoke(id: $id) {{
    ... on TokenRevokePayload {{ apiToken {{ ...T }} }}
    ... on UserError {{ code message }}
  }}
}}
{_FIELDS}"""

_LIST: Final = f"""
query Tokens($principal: String!, $first: Int, $after: String) {{
  tokens(principal: $principal, first: $first, after: $after) {{
    nodes {{ ...T }}
    pageInfo {{ hasNextPage endCursor }}
  }}
}}
{_FIELDS}"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A token without its text; times as the API tells them, None for never."""

    id: str
    name: str
    principal: str
    scopes: list[str] | None
    projects: list[str] | None
    created_at: str
    expires_at: str | None
    last_used_at: str | None
    revoked_at: str | None
    is_current: bool

    @property
    def state(self) -> str:
        """`active`, `current` for the one we sign in with, `revoked` or `expired`."""
        if self.revoked_at is not None:
            return "revoked"
        if self.expires_at and datetime.fromisoformat(self.expires_at) <= datetime.now(UTC):
            return "expired"
        return "current" if self.is_current else "active"

    @classmethod
    def of(cls, token: Fields) -> Self:
        projects = token["projects"]
        return cls(
            id=token["id"],
            name=token["name"],
            principal=token["principal"]["name"],
            scopes=token["scopes"],
            projects=None if projects is None else [project["slug"] for project in projects],
            created_at=token["createdAt"],
            expires_at=token["expiresAt"],
            last_used_at=token["lastUsedAt"],
            revoked_at=token["revokedAt"],
            is_current=token["isCurrent"],
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Created:
    """A new token; `text` is told this once."""

    token: Listed
    text: str = field(repr=False)


async def viewer(connection: Connection) -> tuple[str, str]:
    """Name and kind of whoever we sign in as. Raises Refused, Unreachable."""
    principal = (await connection.ask(_WHO, {}))["viewer"]["principal"]
    return principal["name"], principal["kind"]


async def create(connection: Connection, given: Fields) -> Created:
    """Asked once: what is lost on the way may be made, and shows in the list. Raises Refused,
    Unreachable."""
    answer = await connection.ask(_CREATE, {"input": dict(given)}, attempts=1)
    made = answers.payload(answer, "tokenCreate")
    return Created(token=Listed.of(made["apiToken"]), text=made["token"])


async def revoke(connection: Connection, token_id: str) -> Listed:
    """Raises Refused, Unreachable."""
    answer = await connection.ask(_REVOKE, {"id": token_id})
    return Listed.of(answers.payload(answer, "tokenRevoke")["apiToken"])


async def listed(connection: Connection, principal: str) -> AsyncIterator[Listed]:
    """Newest first, page by page. Raises Refused, Unreachable."""

    def found(answer: Fields) -> Fields:
        page: Fields | None = answer.get("tokens")
        if page is None:
            raise Refused("NOT_FOUND", f"There are no tokens of {principal!r} that you may see.")
        return page

    async for token in answers.items(connection, _LIST, {"principal": principal}, found, page=100):
        yield Listed.of(token)
