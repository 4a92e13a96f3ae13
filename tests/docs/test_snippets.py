"""What the pages tell people to type and to write, done.

How each kind of block is checked:

- `bash` and `console`: run by bash against a real server, in the order of the page; a command must
  succeed, and print what a console block shows. `make` is asked only whether it has the target,
  `sudo` stands for a check of its words, and `workbench serve` goes on beside the page. The page on
  PostgreSQL gets an empty database of the test's own, that on OpenID Connect an issuer, and those
  on policies and approvals a server.
- `python`: its first line names the file that it becomes, for the commands after it.
- `javascript`, and `python` where there is such a file: the very text of a file of tests/clients/.
- `graphql`: executed, subscriptions over server-sent events, up to their end if they have one;
  there may be no errors.
- `frames`: played over a socket.
- `ini`: a unit of systemd: known keys, our command, variables that are settings.
- `toml`: a manifest that a server takes; its first line names the file that it becomes.
- `yaml`: a configuration of Prometheus: the target is where we listen.
- `mermaid`: a kind of diagram we use.
"""

import asyncio
import configparser
import json
import os
import re
import shutil
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import httpx
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from adapters.rest.loading import parse
from serving.settings import Settings
from tests.docs.snippets import ANYTHING, ROOT, Block, Session, blocks_of, matches, pages, steps_of
from tests.e2e.server import TOKEN, Server, guarded
from tests.issuer import Issuer
from tests.services import free_port

# One server for most pages, so all of them in one process.
pytestmark = [pytest.mark.xdist_group("pages"), pytest.mark.timeout(240)]

CLIENTS: Final = ROOT / "tests" / "clients"
POSTGRESQL: Final = ROOT / "docs" / "how-to" / "postgresql.md"
OPENID_CONNECT: Final = ROOT / "docs" / "how-to" / "openid-connect.md"
POLICY: Final = ROOT / "docs" / "how-to" / "write-a-policy.md"
APPROVAL: Final = ROOT / "docs" / "how-to" / "approve-a-run.md"
MANIFEST: Final = ROOT / "docs" / "how-to" / "write-a-manifest.md"
STOP: Final = ROOT / "docs" / "how-to" / "stop-everything.md"
ALONE: Final = (POLICY, APPROVAL, STOP)
"""They change rules, or are refused what others then find in the audit log."""
OF_THEIR_OWN: Final = (POSTGRESQL, OPENID_CONNECT, MANIFEST, *ALONE)
SERVED: Final = [page for page in pages() if page not in OF_THEIR_OWN and blocks_of(page)]
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
            "yaml": scraping,
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
        named = re.match(r"# ([a-z_]+\.py)\n", block.text)
        assert named, f"{block}: the first line names no file"
        if (CLIENTS / named[1]).exists():
            shown(block)
        (self.session.folder / named[1]).write_text(self.session.replace(block.text))

    def manifest(self, block: Block) -> None:
        named = re.match(r"# (manifests/[a-z_]+\.toml)\n", block.text)
        assert named, f"{block}: the first line names no manifest"
        parse(block.text, str(block))
        path = self.session.folder / named[1]
        path.parent.mkdir(exist_ok=True)
        path.write_text(self.session.replace(block.text))

    def operation(self, block: Block) -> None:
        kind = "text/event-stream" if block.text.startswith("subscription") else "application/json"
        payload = {
            "query": self.session.replace(block.text),
            "variables": {"id": self.run_of("echo", "step", "3")},
        }
        headers = {"Authorization": f"Bearer {TOKEN}", "Accept": kind}
        url = f"{self.url}/graphql"
        with httpx.stream("POST", url, json=payload, headers=headers, timeout=30) as answer:
            assert (200, kind) == (answer.status_code, answer.headers["content-type"])
            text = told(answer, until=ENDLESS if ENDLESS in block.text else None)
        assert text, f"{block}: nothing was told"
        assert '"errors"' not in text, f"{block}: {text}"
        assert '"code"' not in text, f"{block}: {text}"

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


def scraping(block: Block) -> None:
    fields = Settings.model_fields
    targets = re.findall(r"^ +- targets: (\[.*\])$", block.text, re.MULTILINE)
    assert [[f"{fields['host'].default}:{fields['port'].default}"]] == list(
        map(json.loads, targets)
    )
    assert block.text.startswith("scrape_configs:\n  - job_name: ")


def diagram(block: Block) -> None:
    assert block.text.startswith(DIAGRAMS), f"{block}: no diagram we use"


@pytest.fixture(scope="module", autouse=True)
def programs() -> None:
    """The pages show curl, which not every machine has."""
    if shutil.which("curl") is None:
        if os.environ.get("CI") == "true":
            pytest.fail("CI has to run this: no curl")
        pytest.skip("no curl")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with guarded(tmp_path_factory.mktemp("pages")) as started:
        yield started


@pytest.fixture
def environment() -> dict[str, str]:
    """Ours, without what it says about servers."""
    return {name: text for name, text in os.environ.items() if "WORKBENCH_" not in name}


