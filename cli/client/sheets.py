"""An approval as a person reads it: every word of what would run, and no control of the screen."""

import json
import shlex
from collections.abc import Iterator
from typing import Final

from cli.client.connection import Fields
from cli.client.escaping import printable
from cli.client.moments import moment

COLUMNS: Final = ("ID", "STATE", "RISK", "NEEDS", "ASKED BY", "PROJECT", "UNTIL", "YOU", "WHAT")
_WHAT_CHARACTERS: Final = 60


def row(approval: Fields) -> tuple[str, ...]:
    """The cells of a list."""
    what = text_of(approval["shown"])
    if len(what) > _WHAT_CHARACTERS:
        what = f"{what[: _WHAT_CHARACTERS - 1]}…"
    return (
        approval["id"],
        approval["state"],
        approval["risk"],
        _needs(approval),
        told(approval["requestedBy"]["name"]),
        told(approval["project"]["slug"]),
        moment(approval["expiresAt"]),
        "may decide" if approval["canDecide"] else approval["ineligibleReason"],
        what,
    )


def sheet(approval: Fields) -> Iterator[tuple[str, str]]:
    """Label and text of each line."""
    shown, run = approval["shown"], approval["run"]
    yield "approval", approval["id"]
    yield "state", f"{approval['state']}, {_needs(approval)}"
    yield "asked by", f"{told(approval['requestedBy']['name'])}, {moment(approval['createdAt'])}"
    if approval["reason"]:
        yield "because", told(approval["reason"])
    if approval["breakGlass"]:
        yield "note", "break-glass: it would set the policy aside"
    yield "risk", f"{approval['risk']}, by version {approval['policyVersion']} of the policy"
    for explanation in _explanations(approval):
        yield "rule", told(explanation)
    yield "what", text_of(shown)
    yield from _of_step(shown) if "step" in shown else _of_run(shown)
    if run:
        yield "run", run["id"]
    if approval["stepRun"]:
        yield "in", f"workflow run {approval['stepRun']['workflowRun']['id']}"
    yield "project", told(approval["project"]["slug"])
    yield "until", moment(approval["expiresAt"])
    for vote in approval["decisions"]:
        yield "said", _vote(vote)
    yield "digest", approval["digest"]
    yield "you", "may decide on it" if approval["canDecide"] else _bar(approval)


def _of_run(shown: Fields) -> Iterator[tuple[str, str]]:
    yield "provider", told(shown["provider"])
    yield "folder", told(shown["cwd"])
    yield "variables", told(shown["envProfile"])
    yield "tools", told(" ".join(shown["toolScopes"])) or "none"


def _of_step(shown: Fields) -> Iterator[tuple[str, str]]:
    """A step that nothing is run for: people say whether what needs it goes on."""
    yield "step", f"attempt {shown['attempt']} in revision {shown['revision']} of the plan"
    for key, outputs in shown.get("outputs", {}).items():
        yield "outputs", told(f"{key}: {json.dumps(outputs, ensure_ascii=False)}")


def looked_at_by(approval_id: str) -> str:
    """The command that shows it, to be typed by whoever is asked."""
    return f"workbench approvals show {approval_id}"


def text_of(shown: Fields) -> str:
    """The command as a shell would take it, or the prompt; of a step, what is asked of it."""
    if "step" in shown:
        return told(f"leave {shown['step']} out" if "action" in shown else f"pass {shown['step']}")
    return told(shlex.join(shown["command"]) if shown["prompt"] is None else shown["prompt"])


def told(text: str) -> str:
    """On one line. Colors are spelled out as all that commands a terminal is: by them a command
    could hide a part of itself from whoever is to approve it."""
    return printable(text.replace("\x1b", "\\x1b").replace("\r", "\\r"))


def _needs(approval: Fields) -> str:
    agreed, count = approval["approvedCount"], approval["requiredCount"]
    return f"{agreed} of {count} {approval['requiredRole']}"


def _explanations(approval: Fields) -> list[str]:
    """Each once."""
    return list(dict.fromkeys(r["explanation"] for r in approval["policyDecision"]["reasons"]))


def _vote(vote: Fields) -> str:
    who = told(vote["approver"]["name"])
    if vote["onBehalfOf"]:
        who += f" for {told(vote['onBehalfOf']['name'])}"
    own = " (their own)" if vote["selfApproved"] else ""
    why = f": {told(vote['reason'])}" if vote["reason"] else ""
    return f"{who} {vote['decision']}{own}, {moment(vote['at'])}{why}"


def _bar(approval: Fields) -> str:
    return f"may not decide on it: {approval['ineligibleReason']}"
