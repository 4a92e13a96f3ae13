"""A page of the docs being tried, block by block."""

import asyncio
import configparser
import json
import re
from collections.abc import Callable, Mapping
from typing import Any, Final

import httpx
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from adapters.rest.loading import parse
from serving.settings import Settings
from tests.docs.snippets import ANYTHING, ROOT, Block, Session, matches, steps_of
from tests.docs.workflows import workflow, written
from tests.e2e.server import TOKEN

CLIENTS: Final = ROOT / "tests" / "clients"
UNIT_KEYS: Final = {
    "Unit": {"Description", "After"},
    "Service": {
        *("Type", "User", "WorkingDirectory", "ExecStart", "StateDirectory", "StateDirectoryMode"),
        *("KillMode", "TimeoutStopSec", "Restart", "RestartSec", "RestartPreventExitStatus"),
    },
    "Install": {"WantedBy"},
}
ENDLESS: Final = "projectEvents"
"""Of what does not complete one event is enough."""
DIAGRAMS: Final = ("flowchart ", "stateDiagram-v2")


def told(answer: httpx.Response, *, until: str | None) -> str:
    """All of an answer, or of one without an end the lines up to one with this text."""
    lines = []
    for line in answer.iter_lines():
        lines.append(line)
        if until is not None and until in line:
            break
    return "\n".join(lines)


class Page:
    """One page being tried."""

    def __init__(self, session: Session, url: str) -> None:
        self.session = session
        self.url = url
        self._checks: Mapping[str, Callable[[Block], None]] = {
            "bash": self.commands,
            "console": self.commands,
            "python": self.program,
            "javascript": shown,
            "graphql": self.operation,
            "frames": self.frames,
            "ini": unit,
            "yaml": configuration,
            "yml": workflow,
            "toml": self.manifest,
            "mermaid": diagram,
        }

    def check(self, block: Block) -> None:
        assert block.kind in self._checks, f"{block}: no check for blocks of kind {block.kind!r}"
        self._checks[block.kind](block)

    def commands(self, block: Block) -> None:
        steps = steps_of(block)
        assert steps, f"{block}: no command"
        for step in steps:
            code, printed = self.session.run(step)
            said = f"{block}: {step.command}"
            assert code == 0, f"{said} ended with {code}:\n{printed}"
            if step.shown is not None:
                shown = self.session.replace(step.shown)
                assert matches(shown, printed), f"{said} printed:\n{printed}\nnot:\n{shown}"

    def program(self, block: Block) -> None:
        named = re.match(r"# ((?:[a-z_]+/)?[a-z_]+\.py)\n", block.text)
        assert named, f"{block}: the first line names no file"
        if (CLIENTS / named[1]).exists():
            shown(block)
        self.write(named[1], block)

    def manifest(self, block: Block) -> None:
        named = re.match(r"# (manifests/[a-z_]+\.toml|[a-z_]+/pyproject\.toml)\n", block.text)
        assert named, f"{block}: the first line names no manifest and no package"
        if named[1].startswith("manifests/"):
            parse(block.text, str(block))
        self.write(named[1], block)

    def write(self, name: str, block: Block) -> None:
        path = self.session.folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(self.session.replace(block.text))

    def operation(self, block: Block) -> None:
        kind = "text/event-stream" if block.text.startswith("subscription") else "application/json"
        payload = {
            "query": self.session.replace(block.text),
            "variables": {"id": self.subject_of(block)},
        }
        headers = {"Authorization": f"Bearer {TOKEN}", "Accept": kind}
        url = f"{self.url}/graphql"
        with httpx.stream("POST", url, json=payload, headers=headers, timeout=30) as answer:
            assert (200, kind) == (answer.status_code, answer.headers["content-type"])
            text = told(answer, until=ENDLESS if ENDLESS in block.text else None)
        assert text, f"{block}: nothing was told"
        assert '"errors"' not in text, f"{block}: {text}"
        assert '"code"' not in text, f"{block}: {text}"

    def subject_of(self, block: Block) -> str:
        """What the block's `$id` is: a run, or a workflow run."""
        if "workflowRunEvents" in block.text:
            return self.workflow_run_of("echo", "step", "3")
        return self.run_of("echo", "step", "3")

    def frames(self, block: Block) -> None:
        run_id = self.run_of("echo", "hello")
        text = block.text.replace("TOKEN", TOKEN).replace("RUN", run_id)
        asyncio.run(play(self.url.replace("http", "ws", 1) + "/graphql", text.splitlines()))

    def run_of(self, *command: str) -> str:
        """The id of a new run that has ended."""
        launch = (
            'mutation ($command: [String!]) { runLaunch(input: {project: "default", '
            "command: $command}) { ... on RunLaunchPayload { run { id } } } }"
        )
        follow = "subscription ($id: ID!) { runEvents(runId: $id) { cursor } }"
        launched = self.ask(launch, {"command": list(command)}).json()
        run_id = launched["data"]["runLaunch"]["run"]["id"]
        assert "event: complete" in self.ask(follow, {"id": run_id}, "text/event-stream").text
        return str(run_id)

    def workflow_run_of(self, *command: str) -> str:
        """The id of a new run of a workflow of one step, which ends by itself."""
        create = (
            'mutation ($yaml: String) { workflowCreate(input: {project: "default", yaml: $yaml}) '
            "{ ... on WorkflowCreatePayload { workflow { id } } } }"
        )
        start = (
            "mutation ($id: ID!) { workflowStart(input: {workflowId: $id}) "
            "{ ... on WorkflowStartPayload { workflowRun { id } } } }"
        )
        written = json.dumps({"name": "shown", "steps": [{"key": "a", "command": list(command)}]})
        made = self.ask(create, {"yaml": written}).json()["data"]["workflowCreate"]["workflow"]
        started = self.ask(start, {"id": made["id"]}).json()["data"]["workflowStart"]
        return str(started["workflowRun"]["id"])

    def ask(
        self, document: str, variables: Mapping[str, Any], accept: str = "application/json"
    ) -> httpx.Response:
        return httpx.post(
            f"{self.url}/graphql",
            json={"query": document, "variables": dict(variables)},
            headers={"Authorization": f"Bearer {TOKEN}", "Accept": accept},
            timeout=30,
        )


