"""Engines as processes of their own, that see nothing of this machine's settings."""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from secrets import token_bytes, token_hex
from typing import Final
from urllib.parse import urlsplit

import httpx

from tests.engines.installing import has_slurm, programs
from tests.services import ServiceMissing, free_port

START_S: Final = 120
FOLDER: Final = Path(__file__).parent


@dataclass(frozen=True)
class Engine:
    """Where it is, and what lets in."""

    url: str
    token: str
    folder: Path
    processes: Mapping[str, "subprocess.Popen[bytes]"]


@contextmanager
def process(
    command: Sequence[str], folder: Path, environ: Mapping[str, str], cwd: Path | None = None
) -> Iterator["subprocess.Popen[bytes]"]:
    """A process in a group of its own, which ends with all that it has started."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / f"{Path(command[0]).name}.log").open("wb") as log:
        path = f"{Path(command[0]).parent}{os.pathsep}{os.environ['PATH']}"
        started = subprocess.Popen(
            command,
            cwd=cwd or folder,
            env={"PATH": path, "HOME": str(folder), **environ},
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        yield started
    finally:
        _end(started)


def _end(started: "subprocess.Popen[bytes]") -> None:
    for number in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(started.pid, number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            started.wait(20)


def wait_until(holds: Callable[[], bool], *processes: "subprocess.Popen[bytes]") -> None:
    """Return when this holds; ends early where one of the processes has."""
    deadline = time.monotonic() + START_S
    while not holds():
        assert time.monotonic() < deadline, "did not start in time"
        assert all(each.poll() is None for each in processes), "has ended"
        time.sleep(0.2)


def answers(url: str, headers: Mapping[str, str] | None = None) -> bool:
    try:
        return httpx.get(url, headers=headers, timeout=5, trust_env=False).is_success
    except httpx.HTTPError:
        return False


@contextmanager
def langgraph(folder: Path) -> Iterator[Engine]:
    """The server for development, which keeps its threads in memory. Raises ServiceMissing."""
    program = programs("langgraph") / "langgraph"
    graphs = folder / "graphs"
    shutil.copytree(FOLDER / "langgraph", graphs)
    port = free_port()
    command = [str(program), "dev", "--host", "127.0.0.1", "--port", str(port)]
    quiet = {"LANGSMITH_TRACING": "false", "LANGGRAPH_CLI_NO_ANALYTICS": "1"}
    with process([*command, "--no-browser", "--no-reload"], folder, quiet, graphs) as started:
        url = f"http://127.0.0.1:{port}"
        wait_until(lambda: answers(f"{url}/ok"), started)
        yield Engine(url, "", folder, {"langgraph": started})


@contextmanager
def ray(folder: Path, like: Engine | None = None) -> Iterator[Engine]:
    """One node with a token; `like` is one that has ended, whose address and token it gets. Raises
    ServiceMissing."""
    program = programs("ray") / "ray"
    port = free_port() if like is None else urlsplit(like.url).port
    token = token_hex(24) if like is None else like.token
    # Sockets of Ray have long names, and those have a bound.
    short = folder / "r"
    environ = {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": token, "RAY_TMPDIR": str(short)}
    command = [
        *(str(program), "start", "--head", "--block", "--node-ip-address=127.0.0.1"),
        *(f"--port={_gcs_port()}", "--dashboard-host=127.0.0.1", f"--dashboard-port={port}"),
        *("--num-cpus=2", "--object-store-memory=100000000"),
        *("--min-worker-port=0", "--max-worker-port=0", "--disable-usage-stats"),
    ]
    short.mkdir(parents=True)
    with process(command, folder, environ) as started:
        url, signed = f"http://127.0.0.1:{port}", {"Authorization": f"Bearer {token}"}
        wait_until(lambda: answers(f"{url}/api/version", signed), started)
        yield Engine(url, token, folder, {"ray": started})


def _gcs_port() -> int:
    """One below those that Ray gives to its workers."""
    for port in range(6389, 6489):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) != 0:
                return port
    raise ServiceMissing("no port is free for Ray")


SLURM: Final = """
ClusterName=workbench
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={ctld}
SlurmdPort={slurmd}
AuthType=auth/none
CredType=cred/none
AuthAltTypes=auth/jwt
AuthAltParameters=jwt_key={folder}/jwt.key
SlurmUser=root
SlurmdUser=root
MailProg=/bin/true
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
JobAcctGatherType=jobacct_gather/none
SchedulerParameters=batch_sched_delay=0,sched_min_interval=0
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
ReturnToService=2
NodeName={host} NodeAddr=127.0.0.1 CPUs=2 State=UNKNOWN
PartitionName=main Nodes={host} Default=YES MaxTime=INFINITE State=UP
"""


@contextmanager
def slurm(folder: Path) -> Iterator[Engine]:
    """A cluster of one node, with JWT. Raises ServiceMissing."""
    if not has_slurm() or os.geteuid() != 0:
        raise ServiceMissing("Slurm is not installed, or we are not root; `make engines` says more")
    port = free_port()
    for name in ("state", "spool", "logs"):
        (folder / name).mkdir()
    key = folder / "jwt.key"
    key.write_bytes(token_bytes(32))
    key.chmod(0o600)
    host = socket.gethostname().partition(".")[0]
    config = folder / "slurm.conf"
    told = SLURM.format(host=host, ctld=free_port(), slurmd=free_port(), folder=folder)
    config.write_text(told, encoding="utf-8")
    environ = {"SLURM_CONF": str(config)}
    rest = ["slurmrestd", "-u", "nobody", "-g", "nogroup", "-s", "openapi/v0.0.38"]
    with ExitStack() as stack:
        started = {
            name: stack.enter_context(process([_found(name), "-D"], folder, environ))
            for name in ("slurmctld", "slurmd")
        }
        command = [_found(rest[0]), *rest[1:], "-a", "rest_auth/jwt", f"127.0.0.1:{port}"]
        served = process(command, folder, {**environ, "SLURM_JWT": "daemon"})
        started["slurmrestd"] = stack.enter_context(served)
        wait_until(lambda: "idle" in _asked(environ, "sinfo", "-h"), *started.values())
        token = _asked(environ, "scontrol", "token", "lifespan=3600").strip().partition("=")[2]
        url = f"http://127.0.0.1:{port}"
        signed = {"X-SLURM-USER-NAME": "root", "X-SLURM-USER-TOKEN": token}
        ping = f"{url}/slurm/v0.0.38/ping"
        wait_until(lambda: answers(ping, signed), *started.values())
        yield Engine(url, token, folder, started)


def _found(name: str) -> str:
    found = shutil.which(name)
    assert found is not None
    return found


def _asked(environ: Mapping[str, str], *command: str) -> str:
    done = subprocess.run(
        command, env=os.environ | environ, capture_output=True, text=True, timeout=60, check=False
    )
    return done.stdout
