"""`workbench keys`, while a server uses what is sealed."""

import secrets
import subprocess
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import anyio
import pytest
from pydantic import SecretStr
from sqlalchemy import text

from domain.ids import NodeId
from domain.models.audit import SERVER_CHAIN, Caller
from domain.models.commands import SetCredential
from domain.models.secrets import Secret
from domain.services.key_rotation import KeyRotation
from serving.secret_keys import key_of, new_key
from serving.settings import Settings
from tests.cli.served import COMMAND, environment
from tests.keyed import KEYED, KeyedWorkbench

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(240)]

TOKEN: Final = "wb_" + "k" * 20
NAMES: Final = ("apiKey", "signing_key")


def ran(folder: Path, *words: str, **variables: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [COMMAND, "keys", *words],
        env=environment(WORKBENCH_DATA_DIR=str(folder), **variables),
        capture_output=True,
        text=True,
        check=False,
    )


@dataclass
class Running:
    """A server's parts, on a database with credentials in it."""

    workbench: KeyedWorkbench
    folder: Path

    @classmethod
    async def prepared(cls, folder: Path, **settings: Any) -> "Running":
        given = Settings(
            data_dir=folder, project_root=folder, bootstrap_token=SecretStr(TOKEN), **settings
        )
        workbench = KeyedWorkbench(settings=given, node=NodeId(secrets.token_hex(4)), token=TOKEN)
        await workbench.prepare()
        return cls(workbench, folder)

    async def put(self, name: str, value: str) -> None:
        async with self.workbench.database.snapshot() as unit:
            project = await unit.projects.by_slug("default")
        assert project is not None
        admin = await self.workbench.sign_in.bootstrap(TOKEN)
        command = SetCredential(project="default", provider=KEYED, name=name, given=Secret(value))
        caller = Caller(principal=admin)
        await self.workbench.providers.credentials.set(command, project.id, caller)

    async def opened(self) -> dict[str, str]:
        """What this server, as it runs, makes of what is stored."""
        async with self.workbench.database.snapshot() as unit:
            found = await unit.credentials.of_projects(list(await unit.credentials.revisions()))
        vault = self.workbench.providers.vault
        return {c.place.name: vault.open(c).reveal() for each in found.values() for c in each}

    async def key_ids(self) -> set[str]:
        async with self.workbench.database.snapshot() as unit:
            found = await unit.credentials.of_projects(list(await unit.credentials.revisions()))
        return {c.sealed.key_id for each in found.values() for c in each}

    async def rotated(self, *words: str, **variables: str) -> "subprocess.CompletedProcess[str]":
        return await anyio.to_thread.run_sync(
            lambda: ran(self.folder, "rotate", *words, **variables)
        )


@pytest.fixture
async def running(tmp_path: Path) -> AsyncIterator[Running]:
    """On SQLite, with a key file and two credentials."""
    made = await Running.prepared(tmp_path)
    for name in NAMES:
        await made.put(name, f"the {name}")
    yield made
    await made.workbench.database.close()


def test_a_fresh_key_is_printed(tmp_path: Path) -> None:
    """Another one each time, and nothing is kept."""
    printed = [ran(tmp_path / "nowhere", "make").stdout.strip() for _ in range(2)]
    assert 2 == len({key_of(each) for each in printed})
    assert not (tmp_path / "nowhere").exists()


async def test_a_file_gets_a_new_key_and_running_servers_find_it(running: Running) -> None:
    """All is sealed anew, opens as before, and what is set from now on is sealed with it too."""
    (before,) = await running.key_ids()
    done = await running.rotated()
    (after,) = await running.key_ids()
    assert (0, "", f"2 credentials were sealed anew; key {after}\n") == (
        done.returncode,
        done.stderr,
        done.stdout,
    )
    assert before != after
    assert {name: f"the {name}" for name in NAMES} == await running.opened()
    await running.put("apiKey", "another")
    assert {after} == await running.key_ids()
    async with running.workbench.database.snapshot() as unit:
        entries = await unit.audit.after(SERVER_CHAIN, 0, 99)
    assert "KEYS_ROTATE" == entries[-1].action


async def test_a_rotation_that_was_stopped_is_ended(running: Running) -> None:
    """By the next one, without yet another key; and one after that takes a new key again."""
    keys = running.workbench.settings.sealing_keys
    keys.add()  # type: ignore[attr-defined] # a file
    rotation = KeyRotation(
        store=running.workbench.database, cipher=running.workbench.providers.cipher
    )
    async with running.workbench.database.snapshot() as unit:
        first, _ = await unit.credentials.sealed_otherwise("", None, 9)
    assert await rotation._reseal(first)
    assert 2 == len(await running.key_ids())

    done = await running.rotated()

    assert (0, True) == (done.returncode, done.stdout.startswith("1 credentials"))
    assert 2 == len(keys.all())
    assert 1 == len(await running.key_ids())
    assert (await running.rotated()).stdout.startswith("2 credentials")
    assert 3 == len(keys.all())
    assert {name: f"the {name}" for name in NAMES} == await running.opened()


async def test_what_does_not_open_is_named_and_left(running: Running) -> None:
    """The rest is sealed anew all the same."""
    async with running.workbench.database._engines.writer.begin() as connection:
        await connection.execute(text("SELECT 1"))
        forge = (
            "UPDATE execution_provider_credentials SET ciphertext = 'AAAA' WHERE name = 'apiKey'"
        )
        await connection.execute(text(forge))
    done = await running.rotated()
    assert (1, True) == (done.returncode, done.stdout.startswith("1 credentials"))
    assert done.stderr.startswith("workbench: apiKey of keyed in the project ")
    assert "not what was sealed here" in done.stderr


async def test_a_new_key_of_the_settings_takes_over(
    tmp_path: Path, postgres_database_url: str
) -> None:
    """With the old one behind it; without it what the old one has sealed is left as it is."""
    old, new = new_key(), new_key()
    url = postgres_database_url
    running = await Running.prepared(tmp_path, database_url=url, secret_keys=f"{new},{old}")
    before = await Running.prepared(tmp_path, database_url=url, secret_keys=old)
    await before.put("apiKey", "the secret")

    alone = await running.rotated(WORKBENCH_DATABASE_URL=url, WORKBENCH_SECRET_KEYS=new)
    both = await running.rotated(WORKBENCH_DATABASE_URL=url, WORKBENCH_SECRET_KEYS=f"{new},{old}")
    again = await running.rotated(WORKBENCH_DATABASE_URL=url, WORKBENCH_SECRET_KEYS=new)
    nothing = await running.rotated(WORKBENCH_DATABASE_URL=url)

    assert [1, 0, 0, 2] == [each.returncode for each in (alone, both, again, nothing)]
    assert ["0 cred", "1 cred", "0 cred"] == [each.stdout[:6] for each in (alone, both, again)]
    assert "key to seal" in nothing.stderr
    assert {"apiKey": "the secret"} == await running.opened()
    for each in (running, before):
        await each.workbench.database.close()
