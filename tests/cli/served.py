"""A real server as a child process, and the real command beside it."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tests.databases import sqlite_at
from tests.opening import open_project

ROOT: Final = Path(__file__).resolve().parents[2]
COMMAND: Final = str(Path(sys.executable).parent / "workbench")
TOKEN: Final = "wb_token_of_the_terminal_tests"
START_S: Final = 50.0


@dataclass(frozen=True, kw_only=True)
class Served:
    """A server that answers, and what the commands that use it need."""

    process: subprocess.Popen[bytes]
    url: str

    @property
    def environment(self) -> dict[str, str]:
        return environment(WORKBENCH_URL=self.url, WORKBENCH_TOKEN=TOKEN)

    def started(self, *words: str, **extra: str) -> "subprocess.Popen[str]":
        """`workbench` with these words, just started."""
        return subprocess.Popen(
            [COMMAND, *words],
            env={**self.environment, **extra},
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def command(self, *words: str, **extra: str) -> "subprocess.Popen[str]":
        """`workbench run` with these words, just started."""
        return self.started("run", *words, **extra)

    def ran(self, *words: str, **extra: str) -> tuple[int, str, str]:
        """Exit code, stdout and stderr of it, once it has ended."""
        with self.command(*words, **extra) as process:
            out, err = process.communicate(timeout=START_S)
        return process.returncode, out, err

    def workflow(self, *words: str) -> tuple[int, str, str]:
        """The same of `workbench workflow`."""
        with self.started("workflow", *words) as process:
            out, err = process.communicate(timeout=START_S)
        return process.returncode, out, err

    def shown(self, run_id: str) -> Any:
        """A workflow run, as JSON."""
        return json.loads(self.workflow("show", run_id, "--json")[1])


def environment(**wanted: str) -> dict[str, str]:
    """Ours, without what it says about other servers and about colors."""
    unwanted = ("WORKBENCH_", "NO_COLOR", "FORCE_COLOR", "TTY_")
    return {n: text for n, text in os.environ.items() if not n.startswith(unwanted)} | wanted


@contextmanager
def serving(folder: Path, port: int = 0, *, is_open: bool = True) -> Iterator[Served]:
    """A server over this folder, with this repository as the project `default`: open for every
    command, or under the policy that it begins with."""
    variables = environment(
        WORKBENCH_DATA_DIR=str(folder / "records"),
        WORKBENCH_PORT=str(port),
        WORKBENCH_BOOTSTRAP_TOKEN=TOKEN,
        WORKBENCH_PROJECT_ROOT=str(ROOT),
        WORKBENCH_CANCEL_GRACE_S="30",
    )
    log = folder / "server.log"
    sqlite_at(folder / "records" / "workbench.db")
    with (
        log.open("wb") as out,
        subprocess.Popen([COMMAND, "serve"], env=variables, stdout=out, stderr=out) as process,
    ):
        try:
            url = _announced(log, process)
            if is_open:
                open_project(url, TOKEN)
            yield Served(process=process, url=url)
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(START_S)


def _announced(log: Path, process: "subprocess.Popen[bytes]") -> str:
    """The URL that the server says it answers at."""
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline and process.poll() is None:
        found = re.search(r"^Workbench \S+ at (\S+)$", log.read_text(), re.MULTILINE)
        if found:
            return found[1]
        time.sleep(0.05)
    raise AssertionError(f"no server: {log.read_text()}")


def written(folder: Path, text: str, name: str = "workflow.yaml") -> str:
    """The path of a file that holds this."""
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return str(path)
