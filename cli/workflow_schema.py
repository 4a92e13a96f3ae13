"""`workbench workflow schema`: by which editors help while a workflow is written."""

import json

import typer

from cli.workflow_group import workflow_group
from domain.workflows.describing import schema


def register(app: typer.Typer, _: typer.Typer) -> None:
    """Add the command."""
    workflow_group(app).command("schema")(print_schema)


def print_schema() -> None:
    """Print the JSON Schema of workflow files, for editors."""
    typer.echo(json.dumps(schema(), indent=2))