@pytest.mark.parametrize("path", SERVED, ids=lambda path: path.stem)
def test_a_page_does_what_it_says(
    path: Path, server: Server, environment: dict[str, str], tmp_path: Path
) -> None:
    """Its blocks in order, against a server that runs already."""
    try_page(path, server, environment, tmp_path)


@pytest.mark.parametrize("path", ALONE, ids=lambda path: path.stem)
def test_a_page_with_a_server_of_its_own_does_what_it_says(
    path: Path, environment: dict[str, str], tmp_path: Path
) -> None:
    """Its blocks in order, and nobody else's."""
    session = tmp_path / "session"
    session.mkdir()
    with guarded(tmp_path / "server") as server:
        try_page(path, server, environment, session)


def try_page(path: Path, server: Server, environment: dict[str, str], tmp_path: Path) -> None:
    """The blocks of a page, in a session in this folder."""
    (server.records / "token").write_text(TOKEN + "\n")
    (server.records / "token").chmod(0o600)
    (tmp_path / ".workbench").symlink_to(server.records)
    known = {"WORKBENCH_DATA_DIR": str(server.records), "WORKBENCH_PORT": str(server.port)}
    replaced = {
        "8000": str(server.port),
        "8001": str(free_port()),
        "/tmp/shop": str(tmp_path / "shop"),
    }
    session = Session(tmp_path, environment | known, replaced)
    page = Page(session, server.url)
    try:
        for block in blocks_of(path):
            page.check(block)
    finally:
        session.end()


def test_the_page_on_postgresql_does_what_it_says(
    environment: dict[str, str], postgres_database_url: str, redis_url: str, tmp_path: Path
) -> None:
    """Its servers are started on an empty database, and hear each other over both buses."""
    ports = {port: str(free_port()) for port in ("8000", "8001", "8002")}
    shown = "postgresql+asyncpg://workbench@127.0.0.1/workbench"
    known = {
        "WORKBENCH_DATA_DIR": str(tmp_path / "records"),
        "WORKBENCH_PORT": ports["8000"],
        "WORKBENCH_BOOTSTRAP_TOKEN": TOKEN,
    }
    replaced = {shown: postgres_database_url, "redis://127.0.0.1:6379/0": redis_url, **ports}
    session = Session(tmp_path, environment | known, replaced)
    page = Page(session, f"http://127.0.0.1:{ports['8000']}")
    try:
        for block in blocks_of(POSTGRESQL):
            page.check(block)
    finally:
        session.end()


def test_the_page_on_openid_connect_does_what_it_says(
    environment: dict[str, str], tmp_path: Path
) -> None:
    """Its server is started with an issuer, whose token lets a program in."""
    port = str(free_port())
    known = {
        "WORKBENCH_DATA_DIR": str(tmp_path / "records"),
        "WORKBENCH_PORT": port,
        "WORKBENCH_BOOTSTRAP_TOKEN": TOKEN,
    }
    with Issuer().running() as issuer:
        issuer.documents["/token"] = {
            "access_token": issuer.token(preferred_username="nightly", groups=["team-a"])
        }
        replaced = {"https://login.example.org": issuer.url, "8000": port}
        session = Session(tmp_path, environment | known, replaced)
        page = Page(session, f"http://127.0.0.1:{port}")
        try:
            for block in blocks_of(OPENID_CONNECT):
                page.check(block)
        finally:
            session.end()


def test_the_page_on_manifests_does_what_it_says(
    environment: dict[str, str], tmp_path: Path
) -> None:
    """Its platform and its server are started, and a run is followed on them."""
    port, platform = str(free_port()), str(free_port())
    known = {
        "WORKBENCH_DATA_DIR": str(tmp_path / "records"),
        "WORKBENCH_PORT": port,
        "WORKBENCH_BOOTSTRAP_TOKEN": TOKEN,
        "WORKBENCH_TOKEN": TOKEN,
        "WORKBENCH_URL": f"http://127.0.0.1:{port}",
    }
    session = Session(tmp_path, environment | known, {"8000": port, "8001": platform})
    page = Page(session, f"http://127.0.0.1:{port}")
    try:
        for block in blocks_of(MANIFEST):
            page.check(block)
    finally:
        session.end()


def test_a_block_of_an_unknown_kind_is_no_proof(tmp_path: Path) -> None:
    """Whoever writes a new kind of block says how it is checked."""
    page = Page(Session(tmp_path, {}, {}), "")
    with pytest.raises(AssertionError, match="no check for blocks of kind 'fortran'"):
        page.check(Block(page=ROOT / "README.md", line=1, kind="fortran", text="END"))


def test_every_fence_is_read() -> None:
    """None is missed because it is indented, or is never closed."""
    for page in pages():
        fences = re.findall(r"^\s*(?:```|~~~)", page.read_text(encoding="utf-8"), re.MULTILINE)
        assert len(fences) == 2 * len(blocks_of(page)), page
