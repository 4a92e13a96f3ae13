"""Connect an A2A agent, a Ray cluster or both: configure, check, run, cancel, lose it, see it heal.

Start a server (`make run`), then in another terminal:

    A2A_TOKEN=... .venv/bin/python examples/connect_providers.py --agent https://agent.example.org

It signs in as the first administrator, makes two people in the project `default`, and lets one
launch what the other approves. Secrets come from A2A_TOKEN and RAY_AUTH_TOKEN. With --until-healed
it says when to kill the provider and when to bring it back, and tells what becomes of a run.

It ends with 0 when all of it was seen, 3 where a provider is not healthy, 4 where it was not killed
or did not heal in time, 1 for anything else.
"""

import argparse
import asyncio
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from cli.client.connection import Connection, Fields
from cli.client.errors import ClientError
from cli.client.stream import Subscription, follow

PROJECT: Final = "default"
UNHEALTHY: Final = 3
UNHEALED: Final = 4
END_S: Final = 300
LOOK_S: Final = 0.5
ENDS: Final = {"SUCCEEDED", "FAILED", "CANCELED"}

MEMBER = """
mutation ($input: MemberSetInput!) {
  memberSet(input: $input) { __typename ... on UserError { code message } }
}
"""
SIGN_IN = """
mutation ($input: TokenCreateInput!) {
  tokenCreate(input: $input) {
    __typename ... on TokenCreatePayload { token } ... on UserError { code message }
  }
}
"""
CONFIGURE = """
mutation ($input: ProviderConfigureInput!) {
  providerConfigure(input: $input) {
    __typename ... on UserError { code message } ... on InvalidInput { path }
  }
}
"""
SET_CREDENTIAL = """
mutation ($input: ProviderCredentialSetInput!) {
  providerCredentialSet(input: $input) { __typename ... on UserError { code message } }
}
"""
CHECK = """
mutation ($input: ProviderCheckInput!) {
  providerCheck(input: $input) {
    __typename ... on ProviderCheckPayload { health { status reason } } ... on UserError { message }
  }
}
"""
LAUNCH = """
mutation ($input: RunLaunchInput!) {
  runLaunch(input: $input) {
    __typename
    ... on RunLaunchPayload { run { id blockedBy { id digest } } }
    ... on UserError { code message }
  }
}
"""
DECIDE = """
mutation ($input: ApprovalDecideInput!) {
  approvalDecide(input: $input) { __typename ... on UserError { code message } }
}
"""
FOLLOW = """
subscription ($id: ID!, $after: String) {
  runEvents(runId: $id, after: $after) {
    __typename cursor
    ... on RunStateChanged { to failure { message } }
    ... on RunLogged { batch { lines } }
  }
}
"""
CANCEL = """
mutation ($input: RunCancelInput!) {
  runCancel(input: $input) { __typename ... on UserError { code message } }
}
"""
READ = """query ($id: ID!) { node(id: $id) { ... on Run {
  state syncStatus degraded degradedReason providerStatusRaw nextReconcileAt
} } }"""
RESOLVE = """
mutation ($id: ID!, $reason: String!) {
  runReconcile(id: $id, resolveAs: CANCELED, reason: $reason) {
    __typename ... on UserError { code message }
  }
}
"""


class Unexpected(Exception):
    """The workbench or a provider did something else than this example says."""


