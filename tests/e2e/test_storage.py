"""A database that takes nothing any more, and the same main flow on every kind of it."""

import asyncio
import resource
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.e2e.client import LAUNCH, joined, signed_in
from tests.e2e.following import RUN_LOGS, by_events, by_socket, collected
from tests.e2e.server import Server, serving

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(120)]

COUNT = '{ project(slug: "default") { runs(first: 100) { nodes { id } } } }'


def code_of(body: dict[str, object]) -> object:
    errors = body["errors"]
    assert isinstance(errors, list)
    return errors[0]["extensions"]["code"]


@pytest.fixture
def full(tmp_path: Path) -> Iterator[Server]:
    """A server whose files cannot grow: what a full disk is to it, write errors and all."""
    server = Server(tmp_path)
    try:
        server.start()
        server.stop()
        database = server.records / "workbench.db"
        with closing(sqlite3.connect(database)) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        # Room for what a start and one sign-in write, and not for a launch with a large argv.
        most = database.stat().st_size + 64 * 1024
        limit = (most, resource.getrlimit(resource.RLIMIT_FSIZE)[1])
        server.start(before_exec=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, limit))
        yield server
    finally:
        server.end()


async def test_a_disk_that_is_full(full: Server) -> None:
    """The launch is answered with a code and is nowhere; reading goes on; nothing was started."""
    async with signed_in(full) as client:
        mark = "x" * 100_000
        command = ["sh", "-c", "touch started", *([mark] * 5)]
        asked = {"project": "default", "command": command}
        body = await client.answer(LAUNCH, input=asked)
        runs = (await client.ask(COUNT))["project"]["runs"]["nodes"]

    assert "STORAGE_UNAVAILABLE" == code_of(body)
    assert [] == runs
    assert not (full.root / "started").exists()


async def test_a_database_locked_by_somebody(tmp_path: Path) -> None:
    """While nothing can be written a launch is refused and the server is not ready; afterwards it
    goes on by itself."""
    with serving(tmp_path) as server:
        with closing(
            sqlite3.connect(server.records / "workbench.db", isolation_level=None)
        ) as other:
            other.execute("BEGIN IMMEDIATE")
            async with signed_in(server) as client:
                asked = {"project": "default", "command": ["touch", "started"]}
                body = await client.answer(LAUNCH, input=asked)
                ready = await client.http.get("/readyz")
            other.execute("ROLLBACK")
        async with signed_in(server) as client:
            ended = await client.ended((await client.launch("true"))["id"])

    assert "STORAGE_UNAVAILABLE" == code_of(body)
    assert 503 == ready.status_code
    assert "SUCCEEDED" == ended["state"]
    assert not (server.root / "started").exists()


@pytest.mark.parametrize("bus", ["postgres", "redis"])
async def test_two_servers_on_one_database(
    tmp_path: Path, postgres_database_url: str, redis_url: str, bus: str
) -> None:
    """Launched on one and followed on the other while it runs, over both kinds of stream; what one
    server starts the other cancels and repeats; killed ones come back to their run."""
    variables = {
        "WORKBENCH_DATABASE_URL": postgres_database_url,
        "WORKBENCH_BUS_URL": redis_url if bus == "redis" else "postgres",
    }
    with serving(tmp_path / "a", **variables) as one, serving(tmp_path / "b", **variables) as two:
        async with signed_in(one) as here, signed_in(two) as there:
            gate = f"until [ -e {tmp_path}/on ]; do sleep 0.02; done"
            run = await here.launch("sh", "-c", f"echo before; {gate}; echo after; exit 5")
            early = await collected(by_socket(two, RUN_LOGS, id=run["id"]), "runLogs", 1)
            live = [
                asyncio.create_task(collected(follow(two, RUN_LOGS, id=run["id"]), "runLogs"))
                for follow in (by_socket, by_events)
            ]
            (tmp_path / "on").touch()
            batches, events = await asyncio.gather(*live)
            again = await collected(by_events(one, RUN_LOGS, id=run["id"]), "runLogs")
            ended = await there.ended(run["id"])
            retried = (await there.retry(run["id"]))["run"]
            repeated = await here.ended(retried["id"])
            long = await here.launch("sleep", "300")
            await there.run_in(long["id"], "RUNNING")
            await there.cancel(long["id"])
            canceled = await here.ended(long["id"])
        async with signed_in(two) as there:
            chatty = f"until [ -e {tmp_path}/go ]; do echo x; sleep 0.02; done; exit 6"
            kept = await there.launch("sh", "-c", chatty)
            await there.run_in(kept["id"], "RUNNING")
            for server in (one, two):
                server.kill()
            (tmp_path / "go").touch()
            for server in (one, two):
                server.start()
        async with signed_in(one) as here:
            survived = await here.ended(kept["id"])
            lines = await here.lines(kept["id"])

    assert ["before"] == joined(early)
    assert ["before", "after"] == joined(batches)
    assert batches == events == again
    assert (5, {"id": run["id"]}) == (repeated["exitCode"], repeated["retryOf"])
    assert (5, "CANCELED", 6) == (ended["exitCode"], canceled["state"], survived["exitCode"])
    assert ["x"] * survived["logStats"]["lines"] == lines
