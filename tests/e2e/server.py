"""The real `workbench serve` as a child process, to be asked, killed and started again."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Final

import psutil

from tests.databases import sqlite_at
from tests.opening import open_project
from tests.services import free_port

COMMAND: Final = str(Path(sys.executable).parent / "workbench")
TOKEN: Final = "wb_token_of_the_end_to_end_tests"
START_S: Final = 120.0  # a bound on a loaded machine, no claim
STOP_S: Final = 20.0
LOOK_S: Final = 0.02
LOOK_TIMEOUT_S: Final = 5.0


class Server:
    """One data directory, one port and one project folder; started as often as a test likes."""

    def __init__(self, folder: Path, **variables: str) -> None:
        self.records = folder / "records"
        self.root = folder / "project"
        self.root.mkdir(parents=True, exist_ok=True)
        self.port = free_port()
        self.log = folder / "server.log"
        self._variables = variables
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def spool(self) -> Path:
        return self.records / "spool"

    @property
    def process(self) -> "subprocess.Popen[bytes]":
        assert self._process is not None, "the server was started"
        return self._process

    def popen(
        self, command: str = "serve", *, before_exec: Callable[[], None] | None = None
    ) -> "subprocess.Popen[bytes]":
        """The command, just started; its output goes to the log."""
        with self.log.open("ab") as log:
            return subprocess.Popen(
                [COMMAND, command],
                env=self.environment(),
                stdout=log,
                stderr=log,
                preexec_fn=before_exec,  # noqa: PLW1509 - what is limited is the server alone
            )

    def start(self, *, before_exec: Callable[[], None] | None = None) -> None:
        """Return once it is ready."""
        self._process = self.popen(before_exec=before_exec)
        deadline = time.monotonic() + START_S
        while not self._is_ready():
            assert self._process.poll() is None, self.log.read_text()
            assert time.monotonic() < deadline, self.log.read_text()
            time.sleep(LOOK_S)

    def kill(self) -> None:
        """As the machine would when it is out of memory."""
        self.process.kill()
        self.process.wait()
        self._process = None

    def stop(self) -> int:
        """Ask it to stop and wait; answers its exit code."""
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(STOP_S)
        self._process = None
        return code

    def supervisors(self) -> list[psutil.Process]:
        """Whoever minds the runs of our spool, server or not."""
        found = []
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error):
                if str(self.spool) in process.cmdline():
                    found.append(process)
        return found

    def end(self) -> None:
        """Stop what still runs of it, runs included: nothing is left behind."""
        if self._process is not None:
            self.process.kill()
            self.process.wait()
        ours = [one for minder in self.supervisors() for one in [*_below(minder), minder]]
        for process in ours:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        psutil.wait_procs(ours, timeout=STOP_S)

    def _is_ready(self) -> bool:
        # Not by httpx, whose TLS set-up would take more CPU here than the server that is starting.
        connection = HTTPConnection("127.0.0.1", self.port, timeout=LOOK_TIMEOUT_S)
        try:
            connection.request("GET", "/readyz")
            return connection.getresponse().status == HTTPStatus.OK
        except (OSError, HTTPException):
            return False
        finally:
            connection.close()

    def environment(self) -> dict[str, str]:
        ours = {name: value for name, value in os.environ.items() if "WORKBENCH_" not in name}
        return ours | {
            "WORKBENCH_DATA_DIR": str(self.records),
            "WORKBENCH_PORT": str(self.port),
            "WORKBENCH_PROJECT_ROOT": str(self.root),
            "WORKBENCH_BOOTSTRAP_TOKEN": TOKEN,
            "WORKBENCH_POLL_S": "1",
            **self._variables,
        }


@contextmanager
def guarded(folder: Path, **variables: str) -> Iterator[Server]:
    """A server that is ready, with the rules it comes with; ended in the end whatever has become
    of it."""
    server = Server(folder, **variables)
    sqlite_at(server.records / "workbench.db")
    try:
        server.start()
        yield server
    finally:
        server.end()


@contextmanager
def serving(folder: Path, **variables: str) -> Iterator[Server]:
    """A guarded server, and anything may be launched in its project."""
    with guarded(folder, **variables) as server:
        open_project(server.url, TOKEN)
        yield server


def _below(process: psutil.Process) -> list[psutil.Process]:
    try:
        return list(process.children(recursive=True))
    except psutil.NoSuchProcess:
        return []
