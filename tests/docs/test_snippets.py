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
- `toml`: a manifest that a server takes, or a package that the page then installs; its first line
  names the file that it becomes.
- `yaml`: a workflow that a project can have; or a configuration of Prometheus: the target is where
  we listen.
- `yml`: a workflow for GitHub: it has our inputs, and runs just the command.
- `mermaid`: a kind of diagram we use.
"""

import os
import re
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

import pytest

from tests.adapters.a2a.serving import AgentServer
from tests.docs.snippets import ROOT, Block, Session, blocks_of, pages
from tests.docs.trying import Page
from tests.e2e.server import TOKEN, Server, guarded
from tests.issuer import Issuer
from tests.services import free_port

# One server for most pages, so all of them in one process.
pytestmark = [pytest.mark.xdist_group("pages"), pytest.mark.timeout(240)]

POSTGRESQL: Final = ROOT / "docs" / "how-to" / "postgresql.md"
OPENID_CONNECT: Final = ROOT / "docs" / "how-to" / "openid-connect.md"
POLICY: Final = ROOT / "docs" / "how-to" / "write-a-policy.md"
APPROVAL: Final = ROOT / "docs" / "how-to" / "approve-a-run.md"
MANIFEST: Final = ROOT / "docs" / "how-to" / "write-a-manifest.md"
ADAPTER: Final = ROOT / "docs" / "how-to" / "write-an-adapter.md"
GITHUB: Final = ROOT / "docs" / "how-to" / "run-on-github-actions.md"
CONNECT: Final = ROOT / "docs" / "how-to" / "connect-a-provider.md"
STOP: Final = ROOT / "docs" / "how-to" / "stop-everything.md"
AUDIT: Final = ROOT / "docs" / "how-to" / "keep-the-audit-log.md"
ALONE: Final = (POLICY, APPROVAL, STOP, GITHUB, AUDIT)
"""They change rules, look for what has failed, or name a real provider, which another page would
ask how it is."""
OF_THE_CLONE: Final = (ROOT / "README.md", ROOT / "docs" / "tutorial.md")
"""They run a workflow on this repository."""
OF_THEIR_OWN: Final = (
    *OF_THE_CLONE,
    POSTGRESQL,
    OPENID_CONNECT,
    MANIFEST,
    ADAPTER,
    CONNECT,
    *ALONE,
)
SERVED: Final = [page for page in pages() if page not in OF_THEIR_OWN and blocks_of(page)]


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


@pytest.mark.parametrize("path", OF_THE_CLONE, ids=lambda path: path.stem)
def test_a_page_for_a_clone_does_what_it_says(
    path: Path, environment: dict[str, str], tmp_path: Path
) -> None:
    """Its blocks in order, with this repository as the project."""
    session = tmp_path / "session"
    session.mkdir()
    with guarded(tmp_path / "server", WORKBENCH_PROJECT_ROOT=str(ROOT)) as server:
        try_page(path, server, environment, session)


def test_the_page_on_connecting_does_what_it_says(
    environment: dict[str, str], tmp_path: Path
) -> None:
    """On a real agent."""
    for name in ("agent", "session"):
        (tmp_path / name).mkdir()
    agent = AgentServer(tmp_path / "agent", token="s3cret-of-the-agent")
    with agent.running(), guarded(tmp_path / "server") as server:
        known = {"A2A_TOKEN": agent.token}
        try_page(CONNECT, server, environment | known, tmp_path / "session", {"9000": agent.port})


def try_page(
    path: Path,
    server: Server,
    environment: dict[str, str],
    tmp_path: Path,
    ports: Mapping[str, int] | None = None,
) -> None:
    """The blocks of a page, in a session in this folder."""
    (server.records / "token").write_text(TOKEN + "\n")
    (server.records / "token").chmod(0o600)
    (tmp_path / ".workbench").symlink_to(server.records)
    known = {"WORKBENCH_DATA_DIR": str(server.records), "WORKBENCH_PORT": str(server.port)}
    replaced = {
        "8000": str(server.port),
        "8001": str(free_port()),
        "/tmp/shop": str(tmp_path / "shop"),
        **{shown: str(port) for shown, port in (ports or {}).items()},
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


@pytest.mark.parametrize("path", [MANIFEST, ADAPTER], ids=lambda path: path.stem)
def test_a_page_on_a_new_platform_does_what_it_says(
    path: Path, environment: dict[str, str], tmp_path: Path
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
    replaced = {"8000": port, "8090": platform, "/srv/box": str(tmp_path / "shared")}
    session = Session(tmp_path, environment | known, replaced)
    page = Page(session, f"http://127.0.0.1:{port}")
    try:
        for block in blocks_of(path):
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
