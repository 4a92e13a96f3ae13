"""Starting, killing and asking the agent of agent_server.py."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from tests.services import end, free_port, wait_until

PROGRAM = Path(__file__).with_name("agent_server.py")
HTTP_OK = 200


@dataclass
class AgentServer:
    """One agent, whose tasks outlive it in a folder."""

    folder: Path
    token: str = ""
    streams: bool = True
    port: int = field(default_factory=free_port)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @contextmanager
    def running(self) -> Iterator["AgentServer"]:
        self.start()
        try:
            yield self
        finally:
            end(self.process)

    def start(self) -> None:
        """With nothing of our environment but a path; returns once it answers."""
        log = self.folder / "log"
        with log.open("ab") as out:
            self.process = subprocess.Popen(
                [sys.executable, PROGRAM, str(self.port), self.folder, *filter(None, [self.token])],
                stdout=out,
                stderr=out,
                env={
                    "PATH": os.environ["PATH"],
                    "HOME": str(self.folder),
                    "AGENT_STREAMS": str(int(self.streams)),
                },
            )
        wait_until(self._answers, self.process, log)

    def kill(self) -> None:
        """As a machine that loses its power."""
        self.process.kill()
        self.process.wait()

    def received(self, message_id: str) -> int:
        """How often it got a message with this id."""
        path = self.folder / "received"
        lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
        return lines.count(message_id)

    def pushes(self) -> list[Any]:
        """What it was asked to push, and how it shall be known then."""
        lines = (self.folder / "pushes").read_text(encoding="utf-8").splitlines()
        return [json.loads(line) for line in lines]

    def _answers(self) -> bool:
        try:
            url = f"{self.url}/.well-known/agent-card.json"
            return httpx.get(url, trust_env=False).status_code == HTTP_OK
        except httpx.HTTPError:
            return False
