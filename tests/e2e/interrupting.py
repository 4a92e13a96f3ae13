"""Workflows on a server that is killed at random moments, and what becomes of each of them."""

import asyncio
import json
import subprocess
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from random import Random
from typing import Any, Final

from tests.approving import DECIDE
from tests.e2e.client import Answer, Client, signed_in
from tests.e2e.server import COMMAND, Server
from tests.e2e.test_people import create, set_roles

END_S: Final = 300.0
LOOK_S: Final = 0.1
VERIFY_S: Final = 120.0
PAUSES: Final = 0.3
"""How often somebody has paused one of them when the server dies."""
STEP: Final = """echo "$1 $2" >> begun
sleep "$3"
[ "$2" != flaky ] || [ "$(grep -c "^$1 flaky$" begun)" -ge 2 ] || exit 1
echo "$1 $2" >> done
"""
PLANNED: Final = {"first": 1, "short": 1, "long": 1, "flaky": 2, "behind": 1, "last": 1}
"""How often each program begins."""
STEPS: Final = {**PLANNED, "gate": 1, "sign-off": 1}
"""How many attempts each step has."""
CREATE: Final = """mutation($input: WorkflowCreateInput!) { workflowCreate(input: $input) {
  ... on WorkflowCreatePayload { workflow { id } }
  ... on UserError { code message } ... on InvalidInput { faults { path message } } } }"""
START: Final = """mutation($input: WorkflowStartInput!) { workflowStart(input: $input) {
  ... on WorkflowStartPayload { workflowRun { id } } ... on UserError { code message } } }"""
ACT: Final = """mutation($input: WorkflowRunActionInput!) { %s(input: $input) {
  __typename ... on UserError { code message } } }"""
MOVING: Final = """{ project(slug: "default") { workflowRuns(
  filter: {states: [QUEUED, RUNNING, BLOCKED, PAUSED]}, first: 100) {
    nodes { id state stepRuns { blockedBy { id digest } } } } } }"""
ENDED: Final = """query($id: ID!) { node(id: $id) { ... on WorkflowRun {
  state startedAt finishedAt failure { code message } stepRuns { key state attempt } } } }"""


def program(key: str, seconds: float, *needs: str, **more: Any) -> Answer:
    command = ["sh", "step.sh", "${{ inputs.n }}", key, str(seconds)]
    return {"key": key, "needs": needs, "command": command, **more}


