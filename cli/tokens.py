"""`workbench token create`, `list` and `revoke`: what others sign in with, through the API."""

import sys
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Annotated, Any, Final

import typer

from cli.asking import ask, print_lines
from cli.client import tokens
from cli.client.connection import Connection
from cli.client.escaping import printable
from cli.client.exits import FAILED
from cli.client.tables import aligned
from cli.client.tokens import Listed

COLUMNS: Final = ("ID", "NAME", "SCOPES", "PROJECTS", "CREATED", "EXPIRES", "LAST USED", "STATE")
DAYS_MAX: Final = 36_500

Principal = Annotated[
    str | None, typer.Option(help="Whose tokens; your own if absent. Others' as server admin.")
]


class Scope(StrEnum):
    """What a token is for."""

    READ = "READ"
    LAUNCH = "LAUNCH"
    APPROVE = "APPROVE"
    ADMIN = "ADMIN"


class Kind(StrEnum):
    """What a principal is."""

    USER = "USER"
    SERVICE = "SERVICE"


def register(_app: typer.Typer, group: typer.Typer) -> None:
    """Add the commands."""
    group.command("create")(create)
    group.command("list")(list_all)
    group.command("revoke")(revoke)


def create(
    name: Annotated[str, typer.Argument(help="What the token is for.")],
    *,
    principal: Annotated[
        str | None,
        typer.Option(
            help="Whose it is; your own if absent. A server admin names anybody, new too."
        ),
    ] = None,
    kind: Annotated[
        Kind | None,
        typer.Option(case_sensitive=False, help="What the principal is, SERVICE if absent."),
    ] = None,
    scope: Annotated[
        list[Scope] | None,
        typer.Option(case_sensitive=False, help="What it is for; again for more. All if absent."),
    ] = None,
    project: Annotated[
        list[str] | None,
        typer.Option(help="Slug of a project it is for; again for more. All if absent."),
    ] = None,
    days: Annotated[
        int | None,
        typer.Option(min=1, max=DAYS_MAX, help="How many days it lasts. No end if absent."),
    ] = None,
) -> None:
    """Make an API token and print its text, which is shown this once."""
    given = {
        "name": name,
        "principal": principal,
        "kind": kind and kind.value,
        "scopes": [each.value for each in scope] if scope else None,
        "projects": project or None,
        "expiresAt": _in_days(days),
    }
    ask(_create({key: value for key, value in given.items() if value is not None}), refused=FAILED)


def list_all(principal: Principal = None) -> None:
    """List API tokens, newest first, without their texts."""
    ask(_list(principal), refused=FAILED)


def revoke(
    ids: Annotated[list[str], typer.Argument(metavar="ID...", help="As `token list` shows them.")],
) -> None:
    """End API tokens at once and for good."""
    ask(_revoke(ids), refused=FAILED)


async def _create(given: dict[str, Any]) -> None:
    connection = Connection.from_environment()
    if "principal" not in given:
        name, kind = await tokens.viewer(connection)
        given = {"kind": kind, **given, "principal": name}
    made = await tokens.create(connection, {"kind": Kind.SERVICE.value, **given})
    sys.stdout.write(f"{made.text}\n")
    token = made.token
    ends = f"ends {_day(token.expires_at)}" if token.expires_at else "has no end"
    what = f"token {token.name!r} of {token.principal!r}, scopes {_words(token.scopes)}, {ends}"
    sys.stderr.write(printable(f"workbench: {what}, id {token.id}; keep it, it is not shown again"))
    sys.stderr.write("\n")


async def _list(principal: str | None) -> None:
    connection = Connection.from_environment()
    name = principal or (await tokens.viewer(connection))[0]
    rows = [COLUMNS, *[_row(token) async for token in tokens.listed(connection, name)]]
    print_lines(aligned(rows))


async def _revoke(ids: Sequence[str]) -> None:
    connection = Connection.from_environment()
    for token_id in ids:
        token = await tokens.revoke(connection, token_id)
        said = f"workbench: revoked {token.name!r} of {token.principal!r}"
        sys.stderr.write(f"{printable(said)}\n")


def _row(token: Listed) -> tuple[str, ...]:
    return (
        token.id,
        printable(token.name),
        _words(token.scopes),
        "all" if token.projects is None else ",".join(token.projects),
        _day(token.created_at),
        _day(token.expires_at),
        _day(token.last_used_at),
        token.state,
    )


def _words(scopes: Sequence[str] | None) -> str:
    return "all" if scopes is None else ",".join(scopes)


def _day(time: str | None) -> str:
    return "never" if time is None else time[: len("2026-01-01T00:00")].replace("T", " ")


def _in_days(days: int | None) -> str | None:
    return None if days is None else (datetime.now(UTC) + timedelta(days=days)).isoformat()
