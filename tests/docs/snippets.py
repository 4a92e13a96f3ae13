"""The fenced blocks of the pages, and the session that a page's commands are run in."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from itertools import count, takewhile
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[2]
FENCE: Final = re.compile(r"^```(\S*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
ANYTHING: Final = "…"
COMMAND_S: Final = 60
VARIABLES: Final = (
    "TOKEN RUN LAST WORKBENCH_MANIFESTS PYTHONPATH ADA GRACE APPROVAL CI JWT "
    "WORKBENCH_TOKEN WORKBENCH_DATABASE_URL WORKBENCH_BUS_URL"
)
"""What a page may set in one block and use in a later one."""

PREAMBLE: Final = r"""
set -u
# Whether the target exists is what can be known without running it: it would run this test.
make() { command make -n "$@" > make.txt; }
# What systemd is told is looked at, not done.
sudo() {
  case "$1 $2" in "systemctl daemon-reload"|"systemctl enable"|"systemctl restart") ;;
  *) echo "sudo is not known to do this: $*" >&2; return 1;; esac
}
# As a platform does, which ends with it.
python3() { command python3 "$@" & echo "$!" >> servers; wait "$!"; }
# A server goes on beside the page, which goes on when it is ready.
.venv/bin/workbench() {
  [ "$1" = serve ] || { command .venv/bin/workbench "$@"; return; }
  local server address="http://127.0.0.1:${WORKBENCH_PORT:-8000}" try
  command .venv/bin/workbench serve > "server-$RANDOM.log" 2>&1 & server=$!
  echo "$server" >> servers
  for try in $(seq 300); do
    curl --silent --fail --output ready.txt "$address/readyz" && return 0
    kill -0 "$server" || break
    sleep 0.1
  done
  cat server-*.log >&2
  return 1
}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A fenced block and where it is."""

    page: Path
    line: int
    kind: str
    text: str

    def __str__(self) -> str:
        return f"{self.page.relative_to(ROOT)}:{self.line}"


@dataclass(frozen=True, slots=True)
class Step:
    """A command and what the page says it prints; None where it says nothing."""

    command: str
    shown: str | None


def pages() -> list[Path]:
    return [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


def blocks_of(page: Path) -> list[Block]:
    text = page.read_text(encoding="utf-8")
    return [
        Block(page=page, line=text.count("\n", 0, found.start()) + 1, kind=found[1], text=found[2])
        for found in FENCE.finditer(text)
    ]


def steps_of(block: Block) -> list[Step]:
    """A bash block is one step; in a console block each `$ ` begins one."""
    if block.kind == "bash":
        return [Step(block.text, None)]
    lines = block.text.splitlines()
    starts = [number for number, line in enumerate(lines) if line.startswith("$ ")]
    return [_step(lines[start:]) for start in starts]


def _step(lines: list[str]) -> Step:
    shown = list(takewhile(lambda line: not line.startswith("$ "), lines[1:]))
    return Step(lines[0][2:] + "\n", "\n".join(shown))


def matches(shown: str, printed: str) -> bool:
    """Whether this was printed; `…` stands for any text, over line ends too."""
    pattern = ".*".join(map(re.escape, shown.strip().split(ANYTHING)))
    return re.fullmatch(pattern, printed.strip(), re.DOTALL) is not None


class Session:
    """A shell in a folder that looks like a clone; variables and functions last from step to step.

    `replaced` are texts of the pages that stand for what is another here, such as the port.
    """

    def __init__(
        self, folder: Path, environment: Mapping[str, str], replaced: Mapping[str, str]
    ) -> None:
        self.folder = folder
        self._environment = dict(environment)
        self._replaced = dict(replaced)
        self._outputs = count()
        (folder / ".venv").symlink_to(sys.prefix)
        for name in ("Makefile", "examples", "pyproject.toml", "uv.lock"):
            (folder / name).symlink_to(ROOT / name)

    def replace(self, text: str) -> str:
        for ours, theirs in self._replaced.items():
            text = text.replace(ours, theirs)
        return text

    def run(self, step: Step) -> tuple[int, str]:
        """Exit code, and what it printed on both streams."""
        state = self.folder / "state.sh"
        before = f". {state}" if state.exists() else self.replace(PREAMBLE)
        keep = f"declare -p {VARIABLES} > {state} 2> {os.devnull}; declare -f >> {state}"
        return self._bash(f"{before}\nset -e\n{self.replace(step.command)}\nset +e\n{keep}\n")

    def end(self) -> None:
        """Stop the servers that were started on the way."""
        started = self.folder / "servers"
        for pid in started.read_text().split() if started.exists() else ():
            with suppress(ProcessLookupError):
                os.kill(int(pid), signal.SIGTERM)

    def _bash(self, script: str) -> tuple[int, str]:
        # Into a file: what goes on beside the page would hold a pipe open.
        printed = self.folder / f"printed-{next(self._outputs)}.txt"
        with printed.open("wb") as output:
            done = subprocess.run(
                ["bash", "-c", script],
                cwd=self.folder,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                timeout=COMMAND_S,
                check=False,
            )
        return done.returncode, printed.read_text(encoding="utf-8")
