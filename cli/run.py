"""`workbench run`: launch a command and follow it as if it ran here."""

import asyncio
import io
import os
import sys
from collections.abc import Mapping
from enum import StrEnum
from math import isfinite
from typing import Annotated, Any, Final
from uuid import uuid4

import typer
from rich.console import Console

from cli.client import api
from cli.client.connection import Connection
from cli.client.display import BLOCKED, Plain, Terminal
from cli.client.errors import ClientError
from cli.client.escaping import printable
from cli.client.exits import CANCELED, FAILED, REFUSED
from cli.client.run_watch import RunWatch
from cli.client.screens import Display
from cli.client.sheets import looked_at_by
from cli.client.watch import Interrupts

_EPILOG: Final = (
    "Exit code: the run's own; 124 it timed out, 125 it was refused or could not be launched, "
    "130 it was canceled or left by a second Ctrl-C, 1 it failed without an exit code or could "
    "not be followed to its end. WORKBENCH_URL and WORKBENCH_TOKEN say where the server is and "
    "who you are; without them it is the server of this checkout, and its first administrator."
)


class EnvProfile(StrEnum):
    """The environment variables a run gets."""

    DEFAULT = "DEFAULT"
    MINIMAL = "MINIMAL"
    CI = "CI"
    PROJECT = "PROJECT"


def register(app: typer.Typer, _tokens: typer.Typer) -> None:
    """Add the command. Whatever follows the program's name is the program's own."""
    settings = {"allow_interspersed_args": False}
    app.command("run", context_settings=settings, epilog=_EPILOG)(run)


def run(  # noqa: PLR0917 - the options of a command line are given by name
    argv: Annotated[
        list[str],
        typer.Argument(
            metavar="COMMAND", help="Program and arguments, best behind `--`; no shell reads them."
        ),
    ],
    project: Annotated[str, typer.Option(help="Slug of the project.")] = "default",
    provider: Annotated[str | None, typer.Option(help="Key of the provider.")] = None,
    cwd: Annotated[str | None, typer.Option(help="Folder inside the project's root.")] = None,
    env: Annotated[
        EnvProfile | None,
        typer.Option(case_sensitive=False, help="Which environment variables it gets."),
    ] = None,
    timeout: Annotated[float | None, typer.Option(help="Stop it after so many seconds.")] = None,
    reason: Annotated[str | None, typer.Option(help="Why, for the records.")] = None,
    detach: Annotated[bool, typer.Option("--detach", help="Print the run's id and leave.")] = False,  # noqa: FBT002
    key: Annotated[
        str | None, typer.Option(help="Idempotency key: the same one launches once.")
    ] = None,
) -> None:
    """Launch a command on a provider and follow its log."""
    given = {
        "project": project,
        "provider": provider,
        "command": argv,
        "cwd": cwd,
        "envProfile": env and env.value,
        "timeoutMs": None if timeout is None else _milliseconds(timeout),
        "reason": reason,
        # Always one, so that a launch whose answer got lost can be asked for again.
        "idempotencyKey": key or uuid4().hex,
    }
    wanted = {name: value for name, value in given.items() if value is not None}
    _accept_all_text()
    try:
        code = asyncio.run(launch_and_follow(wanted, is_detached=detach))
    except ClientError as error:
        sys.stderr.write(f"workbench: {printable(str(error))}\n")
        code = FAILED
    except BrokenPipeError:
        code = _leave_closed_pipe()
    raise typer.Exit(code)


async def launch_and_follow(given: Mapping[str, Any], *, is_detached: bool) -> int:
    """The exit code to leave with. Raises ClientError when it was launched and then lost."""
    interrupts = Interrupts()
    with interrupts.listening():
        try:
            connection = Connection.from_environment()
            launched = await interrupts.unless_left(api.launch(connection, given))
        except ClientError as error:
            sys.stderr.write(f"workbench: not launched: {printable(str(error))}\n")
            return REFUSED
        if launched is None:
            sys.stderr.write("workbench: left before the server answered; it may be launched\n")
            return CANCELED
        if is_detached:
            if launched.state == "BLOCKED":
                sys.stderr.write(f"workbench: {BLOCKED}\n")
                if launched.asks:
                    sys.stderr.write(
                        f"workbench: Who decides looks: {looked_at_by(launched.asks)}\n"
                    )
            sys.stdout.write(f"{launched.id}\n")
            return 0
        with _display(launched) as display:
            return await RunWatch(connection, launched.id, display).to_the_end(interrupts)


def _milliseconds(seconds: float) -> int:
    if not isfinite(seconds):
        raise typer.BadParameter("It must be a number of seconds.", param_hint="--timeout")
    return round(seconds * 1000)


def _display(launched: api.Launched) -> Display[api.Happening, api.Ending]:
    """A live one where both streams are a terminal that can do it."""
    console = Console()
    if console.is_terminal and sys.stderr.isatty() and not console.is_dumb_terminal:
        return Terminal(launched.id, launched.state, console)
    return Plain(launched.id, sys.stdout, sys.stderr)


def _accept_all_text() -> None:
    """A log may hold what the terminal's encoding has no bytes for."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _leave_closed_pipe() -> int:
    """Nobody reads our output any more, as with `| head`. The run goes on."""
    # Python flushes stdout once more at exit, which must not fail again.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return FAILED
