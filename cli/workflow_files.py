"""`workbench workflow validate`, `apply` and `graph`: what a file says."""

import sys
from collections.abc import Callable, Iterator, Mapping
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Final

import typer

from cli.asking import ask, print_json, print_lines
from cli.client import workflows
from cli.client.connection import Connection, Fields
from cli.client.drawings import as_dot, as_mermaid, as_text
from cli.client.escaping import printable
from cli.client.exits import FAILED, REFUSED
from cli.workflow_group import (
    EPILOG,
    AsJson,
    File,
    Project,
    text_if_file,
    text_of,
    workflow_group,
)

_VALIDATE_EPILOG: Final = (
    "Exit code: 0 nothing is wrong, 1 something is, 125 it could not be checked."
)


class Format(StrEnum):
    """How a plan is drawn."""

    TEXT = "text"
    MERMAID = "mermaid"
    DOT = "dot"


_DRAWINGS: Final[Mapping[Format, Callable[[Fields], Iterator[str]]]] = {
    Format.TEXT: as_text,
    Format.MERMAID: as_mermaid,
    Format.DOT: as_dot,
}


def register(app: typer.Typer, _tokens: typer.Typer) -> None:
    """Add the commands."""
    group = workflow_group(app)
    group.command("validate", epilog=_VALIDATE_EPILOG)(validate)
    group.command("apply", epilog=EPILOG)(apply)
    group.command("graph", epilog=EPILOG)(graph)


def validate(file: File, *, project: Project = "default", as_json: AsJson = False) -> None:
    """Say all that is wrong with a file, each with its place. Nothing is stored or started."""
    ask(_validate(file, project, as_json=as_json), refused=REFUSED, failed=REFUSED)


def apply(file: File, *, project: Project = "default") -> None:
    """Write a workflow down as a file says it, or tell all that is wrong with it."""
    ask(_apply(file, project))


def graph(
    of: Annotated[
        str,
        typer.Argument(
            metavar="FILE|ID|NAME",
            help="A file, the id of a workflow or of a run of one, or a name.",
        ),
    ],
    *,
    drawn: Annotated[
        Format, typer.Option("--format", case_sensitive=False, help="How it is drawn.")
    ] = Format.TEXT,
    project: Project = "default",
) -> None:
    """Draw the steps of a workflow and who needs whom; of a run, also how far each step is."""
    ask(_graph(of, project, _DRAWINGS[drawn]))


async def _validate(file: Path, project: str, *, as_json: bool) -> int:
    found = await workflows.check(Connection.from_environment(), project, text_of(file))
    if as_json:
        print_json(found)
    elif found["isValid"]:
        print_lines([_verdict(found)])
    else:
        print_lines(_faults(file, found))
    return 0 if found["isValid"] else FAILED


async def _apply(file: Path, project: str) -> None:
    made = await workflows.create(Connection.from_environment(), project, text_of(file))
    print_lines([f"{printable(made['name'])} (version {made['version']}), {made['id']}"])


async def _graph(of: str, project: str, draw: Callable[[Fields], Iterator[str]]) -> int:
    connection = Connection.from_environment()
    file = Path(of)
    text = text_if_file(file)
    if text is None:
        print_lines(draw(await _stored(connection, of, project)))
        return 0
    found = await workflows.check(connection, project, text)
    if found["isValid"]:
        print_lines(draw(found))
        return 0
    sys.stderr.writelines(f"{line}\n" for line in _faults(file, found))
    return REFUSED


async def _stored(connection: Connection, of: str, project: str) -> Fields:
    """By its id, or else by its name. Raises Refused, Unreachable."""
    plan = await workflows.plan(connection, of)
    if plan is None:
        named = await workflows.named(connection, project, of)
        plan = await workflows.plan(connection, named["id"])
        assert plan is not None, "what is listed is there"
    return {"name": of, **plan}


def _verdict(found: Fields) -> str:
    count = len(found["steps"])
    steps = "1 step" if count == 1 else f"{count} steps"
    version = f"version {found['version']}"
    becomes = f"would be {version}" if found["isNew"] else f"is {version}, which is there"
    return printable(f"{found['name']}: nothing is wrong; {steps}; {becomes}")


def _faults(file: Path, found: Fields) -> Iterator[str]:
    """As compilers tell them, so that editors find the place."""
    for fault in found["faults"]:
        line, column = fault["line"], fault["column"]
        place = f"{file}:{line}:{column}" if line else str(file)
        path = ".".join(fault["path"])
        message = fault["message"].removeprefix(f"Line {line}, column {column}: ")
        yield printable(f"{place}: {path}: {message}" if path else f"{place}: {message}")