class Unhealthy(Unexpected):
    """The provider does not take work; its own reason is the message."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Connector:
    """A provider, what it wants, and two pieces of work: one that ends and one that lasts."""

    key: str
    config: Fields
    token: str | None
    work: Fields
    lasting: Fields

    def tell(self, what: str) -> None:
        print(f"{self.key}: {what}", flush=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class People:
    """Who configures, who launches, and who approves."""

    admin: Connection
    operator: Connection
    approver: Connection


async def done(connection: Connection, document: str, given: Fields) -> Fields:
    """The result of a mutation, whichever member of its union it is."""
    (result,) = (await connection.ask(document, {"input": given}, attempts=1)).values()
    return dict(result)


def expected(result: Fields, payload: str) -> None:
    """Raises Unexpected with what the server says where it is something else."""
    if result["__typename"] != payload:
        place = f" ({result['path']})" if result.get("path") else ""
        raise Unexpected(f"{result.get('message', result['__typename'])}{place}")


async def person(admin: Connection, name: str, role: str) -> Connection:
    """Somebody with this role in the project, signed in by a token of their own."""
    token = {"principal": name, "kind": "USER", "name": "connect_providers"}
    made = await done(admin, SIGN_IN, token)
    expected(made, "TokenCreatePayload")
    member = {"project": PROJECT, "principal": name, "roles": [role]}
    expected(await done(admin, MEMBER, member), "MemberSetPayload")
    return Connection(url=admin.url, token=made["token"])


async def configured(people: People, connector: Connector) -> None:
    """Config, then the secret, which nothing will ever answer with."""
    place = {"project": PROJECT, "provider": connector.key}
    result = await done(people.admin, CONFIGURE, {**place, "config": connector.config})
    expected(result, "ProviderConfigurePayload")
    connector.tell("configured")
    if connector.token is not None:
        secret = {"name": "token", "value": connector.token}
        result = await done(people.admin, SET_CREDENTIAL, {**place, **secret})
        expected(result, "ProviderCredentialSetPayload")
        connector.tell("its credential is set")


async def checked(people: People, connector: Connector) -> None:
    """Asked something harmless with the credential, now."""
    result = await done(people.admin, CHECK, {"project": PROJECT, "provider": connector.key})
    expected(result, "ProviderCheckPayload")
    health = result["health"]
    if health["status"] != "HEALTHY":
        raise Unhealthy(f"{connector.key} is {health['status']}: {health['reason']}")
    connector.tell("healthy")


async def launched(people: People, connector: Connector, work: Fields) -> str:
    """The id of a run that has all the approvals it needs."""
    given = {"project": PROJECT, "provider": connector.key, "reason": "Show the provider", **work}
    result = await done(people.operator, LAUNCH, given)
    expected(result, "RunLaunchPayload")
    run: dict[str, Any] = result["run"]
    if run["blockedBy"] is None:
        connector.tell("launched")
        return str(run["id"])
    vote = {**run["blockedBy"], "decision": "APPROVE", "reason": "It shows the provider"}
    expected(await done(people.approver, DECIDE, vote), "ApprovalDecidePayload")
    connector.tell("launched, and approved by another person")
    return str(run["id"])


def is_end(event: Fields) -> bool:
    return event.get("to") in ENDS


async def followed(people: People, connector: Connector, run_id: str, *, cancel: bool) -> str:
    """Show the log as it comes, ask for a cancel once it runs if that is wanted; how it ended."""
    given = {"id": run_id}
    events = Subscription(document=FOLLOW, variables=given, field="runEvents", is_last=is_end)
    state = ""
    async with asyncio.timeout(END_S):
        async for event in follow(people.operator, events):
            for line in event.get("batch", {}).get("lines", ()):
                print(f"{connector.key}> {line}", flush=True)
            state = event.get("to", state)
            if cancel and event.get("to") == "RUNNING":
                await canceled(people, run_id)
    return state


async def canceled(people: People, run_id: str) -> None:
    result = await done(people.operator, CANCEL, {"id": run_id, "reason": "Seen enough"})
    expected(result, "RunCancelPayload")


async def ended(people: People, connector: Connector, work: Fields, wanted: str) -> None:
    """Launch, follow to the end, and compare the end."""
    run_id = await launched(people, connector, work)
    state = await followed(people, connector, run_id, cancel=wanted == "CANCELED")
    if state != wanted:
        raise Unexpected(f"{connector.key}: the run ended as {state}, not as {wanted}")
    connector.tell(state)


async def reached(people: People, run_id: str, holds: Callable[[Fields], bool]) -> Fields:
    """The run, once this holds of it, or once it has ended."""
    while True:
        run: Fields = (await people.operator.ask(READ, {"id": run_id}))["node"]
        if holds(run) or run["state"] in ENDS:
            return run
        await asyncio.sleep(LOOK_S)


def is_doubted(run: Fields) -> bool:
    return bool(run["degraded"] and run["nextReconcileAt"])


def is_settled(run: Fields) -> bool:
    """Healed, or the provider answers and what it says makes no sense: it may have forgotten."""
    return bool(run["syncStatus"] != "STALE")


async def healed(people: People, connector: Connector, patience_s: float) -> None:
    """Watch a run while somebody kills its provider and brings it back. Raises TimeoutError."""
    run_id = await launched(people, connector, connector.lasting)
    async with asyncio.timeout(END_S):
        await reached(people, run_id, lambda run: bool(run["providerStatusRaw"]))
    async with asyncio.timeout(patience_s):
        connector.tell("a run is there: kill the provider now")
        doubted = await reached(people, run_id, is_doubted)
        connector.tell(f"degraded: {doubted['degradedReason']}")
        connector.tell(f"next check: {doubted['nextReconcileAt']}; bring the provider back now")
        run = await reached(people, run_id, is_settled)
    if run["state"] in ENDS:
        raise Unexpected(f"{connector.key}: the run ended as {run['state']}")
    if run["degraded"]:
        await decided(people, connector, run_id, run["degradedReason"])
    else:
        connector.tell(f"healed: {run['state']}")
        await canceled(people, run_id)
        connector.tell(await followed(people, connector, run_id, cancel=False))


async def decided(people: People, connector: Connector, run_id: str, reason: str) -> None:
    """The provider is back without the run: how that ended only a person can say."""
    connector.tell(f"it is back without the run: {reason}")
    given = {"id": run_id, "reason": "The provider was killed"}
    (result,) = (await people.operator.ask(RESOLVE, given, attempts=1)).values()
    expected(result, "RunReconcilePayload")
    connector.tell("decided: CANCELED")


async def walked(people: People, connector: Connector, options: argparse.Namespace) -> None:
    await configured(people, connector)
    await checked(people, connector)
    await ended(people, connector, connector.work, "SUCCEEDED")
    await ended(people, connector, connector.lasting, "CANCELED")
    if options.until_healed:
        await healed(people, connector, options.patience)


def connectors(options: argparse.Namespace) -> list[Connector]:
    private = {"allowPrivate": True} if options.allow_private else {}
    made = []
    if options.agent:
        made.append(
            Connector(
                key="a2a",
                config={"url": options.agent, **private},
                token=os.environ.get("A2A_TOKEN"),
                work={"prompt": options.prompt},
                lasting={"prompt": options.lasting_prompt},
            )
        )
    if options.ray:
        counting = "for n in 1 2 3; do echo line $n; sleep 1; done"
        made.append(
            Connector(
                key="ray",
                config={"url": options.ray, **private},
                token=os.environ.get("RAY_AUTH_TOKEN"),
                work={"command": ["sh", "-c", counting]},
                lasting={"command": ["sleep", "3600"]},
            )
        )
    return made


def read() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--agent", metavar="URL", help="an A2A agent")
    parser.add_argument("--ray", metavar="URL", help="the dashboard of a Ray cluster")
    parser.add_argument("--allow-private", action="store_true", help="they are in your own network")
    parser.add_argument("--prompt", default="Say hello.", help="what the agent soon has done")
    parser.add_argument("--lasting-prompt", default="Count slowly to a million.")
    parser.add_argument("--until-healed", action="store_true", help="and lose each provider once")
    parser.add_argument("--patience", type=float, default=900, help="seconds for that")
    options = parser.parse_args()
    if not (options.agent or options.ray):
        parser.error("give --agent, --ray or both")
    return options


async def main() -> None:
    options = read()
    admin = Connection.from_environment()
    people = People(
        admin=admin,
        operator=await person(admin, "example-operator", "OPERATOR"),
        approver=await person(admin, "example-approver", "ELEVATED_APPROVER"),
    )
    for connector in connectors(options):
        await walked(people, connector, options)


if __name__ == "__main__":
    try:
        asyncio.run(main())
    except TimeoutError:
        print("connect_providers: not in time", file=sys.stderr)
        sys.exit(UNHEALED)
    except (ClientError, OSError, Unexpected) as error:
        print(f"connect_providers: {error}", file=sys.stderr)
        sys.exit(UNHEALTHY if isinstance(error, Unhealthy) else 1)
