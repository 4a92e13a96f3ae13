"""`workbench provider check`: an adapter and a live provider, as one project has set it."""

import asyncio
import sys
from typing import Annotated, Final

import typer

from app import Workbench
from cli.environment import exit_if_refused, prepared, settings_or_exit
from domain.errors import InvalidInput, ProviderUnavailable, ProviderUnconfigured
from domain.ids import NodeId
from domain.services.score_card import Score, score
from serving.settings import Settings

EXIT_NOT_HELD: Final = 1


def register(app: typer.Typer, _tokens: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(no_args_is_help=True, help="The providers of a server.")
    group.callback()(_group)
    group.command("check")(check)
    app.add_typer(group, name="provider")


def _group() -> None:
    """Typer makes a lone command the group itself, unless this is here."""


def check(
    key: Annotated[str, typer.Argument(help="Key of the provider.", show_default=False)],
    project: Annotated[
        str, typer.Option(help="Slug of the project whose config and credentials are used.")
    ] = "default",
) -> None:
    """Ask a provider what harms nobody, and print how well its adapter keeps to the contract."""
    settings = settings_or_exit()
    with exit_if_refused(settings):
        prepared(settings)
        scores = asyncio.run(_scores(settings, key, project))
    for each in scores:
        typer.echo(f"{'ok  ' if each.is_held else 'FAIL'} {each.name}: {each.told}")
    held = sum(each.is_held for each in scores)
    typer.echo(f"{key}: {held} of {len(scores)}")
    if held < len(scores):
        sys.exit(EXIT_NOT_HELD)


async def _scores(settings: Settings, key: str, slug: str) -> list[Score]:
    """Raises StorageUnavailable, NotFound for a provider, InvalidInput for a project that is not
    there, and ProviderUnconfigured."""
    workbench = Workbench(settings=settings, node=NodeId("check"), token="")
    try:
        await workbench.database.migrate()
        async with workbench.database.snapshot() as unit:
            project = await unit.projects.by_slug(slug)
        if project is None:
            raise InvalidInput(f"there is no project {slug!r}")
        provider = workbench.registry.get(key)
        connection = await workbench.providers.connector(project.id, provider)
        secrets = tuple(connection.secrets.values())
        return await score(provider.open(connection), provider.capabilities, secrets)
    except (ProviderUnconfigured, ProviderUnavailable) as error:
        raise InvalidInput(f"{key} in the project {slug!r}: {error.message}") from error
    finally:
        await workbench.local.close()
        await workbench.outbound.close()
        await workbench.database.close()
