"""`workbench workflow artifacts`: what the steps of a workflow run have left behind."""

import sys
from pathlib import Path
from typing import Annotated, Final

import typer

from cli.asking import ask, print_json, print_lines
from cli.client import workflow_runs
from cli.client.connection import Connection, Fields
from cli.client.downloads import bring, place_of
from cli.client.escaping import printable
from cli.client.tables import aligned
from cli.workflow_group import AsJson, Id, workflow_group

_COLUMNS: Final = ("STEP", "NAME", "TYPE", "BYTES", "SHA-256")
_EPILOG: Final = (
    "Exit code: 0 it was done, 125 the server refused, or a file is not what its digest says, 1 it "
    "could not be asked or a file not be written."
)


def register(app: typer.Typer, _tokens: typer.Typer) -> None:
    """Add the command."""
    workflow_group(app).command("artifacts", epilog=_EPILOG)(artifacts)


def artifacts(
    run_id: Id,
    *,
    into: Annotated[
        Path | None,
        typer.Option(help="Bring their contents into this folder, each below its step's key."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """List the files that the steps of a workflow run have left, or bring them here."""
    ask(_artifacts(run_id, into, as_json=as_json))


async def _artifacts(run_id: str, into: Path | None, *, as_json: bool) -> None:
    connection = Connection.from_environment()
    found = [each async for each in workflow_runs.artifacts(connection, run_id)]
    if into is not None:
        await _bring_all(connection, found, into)
    elif as_json:
        print_json(found)
    else:
        print_lines(aligned([_COLUMNS, *map(_row, found)]))


async def _bring_all(connection: Connection, found: list[Fields], into: Path) -> None:
    """Of several attempts of a step, the last one's."""
    newest = {place_of(each): each for each in found}
    for place, artifact in newest.items():
        if artifact["url"] is None:
            sys.stderr.write(f"workbench: {printable(str(place))} is not kept here any more\n")
            continue
        await bring(connection, artifact, into / place)
        print_lines([printable(str(into / place))])


def _row(artifact: Fields) -> tuple[str, ...]:
    step, size = artifact["stepRun"], artifact["size"]
    shown = (
        step["key"] if step else "-",
        artifact["name"],
        artifact["mediaType"] or "-",
        "-" if size is None else str(size),
        artifact["sha256"] or "-",
    )
    return tuple(map(printable, shown))
