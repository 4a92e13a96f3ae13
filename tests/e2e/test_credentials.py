"""A run prints a secret before anybody has set it, on one of two servers of a database."""

import asyncio
import secrets
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Final

import pytest
from pydantic import SecretStr

from domain.ids import NodeId, ProjectId, RunId
from domain.lifecycle import RunState
from domain.models.audit import Caller
from domain.models.commands import LaunchRun, SetCredential, SetPolicy
from domain.models.logs import LogBatch
from domain.models.pages import LogWindow
from domain.models.runs import Run
from domain.models.secrets import Secret
from domain.redaction.redactor import MASK
from serving.secret_keys import new_key
from serving.settings import Settings
from tests.contract.store.scene import ANYTHING
from tests.keyed import KEYED, KeyedWorkbench

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(240)]

SECRET: Final = "sesame-open-the-door"
TOKEN: Final = "wb_" + "e" * 20
WAIT_S: Final = 90.0
PRINTER: Final = f"""
import pathlib, time
print("first", "{SECRET}", flush=True)
while not pathlib.Path("go").exists():
    time.sleep(0.02)
print("second", "{SECRET}"[::-1][::-1], flush=True)
"""


class Two:
    """Two servers on one database, each with a data directory of its own."""

    def __init__(self, root: Path, here: KeyedWorkbench, beside: KeyedWorkbench) -> None:
        self.root = root
        self.here = here
        self.beside = beside

    async def caller(self) -> Caller:
        return Caller(principal=await self.here.sign_in.bootstrap(TOKEN))

    async def launch(self) -> Run:
        """On the first server, which follows it."""
        async with self.here.database.snapshot() as unit:
            project = await unit.projects.by_slug("default")
        assert project is not None
        caller = await self.caller()
        rules = SetPolicy(project="default", rules=(ANYTHING,), reason="tests")
        project, _ = await self.here.governance.policies.set(rules, project.id, caller)
        command = LaunchRun(project="default", command=(sys.executable, "-c", PRINTER))
        return await self.here.runs.launcher.launch(command, project, caller)

    async def put(self, server: KeyedWorkbench, project_id: ProjectId) -> None:
        command = SetCredential(
            project="default", provider=KEYED, name="apiKey", given=Secret(SECRET)
        )
        await server.providers.credentials.set(command, project_id, await self.caller())

    async def run(self, run_id: RunId) -> Run:
        async with self.here.database.snapshot() as unit:
            run = await unit.runs.get(run_id)
        assert run is not None
        return run

    async def log(self, run_id: RunId) -> str:
        """As it is stored."""
        async with self.here.database.snapshot() as unit:
            events = await unit.logs.page(run_id, LogWindow(limit=99))
        return "\n".join(e.fact.text for e in events if isinstance(e.fact, LogBatch))

    async def log_when(self, run_id: RunId, is_so: Callable[[str], bool]) -> str:
        async with asyncio.timeout(WAIT_S):
            while not is_so(found := await self.log(run_id)):
                await asyncio.sleep(0.02)
        return found


@asynccontextmanager
async def serving(folder: Path, root: Path, url: str, key: str) -> AsyncIterator[KeyedWorkbench]:
    """One of them, at work."""
    settings = Settings(
        data_dir=folder,
        project_root=root,
        database_url=SecretStr(url),
        bootstrap_token=SecretStr(TOKEN),
        secret_keys=(SecretStr(key),),
        poll_s=1.0,
    )
    (folder / "spool").mkdir(parents=True, mode=0o700)
    workbench = KeyedWorkbench(settings=settings, node=NodeId(secrets.token_hex(4)), token=TOKEN)
    await workbench.prepare()
    async with workbench.started():
        yield workbench


@pytest.fixture
async def two(tmp_path: Path, postgres_database_url: str) -> AsyncIterator[Two]:
    root, key = tmp_path / "project", new_key()
    root.mkdir()
    async with AsyncExitStack() as stack:
        here, beside = [
            await stack.enter_async_context(
                serving(tmp_path / name, root, postgres_database_url, key)
            )
            for name in ("here", "beside")
        ]
        yield Two(root, here, beside)


@pytest.mark.parametrize("where", ["here", "beside"])
async def test_what_was_printed_before_is_masked_wherever_it_is_set(two: Two, where: str) -> None:
    """On the server that follows the run or on another: what is stored, and what comes after."""
    run = await two.launch()
    assert f"first {SECRET}" == await two.log_when(run.id, lambda log: "first" in log)

    await two.put(getattr(two, where), run.project_id)

    assert f"first {MASK}" == await two.log_when(run.id, lambda log: SECRET not in log)
    async with asyncio.timeout(WAIT_S):
        while SECRET == two.here.redactors.of(run.project_id).text(SECRET):
            await asyncio.sleep(0.02)
    (two.root / "go").touch()
    async with asyncio.timeout(WAIT_S):
        while (ended := await two.run(run.id)).is_active:
            await asyncio.sleep(0.05)
    assert RunState.SUCCEEDED is ended.state
    assert f"first {MASK}\nsecond {MASK}" == await two.log(run.id)
    assert 2 == ended.log.redactions
