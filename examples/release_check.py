"""Run examples/release_check.yaml on this repository, from its start to its package.

Start a server (`make run`), then in another terminal:

    .venv/bin/python examples/release_check.py [INPUT=VALUE ...]

It signs in as the first administrator, starts the workflow, tells of each step, approves in the
name of another person, and writes what came of it to dist/release-check/.
"""

import asyncio
import hashlib
import sys
from pathlib import Path
from typing import Any, Final

import httpx

from cli.client import workflow_runs, workflows
from cli.client.connection import Connection
from cli.client.errors import ClientError

PROJECT: Final = "default"
FILE: Final = Path(__file__).with_suffix(".yaml")
LEFT_IN: Final = Path("dist", "release-check")
END_S: Final = 1800
LOOK_S: Final = 0.2
OVER: Final = ("SUCCEEDED", "FAILED", "CANCELED", "PAUSED")
SIGN_IN = """
mutation ($input: TokenCreateInput!) {
  made: tokenCreate(input: $input) {
    ... on TokenCreatePayload { token }
    ... on UserError { code message }
  }
}
"""
MEMBER = """
mutation ($input: MemberSetInput!) {
  made: memberSet(input: $input) { __typename ... on UserError { code message } }
}
"""
APPROVAL = """
query ($id: ID!) { node(id: $id) { ... on Approval { digest shown } } }
"""
DECIDE = """
mutation ($input: ApprovalDecideInput!) {
  made: approvalDecide(input: $input) { __typename ... on UserError { code message } }
}
"""
LEFT = """
query ($id: ID!) {
  node(id: $id) {
    ... on WorkflowRun {
      report(format: HTML)
      stepRuns { run { artifacts(first: 10) { nodes { name sha256 url } } } }
    }
  }
}
"""


class Unexpected(Exception):
    """The workflow did something else than this example says."""


async def done(connection: Connection, document: str, given: dict[str, Any]) -> dict[str, Any]:
    made = dict((await connection.ask(document, {"input": given}, attempts=1))["made"])
    if "message" in made:
        raise Unexpected(made["message"])
    return made


async def approver(admin: Connection) -> Connection:
    """Another person: whoever starts a workflow does not approve what it asks, and one that asks
    what nobody could answer is not taken."""
    who = "release-approver"
    token = {"principal": who, "kind": "USER", "name": "release_check"}
    made = await done(admin, SIGN_IN, token)
    await done(admin, MEMBER, {"project": PROJECT, "principal": who, "roles": ["APPROVER"]})
    return Connection(url=admin.url, token=made["token"])


async def started(admin: Connection, words: list[str]) -> str:
    workflow = await workflows.create(admin, PROJECT, FILE.read_text(encoding="utf-8"))
    inputs = workflows.inputs_of(words, workflow["inputs"])
    given = {"workflowId": workflow["id"], "inputs": inputs, "reason": "Check before a release"}
    return await workflow_runs.start(admin, given)


async def followed(admin: Connection, somebody: Connection, run_id: str) -> None:
    """Tell of what has changed since the last look, and see to the question when it comes."""
    told: dict[str, str] = {}
    async with asyncio.timeout(END_S):
        while True:
            run = await workflow_runs.read(admin, run_id)
            for step in run["stepRuns"]:
                if step["state"] not in {"PENDING", told.get(step["key"])}:
                    told[step["key"]] = step["state"]
                    print(f"{step['key']}: {step['state']}", flush=True)
                    await answered(somebody, step)
            if run["state"] in OVER:
                break
            await asyncio.sleep(LOOK_S)
    if run["state"] != "SUCCEEDED":
        raise Unexpected(f"it is {run['state']}: {run['failure']}")


async def answered(somebody: Connection, step: dict[str, Any]) -> None:
    """Approve what the workflow asks; the digest says what was seen."""
    if step["blockedBy"] is None:
        return
    approval = step["blockedBy"]["id"]
    seen = (await somebody.ask(APPROVAL, {"id": approval}))["node"]
    given = {"id": approval, "decision": "APPROVE", "digest": seen["digest"]}
    await done(somebody, DECIDE, {**given, "reason": "The gate has passed"})
    print(f"approved by another person, bound to {seen['digest'][:12]}...", flush=True)


async def taken(admin: Connection, run_id: str) -> None:
    """Keep the report and what the steps have left, and look whether that is as recorded."""
    run = (await admin.ask(LEFT, {"id": run_id}))["node"]
    left = [
        one for step in run["stepRuns"] if step["run"] for one in step["run"]["artifacts"]["nodes"]
    ]
    LEFT_IN.mkdir(parents=True, exist_ok=True)
    report = LEFT_IN / "report.html"
    report.write_text(run["report"], encoding="utf-8")
    print(f"report {report}: {len(run['report'])} characters", flush=True)
    async with httpx.AsyncClient(base_url=admin.url) as client:
        for one in left:
            content = (await client.get(one["url"])).raise_for_status().content
            if hashlib.sha256(content).hexdigest() != one["sha256"]:
                raise Unexpected(f"{one['name']} is not what was recorded")
            (LEFT_IN / Path(one["name"]).name).write_bytes(content)
            print(f"artifact {one['name']}: {len(content)} bytes, as recorded", flush=True)


async def main(words: list[str]) -> None:
    admin = Connection.from_environment()
    somebody = await approver(admin)
    run_id = await started(admin, words)
    await followed(admin, somebody, run_id)
    await taken(admin, run_id)


if __name__ == "__main__":
    try:
        asyncio.run(main(sys.argv[1:]))
    except (ClientError, OSError, TimeoutError, Unexpected, ValueError, httpx.HTTPError) as error:
        sys.exit(f"release_check: {error}")
