"""The commands that work on a server's own data: serve, migrate, schema, token link."""

import asyncio
import socket
import sys
from contextlib import suppress
from importlib.metadata import version

import typer
import uvloop

from app import Workbench
from cli.application import asgi
from cli.environment import EXIT_CANNOT_START, exit_if_refused, prepared, settings_or_exit
from domain.ids import NodeId
from domain.services.sign_in import new_token_text
from persistence.unit_of_work import Database
from schema import build
from serving.data_directory import DataDirectory
from serving.logs import configure as configure_logs
from serving.process import Server, listening_socket, uvicorn_server
from serving.settings import Settings

WHERE_CLIENTS_LOOK = "http://127.0.0.1:8000"


def register(app: typer.Typer, tokens: typer.Typer) -> None:
    """Add the commands."""
    app.command("serve")(serve)
    app.command("migrate")(migrate)
    app.command("schema")(print_schema)
    tokens.command("link")(link)


def serve() -> None:
    """Migrate the database, then serve the API and work on runs until stopped.

    Variables that start with WORKBENCH_ set it up; docs/reference/settings.md lists them.
    """
    settings = settings_or_exit()
    configure_logs(settings.log_format, settings.log_level)
    with exit_if_refused(settings):
        directory = prepared(settings)
        listener = listening_socket(settings.host, settings.port)
        slot = directory.take_slot(slots=1) if settings.is_sqlite else directory.take_slot()
        workbench = Workbench(
            settings=settings.at_port(listener.getsockname()[1]),
            node=NodeId(slot.node),
            token=_first_token(settings, directory),
        )
        configure_logs(settings.log_format, settings.log_level, workbench.redactors.line)
        application = asgi(workbench, announce=_announce)
    server = uvicorn_server(application, settings, workbench.meter.reached)
    # Ctrl-C is how to stop it, and by now it has.
    with suppress(KeyboardInterrupt), exit_if_refused(settings):
        uvloop.run(_serve(workbench, server, listener))
    if not server.started:
        sys.exit(EXIT_CANNOT_START)


def migrate() -> None:
    """Bring the database up to date and stop."""
    settings = settings_or_exit()
    with exit_if_refused(settings):
        prepared(settings)
        asyncio.run(_migrate(settings.store_url))


def print_schema() -> None:
    """Print the API's schema in GraphQL's schema language."""
    typer.echo(build().as_str())


def link() -> None:
    """Print a fresh one-time link that signs a browser in as the administrator."""
    settings = settings_or_exit()
    with exit_if_refused(settings):
        directory = prepared(settings)
        token = _first_token(settings, directory)
        workbench = Workbench(settings=settings, node=NodeId("link"), token=token)
        typer.echo(asyncio.run(_link_once(workbench)))


def _first_token(settings: Settings, directory: DataDirectory) -> str:
    """The administrator's token: as set, else as kept from the first start, else a new one."""
    if settings.bootstrap_token is not None:
        return settings.bootstrap_token.get_secret_value()
    token = directory.token()
    if token is None:
        token = new_token_text()
        directory.keep_token(token)
    return token


async def _serve(workbench: Workbench, server: Server, listener: socket.socket) -> None:
    await workbench.prepare()
    await server.serve(sockets=[listener])


async def _migrate(url: str) -> None:
    database = Database.open(url, on_commit=lambda _: None)
    try:
        await database.migrate()
    finally:
        await database.close()


async def _link_once(workbench: Workbench) -> str:
    try:
        return await _link(workbench)
    finally:
        await workbench.database.close()


async def _link(workbench: Workbench) -> str:
    admin = await workbench.sign_in.bootstrap(workbench.token)
    code = await workbench.sign_in.make_link_code(admin)
    return f"{workbench.settings.base_url}/sign-in?code={code}"


async def _announce(workbench: Workbench) -> None:
    """Tell a person at the terminal where to go and what to type."""
    url = workbench.settings.base_url
    typer.echo(f"Workbench {version('ccdash-workbench')} at {url}")
    if workbench.settings.bootstrap_token is None:
        typer.echo(f"Sign in (works once): {await _link(workbench)}")
    typer.echo("Launch a first run from another terminal:")
    elsewhere = "" if url == WHERE_CLIENTS_LOOK else f"WORKBENCH_URL={url} "
    typer.echo(f"  {elsewhere}.venv/bin/workbench run -- git log --oneline -20")
