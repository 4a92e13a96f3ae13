"""`workbench runs list`, `show`, `follow` and `cancel`: runs that somebody has launched before."""

import shlex
import sys
from collections.abc import Coroutine, Iterator
from enum import StrEnum
from typing import Annotated, Any, Final

import typer

from cli.asking import ask, print_json, print_lines
from cli.client import runs
from cli.client.connection import Connection, Fields
from cli.client.display import Plain
from cli.client.escaping import printable
from cli.client.exits import CANCELED
from cli.client.moments import moment
from cli.client.screens import duration
from cli.client.sheets import looked_at_by
from cli.client.tables import aligned

LISTED_MAX: Final = 1000
_WHAT_CHARACTERS: Final = 60
_EPILOG: Final = "Exit code: 0 it was done, 125 the server refused, 1 it could not be asked."
_FOLLOWED: Final = (
    "Exit code: the run's own, as that of `workbench run`; 130 after Ctrl-C, which leaves the run "
    "alone."
)

Id = Annotated[str, typer.Argument(metavar="ID", help="As `runs list` shows it.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


class State(StrEnum):
    """Where a run is."""

    QUEUED = "QUEUED"
    BLOCKED = "BLOCKED"
    RUNNING = "RUNNING"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"
    CANCELED = "CANCELED"


def register(app: typer.Typer, _tokens: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(no_args_is_help=True, help="Runs that have been launched.")
    group.command("list", epilog=_EPILOG)(list_all)
    group.command("show", epilog=_EPILOG)(show)
    group.command("follow", epilog=_FOLLOWED)(follow)
    group.command("cancel", epilog=_EPILOG)(cancel)
    app.add_typer(group, name="runs")


def list_all(
    *,
    project: Annotated[str, typer.Option(help="Slug of the project.")] = "default",
    state: Annotated[
        list[State] | None,
        typer.Option(case_sensitive=False, help="In this state; again for more. All if absent."),
    ] = None,
    contains: Annotated[
        str | None, typer.Option(help="Only those whose command holds this text.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, max=LISTED_MAX, help="At most so many.")] = 20,
    as_json: AsJson = False,
) -> None:
    """List runs, newest first, also those of workflow steps."""
    chosen: dict[str, Any] = {}
    if state:
        chosen["states"] = [each.value for each in state]
    if contains:
        chosen["commandContains"] = contains
    _ask(_list(project, chosen, limit, as_json=as_json))


def show(run_id: Id, *, as_json: AsJson = False) -> None:
    """Show how a run is, what it waits for, and what you may do with it."""
    _ask(_show(run_id, as_json=as_json))


def follow(run_id: Id) -> None:
    """Print a run's log from the first line on, and follow it to its end."""
    _ask(_follow(run_id))


def cancel(
    run_id: Id,
    *,
    reason: Annotated[str | None, typer.Option(help="Why, for those who look at it later.")] = None,
) -> None:
    """Ask for a run to be stopped."""
    _ask(_cancel(run_id, reason))


async def _list(project: str, chosen: Fields, limit: int, *, as_json: bool) -> int:
    connection = Connection.from_environment()
    found = [each async for each in runs.listed(connection, project, chosen, limit)]
    if as_json:
        print_json(found)
    else:
        header = ("ID", "STATE", "EXIT", "TIME", "BY", "SINCE", "WHAT")
        print_lines(aligned([header, *map(_row, found)]))
    return 0


async def _show(run_id: str, *, as_json: bool) -> int:
    run = await runs.read(Connection.from_environment(), run_id)
    if as_json:
        print_json(run)
    else:
        print_lines(f"{label:<10}{printable(text)}" for label, text in _sheet(run))
    return 0


async def _follow(run_id: str) -> int:
    display = Plain(run_id, sys.stdout, sys.stderr)
    return await runs.shown(Connection.from_environment(), run_id, display)


async def _cancel(run_id: str, reason: str | None) -> int:
    run = await runs.cancel(Connection.from_environment(), run_id, reason)
    # It ends in a moment, and may have ended by itself before that.
    asked = "" if run["state"] == "CANCELED" else ", asked to stop"
    sys.stdout.write(f"{run['state']}{asked}\n")
    return 0


def _row(run: Fields) -> tuple[str, ...]:
    took, code = run["durationMs"], run["exitCode"]
    what = _what(run)
    return (
        run["id"],
        run["state"],
        "-" if code is None else str(code),
        "-" if took is None else duration(took),
        printable(run["requestedBy"]["name"]),
        moment(run["createdAt"]),
        what if len(what) <= _WHAT_CHARACTERS else f"{what[: _WHAT_CHARACTERS - 1]}…",
    )


def _sheet(run: Fields) -> Iterator[tuple[str, str]]:
    """Label and text of each line."""
    yield "run", run["id"]
    yield "state", run["state"]
    yield "what", _what(run)
    yield "where", f"{run['provider']['key']}, project {run['project']['slug']}, {run['cwd']}"
    yield "asked by", f"{run['requestedBy']['name']}, {moment(run['createdAt'])}"
    if run["reason"]:
        yield "because", run["reason"]
    if asked := run["blockedBy"]:
        wanted = f"{asked['requiredCount']} with the right of {asked['requiredRole']}"
        yield "waits for", f"{wanted}: {looked_at_by(asked['id'])}"
    elif run["waitsFor"]:
        yield "waits for", ", ".join(run["waitsFor"])
    if run["durationMs"] is not None:
        yield "took", duration(run["durationMs"])
    if run["exitCode"] is not None:
        yield "exit code", str(run["exitCode"])
    if run["failure"]:
        yield "failure", f"{run['failure']['code']}: {run['failure']['message']}"
    yield "log", f"{run['logStats']['lines']} lines, {run['logStats']['bytes']} bytes"
    yield "you may", ", ".join(run["availableActions"]) or "do nothing with it"


def _what(run: Fields) -> str:
    """The command as a shell would take it, or the prompt, on one line."""
    return printable(shlex.join(run["command"]) if run["prompt"] is None else run["prompt"])


def _ask(command: Coroutine[Any, Any, int]) -> None:
    """Whoever interrupts only leaves."""
    try:
        ask(command)
    except KeyboardInterrupt:
        raise typer.Exit(CANCELED) from None
