"""The `workbench` command: every subcommand in one place."""

import gc
import sys
from importlib import import_module
from importlib.metadata import version
from typing import Annotated

import typer

from cli import run


def commands(words: list[str]) -> typer.Typer:
    """All of them, or for a command line that starts with `run` only that one: a client must not
    wait seconds until Python has read a server that it does not need."""
    found = typer.Typer(no_args_is_help=True, add_completion=False)
    found.callback()(_workbench)
    run.register(found)
    if words[:1] != ["run"]:
        gc.disable()  # nothing that is read becomes garbage: to look takes a sixth of the start
        import_module("cli.server").register(found)
        gc.enable()
    return found


def main() -> None:
    """Run the `workbench` command."""
    commands(sys.argv[1:])()


def _print_version(wanted: bool) -> None:  # noqa: FBT001 - the value of an option
    if wanted:
        typer.echo(version("ccdash-workbench"))
        raise typer.Exit


def _workbench(
    _version: Annotated[  # noqa: FBT002 - an option is given by name
        bool,
        typer.Option(
            "--version", is_eager=True, callback=_print_version, help="Print the version."
        ),
    ] = False,
) -> None:
    """Run commands and agents under control, and see what they do."""
