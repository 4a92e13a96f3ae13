"""The servers under test as child processes, and what they use of the machine."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from secrets import token_hex
from socket import socket
from typing import Final

import httpx
import psutil

ROOT: Final = Path(__file__).resolve().parents[1]
COMMAND: Final = str(Path(sys.executable).parent / "workbench")
START_S: Final = 60.0
ANYTHING: Final = """
mutation Open {
  policySet(input: {
    project: "default", reason: "benchmarks", rules: [{name: "anything", match: {}, effect: ALLOW}]
  }) { __typename }
}
"""


@dataclass(frozen=True, kw_only=True)
class Server:
    """A server that answers on loopback."""

    process: "subprocess.Popen[bytes]"
    port: int
    token: str

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def cpu_s(self) -> float:
        """Seconds of CPU that the process has used, in user and system mode."""
        times = psutil.Process(self.process.pid).cpu_times()
        return float(times.user + times.system)

    @property
    def resident_bytes(self) -> int:
        return int(psutil.Process(self.process.pid).memory_info().rss)


def free_port() -> int:
    with socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


@contextmanager
def guarded(folder: Path, **settings: str) -> Iterator[Server]:
    """`workbench serve` over this folder, until it is ready."""
    kept = {name: text for name, text in os.environ.items() if not name.startswith("WORKBENCH_")}
    port, token = free_port(), f"wb_{token_hex(16)}"
    variables = {
        "WORKBENCH_DATA_DIR": str(folder / "records"),
        "WORKBENCH_PORT": str(port),
        "WORKBENCH_BOOTSTRAP_TOKEN": token,
        "WORKBENCH_PROJECT_ROOT": str(ROOT),
        "WORKBENCH_LOG_LEVEL": "warning",
    }
    with _running([COMMAND, "serve"], folder, kept | variables | settings) as process:
        server = Server(process=process, port=port, token=token)
        _wait_ready(server, "/readyz")
        yield server


@contextmanager
def workbench(folder: Path, **settings: str) -> Iterator[Server]:
    """The same, and anything may be launched."""
    with guarded(folder, **settings) as server:
        _open_project(server)
        yield server


@contextmanager
def reference(folder: Path) -> Iterator[Server]:
    """The same bytes from bare Starlette, under the same uvicorn."""
    with _beside(folder, "benchmarks.reference") as server:
        yield server


@contextmanager
def provider(folder: Path, *, is_hanging: bool = False) -> Iterator[Server]:
    """What runs are started on over HTTP."""
    with _beside(folder, "benchmarks.provider", *["hanging"] * is_hanging) as server:
        yield server


@contextmanager
def _beside(folder: Path, module: str, *words: str) -> Iterator[Server]:
    port = free_port()
    command = [sys.executable, "-m", module, str(port), *words]
    with _running(command, folder, dict(os.environ)) as process:
        server = Server(process=process, port=port, token="")
        _wait_ready(server, "/healthz")
        yield server


@contextmanager
def _running(
    words: list[str], folder: Path, environment: dict[str, str]
) -> Iterator["subprocess.Popen[bytes]"]:
    folder.mkdir(parents=True, exist_ok=True)
    log = folder / "server.log"
    with (
        log.open("ab") as out,
        subprocess.Popen(words, cwd=ROOT, env=environment, stdout=out, stderr=out) as process,
    ):
        try:
            yield process
        finally:
            process.terminate()
            try:
                process.wait(START_S)
            except subprocess.TimeoutExpired:
                process.kill()


def _open_project(server: Server) -> None:
    """Let anything be launched: what is measured is not what may be."""
    answer = httpx.post(
        f"{server.url}/graphql",
        json={"query": ANYTHING},
        headers={"Authorization": f"Bearer {server.token}"},
        timeout=START_S,
    )
    if answer.json()["data"]["policySet"]["__typename"] != "PolicySetPayload":
        raise SystemExit(f"benchmarks: {answer.text}")


def _wait_ready(server: Server, path: str) -> None:
    deadline = time.monotonic() + START_S
    with httpx.Client(base_url=server.url) as client:
        while time.monotonic() < deadline and server.process.poll() is None:
            try:
                if client.get(path).status_code == httpx.codes.OK:
                    return
            except httpx.TransportError:
                time.sleep(0.005)
    raise SystemExit(f"benchmarks: {server.process.args!r} did not start")
