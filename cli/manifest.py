"""`workbench manifest`: whether a file is a manifest that a server would take."""

import sys
from pathlib import Path
from typing import Annotated, Final

import typer

from adapters.rest.faults import ManifestInvalid
from adapters.rest.loading import check_settings, read
from adapters.rest.manifest import Manifest

EXIT_FAULTY: Final = 1


def register(app: typer.Typer, _: typer.Typer) -> None:
    """Add the command."""
    app.command("manifest")(manifest)


def manifest(file: Annotated[Path, typer.Argument(help="The manifest, a TOML file.")]) -> None:
    """Check the manifest of a provider. Nothing is asked of the platform.

    Exit code 1: it cannot be used; every fault is told with its place.
    """
    try:
        found = read(file)
        check_settings(found, file.name)
    except ManifestInvalid as error:
        typer.echo(f"workbench: {error}", err=True)
        sys.exit(EXIT_FAULTY)
    typer.echo(f"{found.id}: {found.title}. {_abilities(found)}")


def _abilities(found: Manifest) -> str:
    kinds = " and ".join(found.run_kinds)
    can = {
        "canceled": found.cancel,
        "answered": found.resume,
        "asked for its logs": found.logs,
        "asked for artifacts": found.artifacts,
    }
    told = ", ".join(word for word, part in can.items() if part is not None)
    return f"It takes {kinds}" + (f", and can be {told}." if told else ".")
