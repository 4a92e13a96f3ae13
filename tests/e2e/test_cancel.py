"""Stopping, repeating and queueing runs: one winner, no survivor, nothing started twice."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator

import psutil
import pytest

from tests.e2e.client import Client, signed_in
from tests.e2e.following import RUN_EVENTS, by_socket, collected
from tests.e2e.server import Server, serving

pytestmark = [pytest.mark.anyio, pytest.mark.xdist_group("e2e-cancel")]

GO = "until [ -e {name} ]; do sleep 0.02; done"


@pytest.fixture(scope="module")
def narrow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that runs one run of a project at a time and queues three more."""
    limits = {"WORKBENCH_PROJECT_CONCURRENCY": "1", "WORKBENCH_QUEUE_MAX": "3"}
    with serving(tmp_path_factory.mktemp("narrow"), **limits) as started:
        yield started


@pytest.fixture
async def queueing(anyio_backend: str, narrow: Server) -> AsyncIterator[Client]:
    async with signed_in(narrow) as made:
        yield made


def is_gone(pid: int) -> bool:
    try:
        return bool(psutil.Process(pid).status() == psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return True


async def printed(client: Client, run_id: str, count: int = 1) -> list[str]:
    """The log once it has this many lines."""
    async with asyncio.timeout(30):
        while len(lines := await client.lines(run_id)) < count:
            await asyncio.sleep(0.03)
    return lines


async def test_cancel_reaches_grandchildren(client: Client) -> None:
    """They ignore the polite signal, as their parent does, and are gone all the same."""
    stubborn = "trap '' TERM; sh -c \"trap '' TERM; sleep 300\" & echo $!; echo $$; wait; sleep 300"
    run = await client.launch("sh", "-c", stubborn)
    pids = [int(line) for line in await printed(client, run["id"], 2)]
    below = [child.pid for pid in pids for child in psutil.Process(pid).children()]
    asked = await client.cancel(run["id"], reason="enough")
    ended = await client.ended(run["id"])

    assert ("RunCancelPayload", "RUNNING") == (asked["__typename"], asked["run"]["state"])
    assert ("CANCELED", "enough") == (ended["state"], ended["cancelReason"])
    assert ended["cancelRequestedAt"]
    assert [] == [pid for pid in [*pids, *below] if not is_gone(pid)]


async def test_cancel_twice(client: Client) -> None:
    """While it is being stopped the second answers as the first; once it has ended it is told."""
    run = await client.launch("sleep", "300")
    await client.run_in(run["id"], "RUNNING")
    first, second = await asyncio.gather(client.cancel(run["id"]), client.cancel(run["id"]))
    await client.ended(run["id"])
    third = await client.cancel(run["id"])

    assert ["RunCancelPayload"] * 2 == [first["__typename"], second["__typename"]]
    assert ("IllegalTransition", "ILLEGAL_TRANSITION") == (third["__typename"], third["code"])
    assert ("CANCELED", ["RETRY"]) == (third["state"], third["allowedActions"])


async def test_cancel_against_success(client: Client, server: Server) -> None:
    """Both at once, many times: one end is told, once, and the state is that of the event."""

    async def race(number: int) -> tuple[str, list[str]]:
        run = await client.launch("sh", "-c", GO.format(name=f"race{number}"))
        await client.run_in(run["id"], "RUNNING")
        (server.root / f"race{number}").touch()
        await asyncio.sleep(number * 0.003)
        await client.cancel(run["id"])
        ended = await client.ended(run["id"])
        events = await collected(by_socket(server, RUN_EVENTS, id=run["id"]), "runEvents")
        changes = [event["to"] for event in events if "to" in event]
        return ended["state"], changes

    for state, changes in await asyncio.gather(*(race(number) for number in range(10))):
        assert state in {"SUCCEEDED", "CANCELED"}
        assert ["QUEUED", "RUNNING", state] == changes


async def test_timeout(client: Client) -> None:
    """Whoever takes too long is stopped, children too, and the failure says so."""
    run = await client.launch("sh", "-c", "sleep 300 & echo $!; wait", timeoutMs=300)
    ended = await client.ended(run["id"])
    child = int((await client.lines(run["id"]))[0])

    assert ("FAILED", "TIMED_OUT") == (ended["state"], ended["failure"]["code"])
    assert is_gone(child)


@pytest.mark.parametrize(
    ("script", "code", "exit_code"),
    [("exit 3", "EXIT_NONZERO", 3), ("kill -9 $$", "SIGNALED", None)],
)
async def test_ends_that_are_failures(
    client: Client, script: str, code: str, exit_code: int | None
) -> None:
    """An exit code is kept as it is; a signal is told apart from it."""
    run = await client.ended((await client.launch("sh", "-c", script))["id"])

    assert ("FAILED", code, exit_code) == (run["state"], run["failure"]["code"], run["exitCode"])


async def test_retry(client: Client) -> None:
    """A running run cannot be repeated; a failed one can, once its failure is acknowledged."""
    run = await client.launch("sh", "-c", GO.format(name="again") + "; exit 4")
    early = await client.retry(run["id"])
    await client.launch("touch", "again")
    await client.ended(run["id"])
    careless = await client.retry(run["id"], acknowledgeFailure=False)
    first = await client.retry(run["id"], idempotencyKey="retry")
    second = await client.retry(run["id"], idempotencyKey="retry")
    ended = await client.ended(first["run"]["id"])

    assert "IllegalTransition" == early["__typename"]
    # Whether its provider has it by then, and can be asked after it, is chance.
    assert early["allowedActions"] in (["CANCEL"], ["CANCEL", "RECONCILE"])
    assert ("InvalidInput", ["acknowledgeFailure"]) == (careless["__typename"], careless["path"])
    assert first["run"]["id"] == second["run"]["id"] != run["id"]
    assert {"id": run["id"]} == ended["retryOf"]
    assert 4 == ended["exitCode"]


async def test_queue(queueing: Client, narrow: Server) -> None:
    """First in, first out, with positions; canceled before its start a run never starts; what does
    not fit into the queue is refused and leaves nothing behind."""
    gate = await queueing.launch("sh", "-c", GO.format(name="gate"))
    await queueing.run_in(gate["id"], "RUNNING")
    waiting = [await queueing.launch("sh", "-c", f"echo {n} >> order") for n in range(3)]
    refused = await queueing.launch_result(command=["touch", "refused"])
    positions = [(await queueing.run(run["id"]))["queuePosition"] for run in waiting]
    canceled = await queueing.cancel(waiting[1]["id"])
    moved_up = await queueing.run(waiting[2]["id"])
    (narrow.root / "gate").touch()
    ends = [(await queueing.ended(run["id"]))["state"] for run in waiting]

    assert ("QuotaExceeded", "QUOTA_EXCEEDED") == (refused["__typename"], refused["code"])
    assert [1, 2, 3] == positions
    assert "CANCELED" == canceled["run"]["state"]
    assert 2 == moved_up["queuePosition"]
    assert ["SUCCEEDED", "CANCELED", "SUCCEEDED"] == ends
    assert "0\n2\n" == (narrow.root / "order").read_text()
    assert (None, None) == (canceled["run"]["startedAt"], canceled["run"]["queuePosition"])
    assert not (narrow.root / "refused").exists()


async def test_cancel_against_the_start(queueing: Client, narrow: Server) -> None:
    """Canceled in the moment of its start a run has either not started or is stopped: never both
    told as canceled before its start and started."""
    for number in range(10):
        mark = f"mark{number}"
        run = await queueing.launch("sh", "-c", f"touch {mark}; sleep 300")
        time.sleep(number * 0.001)  # noqa: ASYNC251 - nothing else is to happen meanwhile
        await queueing.cancel(run["id"])
        ended = await queueing.ended(run["id"])

        assert "CANCELED" == ended["state"]
        if ended["startedAt"] is None:
            assert not (narrow.root / mark).exists()
