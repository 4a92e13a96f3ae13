"""Storage that cannot be used: told in one line at the start, by a code and by /readyz while the
server runs; once it is back the server goes on by itself."""

import asyncio
import ctypes
import fcntl
import os
import struct
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Final

import psutil
import pytest

from tests.e2e.client import LAUNCH, Client, joined, signed_in
from tests.e2e.following import RUN_LOGS, Follow, by_events, by_socket, collected
from tests.e2e.server import START_S, Server, serving
from tests.fixtures_services import required
from tests.services import PrivatePostgres, ServiceMissing, free_port

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(120)]

REACH_S: Final = 45.0
RUNS: Final = '{ project(slug: "default") { runs(first: 100) { nodes { id } } } }'
LAUNCH_TOUCH: Final = {"project": "default", "command": ["touch", "started"]}
PRINT_UNTIL: Final = "i=0; until [ -e {name} ]; do i=$((i+1)); echo $i; sleep 0.05; done; exit 7"

LIBC: Final = ctypes.CDLL(None, use_errno=True)
PR_CAPBSET_DROP: Final = 24
CAP_DAC_OVERRIDE: Final = 1
FS_IOC_GETFLAGS: Final = 0x80086601
FS_IOC_SETFLAGS: Final = 0x40086602
FS_IMMUTABLE_FL: Final = 0x10


def obey_modes() -> None:
    """For a process about to be executed: file modes bind it, even as root."""
    if os.getuid() == 0 and LIBC.prctl(PR_CAPBSET_DROP, CAP_DAC_OVERRIDE, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "the capability could not be dropped")


@contextmanager
def immutable(path: Path) -> Iterator[None]:
    """A file that nobody can write to, not even over a descriptor that is open already. Raises
    ServiceMissing where only another user or another file system could make it so."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        before = fcntl.ioctl(descriptor, FS_IOC_GETFLAGS, struct.pack("l", 0))
        (flags,) = struct.unpack("l", before)
        fcntl.ioctl(descriptor, FS_IOC_SETFLAGS, struct.pack("l", flags | FS_IMMUTABLE_FL))
    except OSError as error:
        os.close(descriptor)
        missing = f"no file can be made immutable here (as root, on ext4, XFS or Btrfs): {error}"
        raise ServiceMissing(missing) from error
    try:
        yield
    finally:
        fcntl.ioctl(descriptor, FS_IOC_SETFLAGS, before)
        os.close(descriptor)


async def until(holds: Callable[[], Awaitable[bool]]) -> None:
    """Return when this holds, as it has to."""
    async with asyncio.timeout(REACH_S):
        while not await holds():
            await asyncio.sleep(0.05)


async def is_ready(client: Client) -> bool:
    return (await client.http.get("/readyz")).status_code == 200


def code_of(body: dict[str, Any]) -> object:
    return body["errors"][0]["extensions"]["code"]


@pytest.fixture
def stopped(tmp_path: Path) -> Iterator[Server]:
    """A server that ran once, so that its files are there."""
    with serving(tmp_path) as server:
        server.stop()
        server.log.unlink()
        yield server


@pytest.mark.parametrize("name", ["records/workbench.db", "records"])
def test_a_start_without_the_right_to_write(stopped: Server, tmp_path: Path, name: str) -> None:
    """The database's file or its folder: one line that names it and why, and an exit code."""
    path = tmp_path / name
    mode = path.stat().st_mode
    path.chmod(0o555 if path.is_dir() else 0o444)
    try:
        code = stopped.popen(before_exec=obey_modes).wait(START_S)
    finally:
        path.chmod(mode)
    (line,) = stopped.log.read_text().splitlines()

    assert 3 == code
    assert f"{stopped.records}/workbench.db: attempt to write a readonly database" in line


def test_a_start_in_a_directory_of_which_nothing_may_be_written(stopped: Server) -> None:
    """The first file that is refused is named, and it is up to an operator."""
    inside = [stopped.records, *stopped.records.rglob("*")]
    modes = {path: path.stat().st_mode for path in inside}
    for path in inside:
        path.chmod(0o555 if path.is_dir() else 0o444)
    try:
        code = stopped.popen(before_exec=obey_modes).wait(START_S)
    finally:
        for path, mode in modes.items():
            path.chmod(mode)
    (line,) = stopped.log.read_text().splitlines()

    assert 2 == code
    assert f"Permission denied: '{stopped.records}/" in line


@pytest.mark.parametrize("command", ["serve", "migrate"])
def test_a_start_without_its_postgres(tmp_path: Path, command: str) -> None:
    """One line that says where it looked, without the password; a supervisor may try again."""
    place = f"127.0.0.1:{free_port()}/workbench"
    url = f"postgresql+asyncpg://somebody:a-secret@{place}"
    server = Server(tmp_path, WORKBENCH_DATABASE_URL=url)
    code = server.popen(command).wait(START_S)
    (line,) = server.log.read_text().splitlines()

    assert 3 == code
    assert f"postgresql://{place}: " in line
    assert "a-secret" not in line


