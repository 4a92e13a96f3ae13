"""`workbench feature scan` and `list`: what a project is working on, by the API."""

from collections.abc import Iterator
from typing import Annotated, Final

import typer

from cli.asking import ask, print_json, print_lines
from cli.client import features
from cli.client.connection import Connection, Fields
from cli.client.escaping import printable
from cli.client.tables import aligned

LISTED_MAX: Final = 5000
_COLUMNS: Final = ("SLUG", "STATUS", "FAMILY", "TITLE")
_EPILOG: Final = "Exit code: 0 it was done, 125 the server refused, 1 it could not be asked."

Project = Annotated[str, typer.Option(help="Slug of the project.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def register(app: typer.Typer, _tokens: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(no_args_is_help=True, help="What a project is working on.")
    group.command("scan", epilog=_EPILOG)(scan)
    group.command("list", epilog=_EPILOG)(list_all)
    app.add_typer(group, name="feature")


def scan(
    *,
    project: Project = "default",
    folder: Annotated[
        str, typer.Option(help="Folder inside the project's root, which is a dot.")
    ] = "docs",
    as_json: AsJson = False,
) -> None:
    """Read the Markdown documents in a folder, and make features what they say."""
    ask(_scan(project, folder, as_json=as_json))


def list_all(
    *,
    project: Project = "default",
    limit: Annotated[int, typer.Option(min=1, max=LISTED_MAX, help="At most so many.")] = 100,
    as_json: AsJson = False,
) -> None:
    """List features by slug."""
    ask(_list(project, limit, as_json=as_json))


async def _scan(project: str, folder: str, *, as_json: bool) -> None:
    found = await features.scan(Connection.from_environment(), project, folder)
    if as_json:
        print_json(found)
        return
    print_lines(map(printable, _told(found)))


async def _list(project: str, limit: int, *, as_json: bool) -> None:
    connection = Connection.from_environment()
    found = [each async for each in features.listed(connection, project, limit)]
    if as_json:
        print_json(found)
        return
    print_lines(aligned([_COLUMNS, *map(_row, found)]))


def _told(found: Fields) -> Iterator[str]:
    """A line for each document that is not as it was, then how many there are."""
    for what in ("added", "changed", "removed"):
        yield from (f"{what}: {path}" for path in found[what])
    yield from (f"refused: {each['path']}: {each['reason']}" for each in found["refused"])
    yield from (f"feature: {slug}" for slug in found["features"])
    names = ("added", "changed", "unchanged", "removed", "refused")
    counts = ", ".join(f"{len(found[name])} {name}" for name in names)
    yield counts if found["complete"] else f"{counts}; a bound was reached, and this is not all"


def _row(feature: Fields) -> tuple[str, ...]:
    shown = (feature["slug"], feature["status"], feature["family"], feature["title"])
    return tuple(printable(text or "-") for text in shown)
