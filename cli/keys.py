"""`workbench keys make` and `rotate`: what credentials are sealed with."""

import asyncio
import getpass
import sys
from typing import Final

import typer

from adapters.clock import SystemClock
from adapters.sealing import AesGcmCipher, key_id_of
from cli.environment import exit_if_refused, prepared, settings_or_exit
from domain.errors import SecretKeysMissing
from domain.models.credentials import NotOpened
from domain.provider_audit import keys_rotated
from domain.services.key_rotation import KeyRotation, Rotation
from persistence.unit_of_work import Database
from serving.secret_keys import KeyFile, new_key
from serving.settings import Settings

EXIT_NOT_ALL: Final = 1
LOOKED_AT_MAX: Final = 10_000


def register(app: typer.Typer, _tokens: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(no_args_is_help=True, help="The keys that credentials are sealed with.")
    group.command("make")(make)
    group.command("rotate")(rotate)
    app.add_typer(group, name="keys")


def make() -> None:
    """Print a fresh key for WORKBENCH_SECRET_KEYS."""
    typer.echo(new_key())


def rotate() -> None:
    """Seal all credentials under the first key, while servers run; begun again, it goes on."""
    settings = settings_or_exit()
    with exit_if_refused(settings):
        prepared(settings)
        rotation = asyncio.run(_rotate(settings))
    for place, why in rotation.failures:
        where = f"{place.name} of {place.provider} in the project {place.project_id}"
        typer.echo(f"workbench: {where} was left as it is: {why}", err=True)
    typer.echo(f"{rotation.resealed} credentials were sealed anew; key {rotation.key_id}")
    if rotation.failures:
        sys.exit(EXIT_NOT_ALL)


async def _rotate(settings: Settings) -> Rotation:
    """Raises StorageUnavailable, SecretKeysMissing, OSError."""
    store = Database.open(settings.store_url, on_commit=lambda _: None)
    try:
        await store.migrate()
        cipher = AesGcmCipher(settings.sealing_keys)
        try:
            await _renew_file(settings, cipher, store)
            rotation = await KeyRotation(store=store, cipher=cipher).rotate()
        except (NotOpened, ValueError) as error:
            raise SecretKeysMissing(str(error)) from error
        now = SystemClock().now()
        async with store.transaction() as unit:
            unit.audit.add(keys_rotated(rotation.key_id, rotation.resealed, getpass.getuser(), now))
        return rotation
    finally:
        await store.close()


async def _renew_file(settings: Settings, cipher: AesGcmCipher, store: Database) -> None:
    """A file gets a new first key, unless a rotation that was stopped is to be ended first."""
    keys = settings.sealing_keys
    if not isinstance(keys, KeyFile):
        return
    key_id = cipher.key_id
    if key_id is None:
        keys.make()
        return
    older = {key_id_of(key) for key in keys.all()[1:]}
    async with store.snapshot() as unit:
        rest = await unit.credentials.sealed_otherwise(key_id, None, LOOKED_AT_MAX)
    if not any(each.sealed.key_id in older for each in rest):
        keys.add()
