"""Runs on a real A2A agent, from the API to the agent and back, while either of both dies."""

import asyncio
import subprocess
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.adapters.a2a.serving import AgentServer
from tests.e2e.client import Client, signed_in
from tests.e2e.server import COMMAND, Server, serving
from tests.faults import Cut, Drop, Fault, FaultyProxy, Hold, Silence

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.xdist_group("e2e-a2a"),
    pytest.mark.timeout(300),
]

PATIENCE_S = 120.0
AGENT_TOKEN = "s3cret-of-the-agent"
CONFIGURE = """mutation($config: JSON!, $token: String!) {
  providerConfigure(input: {project: "default", provider: "a2a", config: $config}) { __typename }
  providerCredentialSet(
    input: {project: "default", provider: "a2a", name: "token", value: $token}
  ) { __typename }
  providerCheck(input: {project: "default", provider: "a2a"}) {
    ... on ProviderCheckPayload { health { status reason } } }
}"""
ANSWER = """mutation($id: ID!) { runAnswer(input: {id: $id, text: "Blue"}) { __typename } }"""
SYNC = """query($id: ID!) { node(id: $id) { ... on Run {
  state syncStatus degradedReason providerRunId providerStatusRaw } } }"""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    with serving(tmp_path) as started:
        yield started


@pytest.fixture
def agent(tmp_path: Path) -> Iterator[AgentServer]:
    folder = tmp_path / "agent"
    folder.mkdir()
    with AgentServer(folder, token=AGENT_TOKEN).running() as running:
        yield running


@pytest.fixture
async def proxy(anyio_backend: str, agent: AgentServer) -> AsyncIterator[FaultyProxy]:
    async with FaultyProxy(upstream=("127.0.0.1", agent.port)).running() as running:
        yield running


def is_start(head: bytes) -> bool:
    return b"/message:send" in head.partition(b"\r\n")[0]


async def configure(client: Client, proxy: FaultyProxy) -> None:
    config = {"url": proxy.url, "interfaceUrl": f"{proxy.url}/agent", "allowPrivate": True}
    found = await client.ask(CONFIGURE, config=config, token=AGENT_TOKEN)
    assert {"status": "HEALTHY", "reason": None} == found["providerCheck"]["health"]


async def launch(client: Client, prompt: str) -> str:
    result = await client.launch_result(provider="a2a", prompt=prompt)
    assert "RunLaunchPayload" == result["__typename"], result
    return str(result["run"]["id"])


async def until(client: Client, run: str, **wanted: str) -> dict[str, str]:
    async with asyncio.timeout(PATIENCE_S):
        while True:
            node = (await client.ask(SYNC, id=run))["node"]
            if wanted.items() <= node.items():
                return dict(node)
            await asyncio.sleep(0.1)


async def test_a_person_answers_an_agent(server: Server, proxy: FaultyProxy) -> None:
    """The run is blocked by the question, and goes on with the answer."""
    async with signed_in(server) as client:
        await configure(client, proxy)
        run = await launch(client, "ask Which color?")
        await until(client, run, state="BLOCKED")
        assert {"__typename": "RunAnswerPayload"} == (await client.ask(ANSWER, id=run))["runAnswer"]
        await until(client, run, state="SUCCEEDED")
        assert "answered: Blue" in await client.lines(run)


def checked(server: Server) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [COMMAND, "provider", "check", "a2a"],
        env=server.environment(),
        capture_output=True,
        text=True,
        check=False,
    )


async def test_a_live_agent_gets_a_score_card(
    server: Server, agent: AgentServer, proxy: FaultyProxy
) -> None:
    """With the config and the credential of the project, beside the server that runs."""
    unset = await asyncio.to_thread(checked, server)
    assert (2, 1) == (unset.returncode, len(unset.stderr.splitlines())), unset.stderr
    async with signed_in(server) as client:
        await configure(client, proxy)
    card = await asyncio.to_thread(checked, server)
    assert (0, "a2a: 7 of 7") == (card.returncode, card.stdout.splitlines()[-1]), card.stdout
    agent.kill()
    away = await asyncio.to_thread(checked, server)
    assert 1 == away.returncode
    assert "FAIL takes work now: The provider " in away.stdout
    assert AGENT_TOKEN not in card.stdout + away.stdout + card.stderr + away.stderr


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("{server}", "does not call itself"),
        ("http://169.254.169.254", "machines tell their secrets"),
        ("http://[::ffff:169.254.169.254]", "machines tell their secrets"),
    ],
)
async def test_a_config_cannot_make_the_server_look_inside(
    server: Server, url: str, why: str
) -> None:
    """Neither at itself nor at what a cloud tells its machines, also where private addresses are
    allowed."""
    config = {"url": url.format(server=server.url), "allowPrivate": True}
    async with signed_in(server) as client:
        found = await client.ask(CONFIGURE, config=config, token=AGENT_TOKEN)
    health = found["providerCheck"]["health"]
    assert "UNAVAILABLE" == health["status"]
    assert why in health["reason"]


async def test_an_agent_dies_and_comes_back(
    server: Server, agent: AgentServer, proxy: FaultyProxy
) -> None:
    """Lines stream, its death shows with a reason, its return heals, and a cancel arrives."""
    async with signed_in(server) as client:
        await configure(client, proxy)
        counting = await launch(client, "count 40")
        ended = await until(client, counting, state="SUCCEEDED")
        assert "TASK_STATE_COMPLETED" == ended["providerStatusRaw"]
        assert [f"line {n}" for n in range(40)] == await client.lines(counting)

        waiting = await launch(client, "wait")
        await until(client, waiting, state="RUNNING", providerStatusRaw="TASK_STATE_WORKING")
        agent.kill()
        doubted = await until(client, waiting, syncStatus="STALE")
        assert doubted["degradedReason"]
        await asyncio.to_thread(agent.start)
        await until(client, waiting, syncStatus="IN_SYNC", state="RUNNING")
        await client.cancel(waiting)
        await until(client, waiting, state="CANCELED")
    assert AGENT_TOKEN not in server.log.read_text()


@pytest.mark.parametrize(
    "fault", [Silence(), Hold(), Cut(0), Cut(40), Drop()], ids=lambda fault: type(fault).__name__
)
async def test_a_run_starts_once_whenever_the_server_is_killed(
    server: Server, agent: AgentServer, proxy: FaultyProxy, fault: Fault
) -> None:
    """Before the agent got the message, after, and while its answer was on the way."""
    async with signed_in(server) as client:
        await configure(client, proxy)
        proxy.breaks(fault, is_start)
        run = await launch(client, "count 5")
        async with asyncio.timeout(PATIENCE_S):
            while not any(is_start(head) for head in proxy.heads):
                await asyncio.sleep(0.01)
            if isinstance(fault, Hold | Silence):
                await proxy.held.wait()
    server.kill()
    proxy.mend()
    await asyncio.to_thread(server.start)
    async with signed_in(server) as client:
        await until(client, run, state="SUCCEEDED")
        assert [f"line {n}" for n in range(5)] == await client.lines(run)
    assert 1 == len((agent.folder / "received").read_text(encoding="utf-8").split())
