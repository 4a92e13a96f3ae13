"""`workbench workflow`: the group that its commands are added to, whoever is read first."""

import sys
from pathlib import Path
from typing import Annotated, Final

import typer

from cli.client.errors import Refused

_HELP: Final = (
    "Workflows of several steps, and their runs. A workflow is a file (YAML): `validate` says what "
    "is wrong with one, `run FILE --follow` starts it and shows its steps, `show` and `impact` say "
    "what can be done where it has stopped."
)
EPILOG: Final = "Exit code: 0 it was done, 125 the server refused, 1 it could not be asked."

Id = Annotated[str, typer.Argument(metavar="ID", help="As `workflow list` shows it.")]
Key = Annotated[str, typer.Argument(metavar="STEP", help="The step's key, as `show` shows it.")]
File = Annotated[Path, typer.Argument(metavar="FILE", help="The workflow, a YAML file.")]
Reason = Annotated[str | None, typer.Option(help="Why, for those who look at it later.")]
Why = Annotated[str, typer.Option(help="Why, for those who look at it later.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Project = Annotated[str, typer.Option(help="Slug of the project.")]


def workflow_group(app: typer.Typer) -> typer.Typer:
    """The same one for all modules that add to it."""
    for group in app.registered_groups:
        if group.name == "workflow" and group.typer_instance is not None:
            return group.typer_instance
    made = typer.Typer(no_args_is_help=True, help=_HELP)
    app.add_typer(made, name="workflow")
    return made


def text_of(path: Path) -> str:
    """Of a file; `-` is standard input. Raises Refused for what cannot be read."""
    text = text_if_file(path)
    if text is None:
        raise Refused("NOT_FOUND", f"There is no file {path}.")
    return text


def text_if_file(path: Path) -> str | None:
    """None where there is no such file. Raises Refused for one that cannot be read."""
    try:
        if str(path) == "-":
            return sys.stdin.read()
        return path.read_text(encoding="utf-8") if path.is_file() else None
    except (OSError, UnicodeDecodeError) as error:
        raise Refused("INVALID_INPUT", f"{path} cannot be read: {error}") from None
