"""`workbench workflow report`: all of a workflow run on one page, printed or put into a file."""

import asyncio
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from cli.client import workflows
from cli.client.connection import Connection
from cli.client.errors import ClientError, Refused
from cli.client.escaping import printable
from cli.client.exits import FAILED, REFUSED
from cli.workflow_group import workflow_group

_EPILOG = (
    "Exit code: 0 it was written, 125 the server refused, 1 it could not be asked or the file not "
    "be written."
)


class ReportFormat(StrEnum):
    """How a report is written."""

    MARKDOWN = "markdown"
    HTML = "html"
    JSON = "json"


def register(app: typer.Typer, _tokens: typer.Typer) -> None:
    """Add the command."""
    workflow_group(app).command("report", epilog=_EPILOG)(report)


def report(
    run_id: Annotated[str, typer.Argument(metavar="ID", help="As `workflow list` shows it.")],
    *,
    report_format: Annotated[
        ReportFormat, typer.Option("--format", case_sensitive=False, help="How it is written.")
    ] = ReportFormat.MARKDOWN,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="The file to write; printed if absent.")
    ] = None,
) -> None:
    """Write down all of a workflow run: plan, attempts, approvals, artifacts, logs of failures."""
    try:
        text = asyncio.run(
            workflows.report(Connection.from_environment(), run_id, report_format.name)
        )
        _put(text, output)
    except (ClientError, OSError) as error:
        sys.stderr.write(f"workbench: {printable(str(error))}\n")
        raise typer.Exit(REFUSED if isinstance(error, Refused) else FAILED) from None


def _put(text: str, output: Path | None) -> None:
    """As the server has written it, which lets nothing in it command a terminal."""
    if output is None:
        sys.stdout.write(text)
    else:
        output.write_text(text, encoding="utf-8", newline="\n")
