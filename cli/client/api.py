"""The few operations this client uses, and what they answer with."""

from dataclasses import dataclass
from typing import Final

from cli.client import answers
from cli.client.connection import Connection, Fields
from cli.client.errors import Refused
from cli.client.moments import moment
from cli.client.sheets import looked_at_by
from cli.client.stream import Subscription

_LAUNCH: Final = """
mutation RunLaunch($input: RunLaunchInput!) {
  runLaunch(input: $input) {
    ... on RunLaunchPayload { run { id state blockedBy { id } } }
    ... on PolicyDenied { decision { reasons { code explanation } } }
    ... on UserError { code message }
  }
}
"""

_CANCEL: Final = """
mutation RunCancel($input: RunCancelInput!) {
  runCancel(input: $input) {
    ... on RunCancelPayload { run { id state } }
    ... on UserError { code message }
  }
}
"""

_READ: Final = """
query RunEnding($id: ID!) {
  node(id: $id) {
    ... on Run {
      state exitCode durationMs startedAt
      failure { code message }
      logStats { lines }
    }
  }
}
"""

_HELD: Final = """
query RunHeld($id: ID!) {
  node(id: $id) { ... on Run { waitsFor heldBy { scope provider reason } } }
}
"""

_ASKED: Final = """
query ApprovalAsked($id: ID!) {
  node(id: $id) {
    ... on Approval {
      id state requiredRole requiredCount expiresAt
      policyDecision { reasons { code explanation } }
    }
  }
}
"""

# Some have fields of the same names and other types, hence the aliases.
_EVENTS: Final = """
subscription RunFollow($id: ID!, $after: String) {
  runEvents(runId: $id, after: $after) {
    __typename
    cursor
    ... on RunStateChanged { to }
    ... on RunLogged { batch { stream firstLine lines } }
    ... on RunSynced { syncStatus reason providerStatusRaw }
    ... on RunAsked { question }
    ... on RunRerouted { provider why: reason }
    ... on RunCancelRequested { reason }
    ... on RunApprovalRequested { approvalId }
    ... on RunApprovalDecided { state decision }
    ... on RunOutputsRefused { message }
    ... on LogsTruncated { keptLines }
    ... on LogsExpired { fromLine: from toLine: to }
  }
}
"""

_FINAL: Final = frozenset({"SUCCEEDED", "FAILED", "CANCELED"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Launched:
    """A run as it was right after the launch."""

    id: str
    state: str
    asks: str | None = None
    """The approval that it waits for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """How a run ended."""

    state: str
    exit_code: int | None = None
    failure_code: str | None = None
    failure_message: str | None = None
    duration_ms: int | None = None
    has_started: bool = True
    lines: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class StateChanged:
    """The run is in another state."""

    state: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Printed:
    """Lines of one stream."""

    is_stderr: bool
    lines: list[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Noticed:
    """Something else a person wants to know."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """People are asked whether it may run."""

    approval_id: str


Happening = StateChanged | Printed | Noticed
"""What is shown."""


async def launch(connection: Connection, given: Fields) -> Launched:
    """Raises Refused, Unreachable."""
    answer = await connection.ask(_LAUNCH, {"input": dict(given)})
    run = answers.payload(answer, "runLaunch")["run"]
    asks = (run["blockedBy"] or {}).get("id")
    return Launched(id=run["id"], state=run["state"], asks=asks)


async def cancel(connection: Connection, run_id: str) -> None:
    """Raises Refused, Unreachable. Asking twice does what asking once does."""
    given = {"input": {"id": run_id, "reason": "Ctrl-C"}}
    answers.payload(await connection.ask(_CANCEL, given), "runCancel")


async def ending(connection: Connection, run_id: str) -> Ending:
    """Of a run that has ended. Raises Refused, Unreachable."""
    run = (await connection.ask(_READ, {"id": run_id})).get("node")
    if not run:
        raise Refused("NOT_FOUND", "The run is gone.")
    failure = run["failure"] or {}
    return Ending(
        state=run["state"],
        exit_code=run["exitCode"],
        failure_code=failure.get("code"),
        failure_message=failure.get("message"),
        duration_ms=run["durationMs"],
        has_started=run["startedAt"] is not None,
        lines=run["logStats"]["lines"],
    )


async def asked(connection: Connection, approval_id: str) -> Noticed | None:
    """Who has to agree, until when, and by what; None once that is decided. Raises Refused,
    Unreachable."""
    approval = (await connection.ask(_ASKED, {"id": approval_id})).get("node")
    if not approval or approval["state"] != "PENDING":
        return None
    wanted = f"{approval['requiredCount']} with the right of {approval['requiredRole']}"
    until = moment(approval["expiresAt"])
    text = f"It waits for {wanted}, until {until}: {looked_at_by(approval['id'])}"
    return Noticed(text=f"{answers.explained(approval['policyDecision'])} {text}")


async def held(connection: Connection, run_id: str) -> Noticed | None:
    """Which kill switch keeps a queued run from its provider; None where none does. Raises Refused,
    Unreachable."""
    run = (await connection.ask(_HELD, {"id": run_id})).get("node")
    if not run or "KILL_SWITCH" not in run["waitsFor"] or not (switch := run["heldBy"]):
        return None
    whose = f"provider {switch['provider']}" if switch["provider"] else switch["scope"].lower()
    reason = f" Reason: {switch['reason']}" if switch["reason"] else ""
    text = f"It waits until the kill switch of the {whose} is released.{reason}"
    return Noticed(text=text)


def events_of(run_id: str) -> Subscription:
    """All that happens to a run, to its end."""
    return Subscription(
        document=_EVENTS, variables={"id": run_id}, field="runEvents", is_last=_is_last
    )


def happening(event: Fields) -> Happening | Asked | None:
    """What an event means here; None for facts that a terminal has no use for."""
    match event:
        case {"__typename": "RunApprovalRequested", "approvalId": str(key)}:
            return Asked(approval_id=key)
        case {"__typename": "RunStateChanged", "to": str(state)}:
            return StateChanged(state=state)
        case {"__typename": "RunLogged", "batch": batch}:
            return Printed(is_stderr=batch["stream"] == "STDERR", lines=batch["lines"])
        case _:
            text = _notice(event)
            return Noticed(text=text) if text else None


def _notice(event: Fields) -> str | None:  # noqa: C901, PLR0911, PLR0912 - a closed branch
    match event:
        case {"__typename": "RunCancelRequested"}:
            return "Cancel was requested."
        case {"__typename": "RunApprovalDecided", "state": state, "decision": said}:
            return f"Approval: {state}" + (f" ({said})" if said else "")
        case {"__typename": "RunSynced", "syncStatus": status, "reason": reason}:
            told = reason or event.get("providerStatusRaw")
            return f"Sync with the provider: {status}" + (f" ({told})" if told else "")
        case {"__typename": "RunAsked", "question": question}:
            return f"It asks: {question}"
        case {"__typename": "RunRerouted", "provider": provider, "why": reason}:
            return f"It goes to {provider}: {reason}"
        case {"__typename": "RunOutputsRefused", "message": message}:
            return str(message)
        case {"__typename": "LogsTruncated", "keptLines": kept}:
            return f"It printed too much: only the first {kept} lines are kept."
        case {"__typename": "LogsExpired", "fromLine": first, "toLine": last}:
            return f"Lines {first} to {last} have expired."
        case _:
            return None


def _is_last(event: Fields) -> bool:
    return event["__typename"] == "RunStateChanged" and event["to"] in _FINAL
