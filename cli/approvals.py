"""`workbench approvals list`, `show`, `approve` and `reject`: the inbox of the API."""

import sys
from collections.abc import Iterable
from enum import StrEnum
from typing import Annotated, Final

import typer
from rich.console import Console
from rich.text import Text

from cli.asking import ask, complain, print_json, print_lines
from cli.client import approvals
from cli.client.connection import Connection, Fields
from cli.client.errors import Refused
from cli.client.sheets import COLUMNS, row, sheet
from cli.client.tables import aligned

LISTED_MAX: Final = 1000
_LABEL_WIDTH: Final = 10
_EPILOG: Final = (
    "Exit code: 0 it was said, 125 the server refused, as where you are not eligible, "
    "1 it could not be asked."
)

Id = Annotated[str, typer.Argument(metavar="ID", help="As `approvals list` shows it.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Reason = Annotated[str, typer.Option(help="Why, for those who look at it later.")]
Digest = Annotated[
    str | None, typer.Option(help="Only if it still is exactly what has this digest.")
]


class State(StrEnum):
    """Where an approval is."""

    PENDING = "PENDING"
    APPROVED = "APPROVED"
    REJECTED = "REJECTED"
    EXPIRED = "EXPIRED"
    VOIDED = "VOIDED"


def register(app: typer.Typer, _tokens: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(no_args_is_help=True, help="What waits for people to agree.")
    group.command("list")(list_all)
    group.command("show")(show)
    group.command("approve", epilog=_EPILOG)(approve)
    group.command("reject", epilog=_EPILOG)(reject)
    app.add_typer(group, name="approvals")


def list_all(
    *,
    eligible: Annotated[
        bool, typer.Option("--eligible", help="Only what you may decide on now.")
    ] = False,
    mine: Annotated[bool, typer.Option("--mine", help="Only what you asked for.")] = False,
    project: Annotated[
        list[str] | None, typer.Option(help="Slug of a project; again for more. All if absent.")
    ] = None,
    state: Annotated[
        list[State] | None,
        typer.Option(
            case_sensitive=False, help="In this state; again for more. PENDING if absent."
        ),
    ] = None,
    limit: Annotated[int, typer.Option(min=1, max=LISTED_MAX, help="At most so many.")] = 100,
    as_json: AsJson = False,
) -> None:
    """List approvals, newest first: those that wait, if nothing else is said."""
    chosen = {
        "states": [each.value for each in state or [State.PENDING]],
        "projects": project or None,
        "mine": mine or None,
        "eligible": eligible or None,
    }
    ask(_list(chosen, limit, as_json=as_json))


def show(approval_id: Id, *, as_json: AsJson = False) -> None:
    """Show all that an approval is about, and whether you may decide on it."""
    ask(_show(approval_id, as_json=as_json))


def approve(
    approval_id: Id, *, reason: Reason, digest: Digest = None, as_json: AsJson = False
) -> None:
    """Agree to exactly what is shown."""
    ask(_decide(approval_id, "APPROVE", reason, digest, as_json=as_json))


def reject(
    approval_id: Id, *, reason: Reason, digest: Digest = None, as_json: AsJson = False
) -> None:
    """Refuse it, which ends the run."""
    ask(_decide(approval_id, "REJECT", reason, digest, as_json=as_json))


async def _list(chosen: Fields, limit: int, *, as_json: bool) -> None:
    connection = Connection.from_environment()
    found = [each async for each in approvals.listed(connection, chosen, limit)]
    if as_json:
        print_json(found)
        return
    if not found:
        is_inbox = chosen["states"] == [State.PENDING]
        complain("Nothing waits." if is_inbox else "There is none like this.")
        return
    print_lines(aligned([COLUMNS, *map(row, found)]))


async def _show(approval_id: str, *, as_json: bool) -> None:
    approval = await approvals.read(Connection.from_environment(), approval_id)
    if as_json:
        print_json(approval)
    else:
        _print_sheet(sheet(approval), is_error=False)


async def _decide(
    approval_id: str, decision: str, reason: str, digest: str | None, *, as_json: bool
) -> None:
    """What is sent is the digest of what stands on the screen."""
    connection = Connection.from_environment()
    seen = await approvals.read(connection, approval_id)
    _print_sheet(sheet(seen), is_error=True)
    if digest is not None and digest != seen["digest"]:
        raise Refused(
            "INVALID_INPUT", "It has another digest than the given one; nothing was sent."
        )
    after = await approvals.decide(connection, seen, decision, reason)
    if as_json:
        print_json(after)
    else:
        agreed = f"{after['approvedCount']} of {after['requiredCount']} have agreed"
        sys.stdout.write(f"{after['state']}: {agreed}\n")


def _print_sheet(lines: Iterable[tuple[str, str]], *, is_error: bool) -> None:
    """The labels stand out on a terminal; elsewhere it is plain text."""
    console = Console(stderr=is_error)
    for label, text in lines:
        line = Text.assemble((label.ljust(_LABEL_WIDTH), "bold"), text)
        console.print(line, soft_wrap=True, highlight=False)
