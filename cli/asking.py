"""What commands that ask the server have in common: how they print, and how they end."""

import asyncio
import json
import sys
from collections.abc import Coroutine, Iterable
from typing import Any

import typer

from cli.client.connection import Fields
from cli.client.errors import ClientError, Refused
from cli.client.escaping import printable
from cli.client.exits import FAILED, REFUSED


def ask(
    command: Coroutine[Any, Any, int | None], *, refused: int = REFUSED, failed: int = FAILED
) -> None:
    """Run a command to its end. The code that it answers with, if any, is the exit code; where the
    server refuses, or cannot be asked, it says so and ends with one of these."""
    try:
        code = asyncio.run(command)
    except ClientError as error:
        complain(str(error))
        raise typer.Exit(refused if isinstance(error, Refused) else failed) from None
    if code is not None:
        raise typer.Exit(code)


def complain(text: str) -> None:
    """Say it on standard error, line by line; nothing in it commands a terminal."""
    shown = "\n".join(map(printable, text.splitlines()))
    sys.stderr.write(f"workbench: {shown}\n")


def print_json(answer: Fields | list[Fields]) -> None:
    """In ASCII, so that nothing in it commands a terminal."""
    sys.stdout.write(f"{json.dumps(answer, indent=2)}\n")


def print_lines(lines: Iterable[str]) -> None:
    """As they are: whoever makes them lets nothing in them command a terminal."""
    sys.stdout.writelines(f"{line}\n" for line in lines)
