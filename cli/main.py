"""The `workbench` command: every subcommand in one place."""

import typer

from cli import run, server

commands = typer.Typer(no_args_is_help=True, add_completion=False, help=__doc__)
commands.command("serve")(server.serve)
run.register(commands)
commands.command("migrate")(server.migrate)
commands.command("schema")(server.print_schema)

token_commands = typer.Typer(no_args_is_help=True, help="Credentials of this server.")
token_commands.command("link")(server.link)
commands.add_typer(token_commands, name="token")


def main() -> None:
    """Run the `workbench` command."""
    commands()
