"""Walk the whole gate: denied, held for an approval, approved by another person, run, audited.

Start a server (`make run`), then in another terminal:

    .venv/bin/python examples/approve_a_run.py

It signs in as the first administrator, makes two people in the project `default` - one who may
launch, one who may approve - and lets them work under the policy that a project begins with.
"""

import asyncio
import hashlib
import json
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

from cli.client.connection import Connection
from cli.client.errors import ClientError

PROJECT: Final = "default"
DENIED: Final = ["sudo", "rm", "-rf", "/"]
HELD: Final = ["python3", "-c", "print('hello from an approved run')"]
END_S: Final = 60
LOOK_S: Final = 0.2

MEMBER = """
mutation ($input: MemberSetInput!) {
  memberSet(input: $input) { __typename ... on UserError { code message } }
}
"""
SIGN_IN = """
mutation ($input: TokenCreateInput!) {
  tokenCreate(input: $input) {
    __typename
    ... on TokenCreatePayload { token }
    ... on UserError { code message }
  }
}
"""
LAUNCH = """
mutation ($input: RunLaunchInput!) {
  runLaunch(input: $input) {
    __typename
    ... on RunLaunchPayload { run { id state blockedBy { id digest } } }
    ... on PolicyDenied { decision { risk reasons { code explanation } } }
    ... on UserError { code message }
  }
}
"""
INBOX = """
query ($id: ID!) {
  node(id: $id) { ... on Approval { shown digest requiredRole requestedBy { name } } }
}
"""
DECIDE = """
mutation ($input: ApprovalDecideInput!) {
  approvalDecide(input: $input) { __typename ... on UserError { code message } }
}
"""
READ = """
query ($id: ID!) {
  node(id: $id) { ... on Run { state exitCode logs { nodes { lines } } } }
}
"""


class Unexpected(Exception):
    """The gate did something else than this example says."""


def tell(what: str) -> None:
    print(what, flush=True)


async def done(connection: Connection, document: str, given: dict[str, Any]) -> dict[str, Any]:
    """The result of a mutation, whichever member of its union it is."""
    (result,) = (await connection.ask(document, {"input": given}, attempts=1)).values()
    return dict(result)


async def person(admin: Connection, name: str, roles: list[str]) -> Connection:
    """Somebody new with these roles in the project, signed in by a token of their own."""
    token = {"principal": name, "kind": "USER", "name": "approve_a_run"}
    made = await done(admin, SIGN_IN, token)
    if "token" not in made:
        raise Unexpected(f"no token for {name}: {made['message']}")
    await done(admin, MEMBER, {"project": PROJECT, "principal": name, "roles": roles})
    return Connection(url=admin.url, token=made["token"])


async def launched(operator: Connection, command: list[str]) -> dict[str, Any]:
    reason = "Show how the gate works"
    return await done(operator, LAUNCH, {"project": PROJECT, "command": command, "reason": reason})


async def decided(somebody: Connection, approval: dict[str, Any]) -> dict[str, Any]:
    given = {
        "id": approval["id"],
        "decision": "APPROVE",
        "reason": "It only prints a line",
        "digest": approval["digest"],
    }
    return await done(somebody, DECIDE, given)


def digest_of(shown: dict[str, Any]) -> str:
    """What docs/reference/approvals.md says of the digest, computed by ourselves."""
    text = json.dumps(shown, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


async def denied(operator: Connection) -> None:
    result = await launched(operator, DENIED)
    if result["__typename"] != "PolicyDenied":
        raise Unexpected(f"{DENIED} was not denied but {result}")
    tell(f"denied: {' '.join(DENIED)}: {result['decision']['reasons'][0]['explanation']}")


async def held(operator: Connection) -> dict[str, Any]:
    result = await launched(operator, HELD)
    if result["__typename"] != "RunLaunchPayload" or result["run"]["state"] != "BLOCKED":
        raise Unexpected(f"{HELD} was not held but {result}")
    tell(f"held for an approval: {' '.join(HELD)}")
    return dict(result["run"])


async def approved(operator: Connection, approver: Connection, approval: dict[str, Any]) -> None:
    own = await decided(operator, approval)
    if own["__typename"] == "ApprovalDecidePayload":
        raise Unexpected("who asked could approve it")
    tell(f"who asked may not approve it: {own['code']}")
    seen = (await approver.ask(INBOX, {"id": approval["id"]}))["node"]
    if digest_of(seen["shown"]) != seen["digest"]:
        raise Unexpected("the digest is not that of what is shown")
    result = await decided(approver, approval)
    if result["__typename"] != "ApprovalDecidePayload":
        raise Unexpected(f"the approver was refused: {result['message']}")
    tell(f"approved by another person, bound to {seen['digest'][:12]}...")


async def ended(operator: Connection, run_id: str) -> None:
    async with asyncio.timeout(END_S):
        while True:
            run = (await operator.ask(READ, {"id": run_id}))["node"]
            if run["state"] in {"SUCCEEDED", "FAILED", "CANCELED"}:
                break
            await asyncio.sleep(LOOK_S)
    lines = [line for batch in run["logs"]["nodes"] for line in batch["lines"]]
    tell(f"dispatched: {run['state']}, exit code {run['exitCode']}: {' '.join(lines)}")


def audited() -> None:
    """By the program on the server's machine; examples/verify_audit.py does it without."""
    workbench = Path(sys.executable).with_name("workbench")
    proof = subprocess.run(
        [str(workbench), "audit", "verify"], capture_output=True, text=True, check=False
    )
    if proof.returncode:
        raise Unexpected(proof.stdout + proof.stderr)
    tell("the audit log is whole")


async def main() -> None:
    admin = Connection.from_environment()
    operator = await person(admin, "example-operator", ["OPERATOR"])
    approver = await person(admin, "example-approver", ["ELEVATED_APPROVER"])
    await denied(operator)
    run = await held(operator)
    await approved(operator, approver, run["blockedBy"])
    await ended(operator, run["id"])
    audited()


if __name__ == "__main__":
    try:
        asyncio.run(main())
    except (ClientError, OSError, TimeoutError, Unexpected) as error:
        sys.exit(f"approve_a_run: {error}")
