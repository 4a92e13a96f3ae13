"""Two real servers on one PostgreSQL with workflows between them, one of which is killed."""

import asyncio
import json
from pathlib import Path
from random import Random
from typing import Any, Final

import pytest

from adapters.local.protocol import ORDER_NAME
from tests.e2e.client import Answer, Client, signed_in
from tests.e2e.interrupting import CREATE, START, Storm
from tests.e2e.server import guarded, serving

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.xdist_group("e2e-two-servers"),
    pytest.mark.timeout(400),
]

LEASE_S: Final = "2"
WAIT_S: Final = 120.0
STATES: Final = """query($id: ID!) { node(id: $id) { ... on WorkflowRun { state
  stepRuns { key state attempt } } } }"""
HELD: Final = "echo held >> begun; until [ -e go ]; do sleep 0.02; done; echo held >> done"


@pytest.fixture
def variables(postgres_database_url: str) -> dict[str, str]:
    return {"WORKBENCH_DATABASE_URL": postgres_database_url, "WORKBENCH_LEASE_S": LEASE_S}


async def test_the_other_server_goes_on(tmp_path: Path, variables: dict[str, str]) -> None:
    """On one machine, with one data directory: killed in the middle of what it was asked for, and
    never started again, the one leaves nothing undone, and the other does nothing of it twice."""
    with serving(tmp_path, **variables) as one, guarded(tmp_path, **variables) as two:
        storm = Storm(server=one, chance=Random(2), width=6)
        async with signed_in(one) as admin:
            await storm.prepare(admin)
        await storm.work()
        async with asyncio.timeout(WAIT_S):
            while sum(each["first"] for each in storm.counted("begun")) < storm.width:
                await asyncio.sleep(0.01)
        storm.kill()
        storm.server = two
        await storm.settle()
        tally = await storm.tally()
        await storm.check()

    assert () == tally.wrong
    assert 6 == tally.interruptions


async def start(client: Client, *steps: Answer) -> str:
    text = json.dumps({"name": "apart", "steps": steps})
    made = await client.ask(CREATE, input={"project": "default", "yaml": text})
    given = {"workflowId": made["workflowCreate"]["workflow"]["id"]}
    return str((await client.ask(START, input=given))["workflowStart"]["workflowRun"]["id"])


async def states(client: Client, run_id: str) -> dict[str, Any]:
    run = (await client.ask(STATES, id=run_id))["node"]
    assert {1, 0} >= {step["attempt"] for step in run["stepRuns"]}
    return {"": run["state"], **{step["key"]: step["state"] for step in run["stepRuns"]}}


async def until(client: Client, run_id: str, **wanted: str) -> dict[str, Any]:
    """As they are once these steps are so."""
    deadline = asyncio.get_running_loop().time() + WAIT_S
    while not wanted.items() <= (found := await states(client, run_id)).items():
        assert asyncio.get_running_loop().time() < deadline, found
        await asyncio.sleep(0.05)
    return found


async def test_what_lies_on_the_machine_of_a_dead_server_waits_for_it(
    tmp_path: Path, variables: dict[str, str]
) -> None:
    """On two machines: what else there is to do goes on, and what had begun on the machine of the
    dead one is neither given up nor begun elsewhere. It has gone on there, and is heard of when a
    server is back on that machine."""
    (tmp_path / "held.sh").write_text(HELD, encoding="utf-8")
    root = {"WORKBENCH_PROJECT_ROOT": str(tmp_path)}
    with (
        serving(tmp_path / "a", **variables, **root) as one,
        serving(tmp_path / "b", **variables, **root) as two,
    ):
        held = {"key": "held", "needs": [], "command": ["sh", "held.sh"]}
        after = {"key": "after", "needs": ["held", "beside"], "command": ["true"]}
        beside = {"key": "beside", "needs": ["sign"], "command": ["true"]}
        sign = {"key": "sign", "needs": [], "validate": "true"}
        async with signed_in(one) as client:
            run_id = await start(client, held, sign, beside, after)
            await until(client, run_id, held="RUNNING", beside="SUCCEEDED")
        is_here = any(one.spool.glob(f"*/{ORDER_NAME}"))
        dead, alive = (one, two) if is_here else (two, one)
        dead.kill()
        async with signed_in(alive) as client:
            other = await start(client, {"key": "x", "command": ["true"]})
            await until(client, other, x="SUCCEEDED")
            await asyncio.sleep(2 * float(LEASE_S))
            waiting = await states(client, run_id)
        (tmp_path / "go").touch()
        dead.start()
        async with signed_in(dead) as client:
            ended = await until(client, run_id, **{"": "SUCCEEDED"})

    assert {"": "RUNNING", "held": "RUNNING", "beside": "SUCCEEDED", "sign": "SUCCEEDED"} == {
        key: state for key, state in waiting.items() if key != "after"
    }
    assert {"SUCCEEDED"} == set(ended.values())
    assert "held\n" == (tmp_path / "begun").read_text() == (tmp_path / "done").read_text()
