"""The `workbench` command: every subcommand in one place."""

import gc
import sys
from importlib import import_module
from importlib.metadata import version
from typing import Annotated, Final

import typer

CLIENT: Final = "cli.run"
RUNS: Final = "cli.runs"
APPROVALS: Final = "cli.approvals"
FEATURES: Final = "cli.features"
SERVER: Final = "cli.server"
TOKENS: Final = "cli.tokens"
AUDIT: Final = "cli.audit"
DOCTOR: Final = "cli.doctor"
KEYS: Final = "cli.keys"
PROVIDERS: Final = "cli.providers"
MANIFEST: Final = "cli.manifest"
WORKFLOW: Final = {
    "cli.workflow_files": ("validate", "apply", "graph"),
    "cli.workflow_runs": ("run", "follow", "list", "show"),
    "cli.workflow_actions": ("pause", "resume", "cancel", "retry", "skip", "replan", "impact"),
    "cli.workflow_report": ("report",),
    "cli.workflow_artifacts": ("artifacts",),
    "cli.workflow_schema": ("schema",),
}
"""What each module adds to `workbench workflow`."""
ALONE: Final = {
    "approvals": APPROVALS,
    "audit": AUDIT,
    "doctor": DOCTOR,
    "feature": FEATURES,
    "keys": KEYS,
    "provider": PROVIDERS,
    "manifest": MANIFEST,
    "run": CLIENT,
    "runs": RUNS,
    "serve": SERVER,
    "token create": TOKENS,
    "token list": TOKENS,
    "token revoke": TOKENS,
    **{f"workflow {name}": module for module, names in WORKFLOW.items() for name in names},
}
"""Commands that need one module only: a client must not wait until Python has read a server, nor
a server keep a client in memory."""


def commands(words: list[str]) -> typer.Typer:
    """The subcommands that a command line may mean, of which it has these words."""
    found = typer.Typer(no_args_is_help=True, add_completion=False)
    found.callback()(_workbench)
    tokens = typer.Typer(no_args_is_help=True, help="Credentials of a server.")
    found.add_typer(tokens, name="token")
    alone = ALONE.get(" ".join(words[:1])) or ALONE.get(" ".join(words[:2]))
    gc.disable()
    modules = (
        CLIENT,
        RUNS,
        APPROVALS,
        FEATURES,
        *WORKFLOW,
        TOKENS,
        SERVER,
        AUDIT,
        KEYS,
        PROVIDERS,
        DOCTOR,
        MANIFEST,
    )
    for module in modules if alone is None else (alone,):
        import_module(module).register(found, tokens)
    gc.freeze()  # nothing that was read becomes garbage: to look takes a third of the start
    gc.enable()
    return found


def main() -> None:
    """Run the `workbench` command."""
    commands(sys.argv[1:])()


def _print_version(wanted: bool) -> None:  # noqa: FBT001 - the value of an option
    if wanted:
        typer.echo(version("ccdash-workbench"))
        raise typer.Exit


def _workbench(
    _version: Annotated[  # noqa: FBT002 - an option is given by name
        bool,
        typer.Option(
            "--version", is_eager=True, callback=_print_version, help="Print the version."
        ),
    ] = False,
) -> None:
    """Run commands and agents under control, and see what they do."""
