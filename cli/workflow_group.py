"""`workbench workflow`: the group that its commands are added to, whoever is read first."""

import typer


def workflow_group(app: typer.Typer) -> typer.Typer:
    """The same one for all modules that add to it."""
    for group in app.registered_groups:
        if group.name == "workflow" and group.typer_instance is not None:
            return group.typer_instance
    made = typer.Typer(no_args_is_help=True, help="Workflows of several steps, and their runs.")
    app.add_typer(made, name="workflow")
    return made