async def play(url: str, lines: list[str]) -> None:
    """Send what the client sends, and compare what the server answers."""
    protocol = Subprotocol("graphql-transport-ws")
    async with asyncio.timeout(30), connect(url, subprotocols=[protocol], proxy=None) as socket:
        for line in lines:
            if line.startswith("> "):
                await socket.send(line[2:])
            elif line.startswith("< closed "):
                with pytest.raises(ConnectionClosed) as closed:
                    await socket.recv()
                assert closed.value.rcvd is not None
                assert int(line[9:]) == closed.value.rcvd.code
            else:
                assert line.startswith("< "), f"neither sent nor received: {line}"
                received = json.loads(await socket.recv())
                assert is_like(json.loads(line[2:]), received), f"{line} was {received}"


def is_like(shown: Any, received: Any) -> bool:
    """Equal, with `…` for any value."""
    match shown, received:
        case str(), _ if shown == ANYTHING:
            return True
        case dict(), dict():
            return shown.keys() == received.keys() and all(
                is_like(shown[name], received[name]) for name in shown
            )
        case list(), list():
            return len(shown) == len(received) and all(map(is_like, shown, received))
        case _:
            return bool(shown == received)


def shown(block: Block) -> None:
    """A program that `make clients` runs, as it stands."""
    named = re.match(r"(?:#|//) ([a-z_.-]+)\n", block.text)
    assert named, f"{block}: the first line names no file"
    assert (CLIENTS / named[1]).read_text(encoding="utf-8") == block.text, f"{block}: {named[1]}"


def unit(block: Block) -> None:
    parser = configparser.RawConfigParser(strict=False)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read_string(re.sub(r"^Environment=.*\n", "", block.text, flags=re.MULTILINE))
    settings = {f"WORKBENCH_{name}".upper() for name in Settings.model_fields}
    variables = re.findall(r"^Environment=(\w+)=", block.text, re.MULTILINE)

    assert {name: set(parser[name]) for name in parser.sections()} == UNIT_KEYS, block
    assert parser["Service"]["ExecStart"].endswith("/.venv/bin/workbench serve")
    assert parser["Service"]["KillMode"] == "process", "else a restart kills the runs"
    assert set(variables) <= settings


def configuration(block: Block) -> None:
    (scraping if block.text.startswith("scrape_configs:") else written)(block)


def scraping(block: Block) -> None:
    fields = Settings.model_fields
    targets = re.findall(r"^ +- targets: (\[.*\])$", block.text, re.MULTILINE)
    assert [[f"{fields['host'].default}:{fields['port'].default}"]] == list(
        map(json.loads, targets)
    )
    assert block.text.startswith("scrape_configs:\n  - job_name: ")


def diagram(block: Block) -> None:
    assert block.text.startswith(DIAGRAMS), f"{block}: no diagram we use"