PLAN: Final = {
    "name": "interrupted",
    "inputs": {"type": "object", "properties": {"n": {"type": "string"}}, "required": ["n"]},
    "steps": [
        program("first", 0.05),
        program("short", 0.05, "first"),
        program("long", 0.6, "first"),
        program("flaky", 0.05, "first", retry={"attempts": 2, "backoffMs": 20}),
        {"key": "gate", "needs": ["flaky", "short"], "validate": "steps.flaky.attempt == 2"},
        {"key": "sign-off", "needs": ["gate"], "approval": {"role": "APPROVER"}},
        program("behind", 0.1, "sign-off"),
        program("last", 0.05, "behind", "long"),
    ],
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """`interruptions` counts each workflow run that was on its way when its server was killed;
    `survived` those whose run has ended as its plan says. `wrong` is what has become of others."""

    kills: int
    runs: int
    interruptions: int
    survived: int
    wrong: tuple[str, ...]

    @property
    def rate(self) -> float:
        return self.survived / self.interruptions


@dataclass(kw_only=True)
class Storm:
    """`width` workflow runs are on their way at any time, and people see to what waits for them."""

    server: Server
    chance: Random
    width: int
    workflow: str = ""
    approver: str = ""
    runs: list[str] = field(default_factory=list)
    killed_at: list[datetime] = field(default_factory=list)

    async def rage(self, kills: int) -> Tally:
        """So many deaths, then all goes on to its end."""
        async with signed_in(self.server) as admin:
            await self.prepare(admin)
        for _ in range(kills):
            await self.work()
            await asyncio.sleep(self.chance.uniform(0, 0.8))
            self.kill()
            await asyncio.to_thread(self.server.start)
        await self.settle()
        return await self.tally()

    def kill(self) -> None:
        """The server, as the machine would."""
        self.killed_at.append(datetime.now(UTC))
        self.server.kill()

    async def prepare(self, admin: Client) -> None:
        (self.server.root / "step.sh").write_text(STEP, encoding="utf-8")
        self.approver = (await create(admin, principal="anna", name="anna", kind="USER"))["token"]
        await set_roles(admin, "anna", "APPROVER")
        made = await admin.ask(CREATE, input={"project": "default", "yaml": json.dumps(PLAN)})
        self.workflow = made["workflowCreate"]["workflow"]["id"]

    async def work(self) -> None:
        """What people do before the next death: some of it is on its way as it comes."""
        async with self._people() as (admin, anna):
            moving = await self._help(admin, anna)
            for _ in range(self.width - len(moving)):
                given = {"workflowId": self.workflow, "inputs": {"n": str(len(self.runs))}}
                found = await admin.ask(START, input=given)
                self.runs.append(found["workflowStart"]["workflowRun"]["id"])
            if self.chance.random() < PAUSES:
                run_id = self.chance.choice(self.runs[-self.width :])
                await admin.ask(ACT % "workflowRunPause", input={"id": run_id})

    @asynccontextmanager
    async def _people(self) -> AsyncIterator[tuple[Client, Client]]:
        async with signed_in(self.server) as admin, signed_in(self.server, self.approver) as anna:
            yield admin, anna

    async def _help(self, admin: Client, anna: Client) -> list[Answer]:
        """Approve what is asked, and have what is paused go on; answers all that is on its way."""
        moving: list[Answer] = (await admin.ask(MOVING))["project"]["workflowRuns"]["nodes"]
        for run in moving:
            if run["state"] == "PAUSED":
                resumed = await admin.ask(ACT % "workflowRunResume", input={"id": run["id"]})
                told = resumed["workflowRunResume"]
                assert "WorkflowRunResumePayload" == told["__typename"], told
            for asked in filter(None, (step["blockedBy"] for step in run["stepRuns"])):
                await anna.ask(DECIDE, input={**asked, "decision": "APPROVE"})
        return moving

    async def settle(self) -> None:
        async with self._people() as (admin, anna), asyncio.timeout(END_S):
            while await self._help(admin, anna):
                await asyncio.sleep(LOOK_S)

    async def tally(self) -> Tally:
        begun, done = self.counted("begun"), self.counted("done")
        interruptions = survived = 0
        wrong: list[str] = []
        async with signed_in(self.server) as admin:
            for number, run_id in enumerate(self.runs):
                run = (await admin.ask(ENDED, id=run_id))["node"]
                cut = sum(_was_moving(run, at) for at in self.killed_at)
                interruptions += cut
                if _is_as_planned(run, begun[number], done[number]):
                    survived += cut
                else:
                    wrong.append(f"{number}: {run} {begun[number]} {done[number]}")
        return Tally(
            kills=len(self.killed_at),
            runs=len(self.runs),
            interruptions=interruptions,
            survived=survived,
            wrong=tuple(wrong),
        )

    async def check(self) -> None:
        """Nothing was done twice, and the audit log is whole."""
        for counted in self.counted("begun"):
            assert all(counted[key] <= most for key, most in PLANNED.items()), counted
        verified = await asyncio.to_thread(
            subprocess.run,
            [COMMAND, "audit", "verify"],
            env=self.server.environment(),
            capture_output=True,
            timeout=VERIFY_S,
            check=False,
        )
        assert 0 == verified.returncode, verified

    def counted(self, name: str) -> list[Counter[str]]:
        """How often each program has left a line in a file, for each of the runs."""
        counts = [Counter[str]() for _ in self.runs]
        path = self.server.root / name
        for line in path.read_text(encoding="utf-8").splitlines() if path.exists() else ():
            number, key = line.split()
            counts[int(number)][key] += 1
        return counts


def _was_moving(run: Answer, at: datetime) -> bool:
    began, ended = (datetime.fromisoformat(run[name]) for name in ("startedAt", "finishedAt"))
    return began <= at < ended


def _is_as_planned(run: Answer, begun: Counter[str], done: Counter[str]) -> bool:
    attempts = {step["key"]: step["attempt"] for step in run["stepRuns"]}
    is_whole = run["state"] == "SUCCEEDED" and attempts == STEPS
    return is_whole and begun == PLANNED and done == dict.fromkeys(PLANNED, 1)


async def interrupt(server: Server, *, kills: int, width: int, seed: int) -> Tally:
    """Kill a server so often while so many workflow runs are on their way. Raises nothing for what
    went wrong with them: that is in the tally. No program begins more often than planned, whatever
    else has become of its run, and the audit log is whole."""
    storm = Storm(server=server, chance=Random(seed), width=width)
    tally = await storm.rage(kills)
    await storm.check()
    return tally