async def test_a_database_that_becomes_read_only(tmp_path: Path) -> None:
    """A launch is refused whole, reading goes on, /readyz says so and stays with it; once writing
    is possible again, so is all the rest."""
    with serving(tmp_path) as server:
        async with signed_in(server) as client:
            await client.ended((await client.launch("true"))["id"])
            with ExitStack() as stack:
                for path in server.records.glob("workbench.db*"):
                    if not path.name.endswith("-shm"):  # mapped: writing there would be a SIGBUS
                        stack.enter_context(required(immutable(path)))
                body = await client.answer(LAUNCH, input=LAUNCH_TOUCH)
                ready = [await client.http.get("/readyz") for _ in range(3)]
                runs = (await client.ask(RUNS))["project"]["runs"]["nodes"]
            await until(lambda: is_ready(client))
            ended = await client.ended((await client.launch("true"))["id"])

    assert "STORAGE_UNAVAILABLE" == code_of(body)
    assert [503] * 3 == [answer.status_code for answer in ready]
    assert "ok" != ready[0].json()["database"]
    assert 1 == len(runs)
    assert not (server.root / "started").exists()
    assert "SUCCEEDED" == ended["state"]


async def test_a_disk_that_becomes_full(tmp_path: Path) -> None:
    """The same where the file can be opened, and nothing can be added to it."""
    with serving(tmp_path) as server:
        process = psutil.Process(server.process.pid)
        before = process.rlimit(psutil.RLIMIT_FSIZE)
        async with signed_in(server) as client:
            await client.ended((await client.launch("true"))["id"])
            size = (server.records / "workbench.db-wal").stat().st_size
            process.rlimit(psutil.RLIMIT_FSIZE, (size, before[1]))
            body = await client.answer(LAUNCH, input=LAUNCH_TOUCH)
            ready = [await client.http.get("/readyz") for _ in range(3)]
            process.rlimit(psutil.RLIMIT_FSIZE, before)
            await until(lambda: is_ready(client))
            ended = await client.ended((await client.launch("true"))["id"])

    assert "STORAGE_UNAVAILABLE" == code_of(body)
    assert [503] * 3 == [answer.status_code for answer in ready]
    assert not (server.root / "started").exists()
    assert "SUCCEEDED" == ended["state"]


@pytest.fixture
async def on_postgres(
    anyio_backend: str, tmp_path: Path, private_postgres: PrivatePostgres
) -> AsyncIterator[Server]:
    """A server that runs one run at a time, on a PostgreSQL of the test's own."""
    variables = {
        "WORKBENCH_DATABASE_URL": private_postgres.url,
        "WORKBENCH_PROJECT_CONCURRENCY": "1",
    }
    with serving(tmp_path, **variables) as server:
        yield server


@pytest.mark.parametrize(
    "follow", [pytest.param(by_socket, id="socket"), pytest.param(by_events, id="sse")]
)
async def test_postgres_dies_and_comes_back(
    on_postgres: Server, private_postgres: PrivatePostgres, follow: Follow
) -> None:
    """Everything that needs it is told by a code; then the running run, the queued one and the
    stream go on, and no line is lost or told twice."""
    server = on_postgres
    async with signed_in(server) as client:
        run = await client.launch("sh", "-c", PRINT_UNTIL.format(name="go"))
        queued = await client.launch("echo", "its turn")
        first = await collected(follow(server, RUN_LOGS, id=run["id"]), "runLogs", 1)
        following = follow(server, RUN_LOGS, id=run["id"])
        cut_off = await anext(following)
        private_postgres.kill()
        async for payload in following:
            cut_off = payload
        body = await client.answer(LAUNCH, input=LAUNCH_TOUCH)
        page = await client.http.get("/sign-in?code=x")
        ready = await client.http.get("/readyz")
        (server.root / "go").touch()
        await asyncio.to_thread(private_postgres.start)
        await until(lambda: is_ready(client))
        ends = [await client.ended(one["id"]) for one in (run, queued)]
        after = first[-1]["cursor"]
        rest = await collected(follow(server, RUN_LOGS, id=run["id"], after=after), "runLogs")
        lines = await client.lines(run["id"])

    assert "STORAGE_UNAVAILABLE" == code_of(cut_off) == code_of(body)
    assert (503, 503) == (page.status_code, ready.status_code)
    assert "ok" != ready.json()["database"]
    assert [7, 0] == [end["exitCode"] for end in ends]
    assert [str(number) for number in range(1, len(lines) + 1)] == lines
    assert lines == joined([*first, *rest])
    assert not (server.root / "started").exists()


async def test_postgres_that_answers_no_more(
    on_postgres: Server, private_postgres: PrivatePostgres
) -> None:
    """/readyz does not wait as long as the driver does, however often it is asked."""
    postmaster = psutil.Process(private_postgres.pid)
    async with signed_in(on_postgres) as client:
        processes = [postmaster, *postmaster.children()]
        for process in processes:
            process.suspend()
        try:
            answers = await asyncio.gather(*(client.http.get("/readyz") for _ in range(30)))
        finally:
            for process in processes:
                process.resume()
        await until(lambda: is_ready(client))

    assert {503} == {answer.status_code for answer in answers}
    assert {"no answer in 5 s"} == {answer.json()["database"] for answer in answers}
