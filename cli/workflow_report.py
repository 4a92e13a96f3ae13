"""`workbench workflow report`: all of a workflow run on one page, printed or put into a file."""

import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from cli.asking import ask
from cli.client import workflow_runs
from cli.client.connection import Connection
from cli.client.errors import ClientError
from cli.workflow_group import Id, workflow_group

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
    run_id: Id,
    *,
    report_format: Annotated[
        ReportFormat, typer.Option("--format", case_sensitive=False, help="How it is written.")
    ] = ReportFormat.MARKDOWN,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="The file to write; printed if absent.")
    ] = None,
) -> None:
    """Write down all of a workflow run: plan, attempts, approvals, artifacts, logs of failures."""
    ask(_report(run_id, report_format, output))


async def _report(run_id: str, report_format: ReportFormat, output: Path | None) -> None:
    connection = Connection.from_environment()
    text = await workflow_runs.report(connection, run_id, report_format.name)
    try:
        _put(text, output)
    except OSError as error:
        raise ClientError(str(error)) from None


def _put(text: str, output: Path | None) -> None:
    """As the server has written it, which lets nothing in it command a terminal."""
    if output is None:
        sys.stdout.write(text)
    else:
        output.write_text(text, encoding="utf-8", newline="\n")
