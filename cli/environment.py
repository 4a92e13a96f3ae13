"""What the commands share that work on a server's own records: settings, folder, refusals."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import typer
from pydantic import ValidationError

from domain.errors import StorageUnavailable, WorkbenchError
from serving.data_directory import DataDirectory, DirectoryInUse
from serving.process import PortInUse
from serving.settings import Settings
from serving.variables import strangers

EXIT_CANNOT_START: Final = 2
EXIT_STORAGE_UNAVAILABLE: Final = 3


def settings_or_exit() -> Settings:
    """What the environment says; what it says wrongly is named without its value, which may be a
    secret. What is no setting stops nothing: another version may know it."""
    for name, meant in strangers(os.environ).items():
        hint = f"did you mean {meant}?" if meant else "docs/reference/settings.md lists them"
        typer.echo(f"workbench: ignoring {name}, which is no setting; {hint}", err=True)
    try:
        return Settings()
    except ValidationError as error:
        for fault in error.errors(include_input=False, include_url=False):
            name = f"WORKBENCH_{fault['loc'][0]}".upper()
            typer.echo(f"workbench: {name}: {fault['msg']}", err=True)
        sys.exit(EXIT_CANNOT_START)


def prepared(settings: Settings) -> DataDirectory:
    """The data directory, with its folders made. Raises OSError."""
    directory = DataDirectory(settings.data_dir)
    directory.prepare()
    if settings.database_url is None:
        directory.keep_database_private()
    return directory


@contextmanager
def exit_if_refused(settings: Settings) -> Iterator[None]:
    """What an operator can mend is one line and exit code 2, no traceback; a database that may
    come back by itself is exit code 3, so that a supervisor tries again."""
    try:
        yield
    except StorageUnavailable as error:
        why = innermost(error)
        typer.echo(f"workbench: cannot use the database {settings.store_name}: {why}", err=True)
        sys.exit(EXIT_STORAGE_UNAVAILABLE)
    except (OSError, PortInUse, DirectoryInUse, WorkbenchError) as error:
        typer.echo(f"workbench: {error}", err=True)
        sys.exit(EXIT_CANNOT_START)


def innermost(error: BaseException) -> str:
    """What the driver said, in one line."""
    while error.__cause__ is not None:
        error = error.__cause__
    return (str(error) or type(error).__name__).splitlines()[0]
