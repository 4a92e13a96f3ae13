"""What one does to a workflow run and its steps: `workbench workflow pause`, `resume` and so on."""

from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Final

import typer

from cli.asking import ask, print_json, print_lines
from cli.client import workflow_runs
from cli.client.connection import Connection, Fields
from cli.client.errors import Refused
from cli.client.escaping import printable
from cli.client.exits import REFUSED
from cli.client.sheets import looked_at_by
from cli.workflow_group import (
    EPILOG,
    AsJson,
    File,
    Id,
    Key,
    Reason,
    Why,
    text_of,
    workflow_group,
)

_IMPACT_EPILOG: Final = (
    "Exit code: 0 it could be done, 125 it would be refused or there is no such workflow run, 1 "
    "the server could not be asked."
)
_TELLS: Final = (
    ("reruns", "done once more"),
    ("stays", "stays as it is"),
    ("starts", "can start then"),
    ("cancels", "is stopped"),
)


class Action(StrEnum):
    """What can be done to a workflow run."""

    PAUSE = "pause"
    RESUME = "resume"
    CANCEL = "cancel"
    RETRY = "retry"
    SKIP = "skip"
    REPLAN = "replan"


_IN_API: Final = {
    Action.PAUSE: "PAUSE",
    Action.RESUME: "RESUME",
    Action.CANCEL: "CANCEL",
    Action.RETRY: "RETRY_STEP",
    Action.SKIP: "SKIP_STEP",
    Action.REPLAN: "REPLAN",
}


def register(app: typer.Typer, _tokens: typer.Typer) -> None:
    """Add the commands."""
    group = workflow_group(app)
    for command in (pause, resume, cancel, retry, skip, replan):
        group.command(command.__name__, epilog=EPILOG)(command)
    group.command("impact", epilog=_IMPACT_EPILOG)(impact)


def pause(run_id: Id, *, reason: Reason = None) -> None:
    """Let nothing more of it start; what runs goes on to its end."""
    ask(_act("workflowRunPause", run_id, reason))


def resume(
    run_id: Id,
    *,
    reason: Reason = None,
    token: Annotated[
        str | None,
        typer.Option(
            help="The resume token of `show`: only if it has come no further since. Absent: from "
            "where it is now."
        ),
    ] = None,
) -> None:
    """Have it go on from its last checkpoint; what is done is not done again."""
    ask(_resume(run_id, reason, token))


def cancel(run_id: Id, *, reason: Reason = None) -> None:
    """Stop it, and what runs of it."""
    ask(_act("workflowRunCancel", run_id, reason))


def retry(run_id: Id, step: Key, *, reason: Why) -> None:
    """Try a step once more, and then what needs it."""
    ask(_act_on_step("stepRunRetry", run_id, step, reason))


def skip(run_id: Id, step: Key, *, reason: Why) -> None:
    """Leave a step out, so that what needs it goes on; people may have to agree first."""
    ask(_act_on_step("stepRunSkip", run_id, step, reason))


def replan(run_id: Id, file: File, *, reason: Why) -> None:
    """Replace the steps that have not started by those of a file; the others stay as they are."""
    ask(_replan(run_id, file, reason))


def impact(
    run_id: Id,
    action: Annotated[Action, typer.Argument(case_sensitive=False, help="What would be done.")],
    *,
    step: Annotated[str | None, typer.Option(help="The step's key, for retry and skip.")] = None,
    file: Annotated[Path | None, typer.Option(help="The new plan, for replan.")] = None,
    as_json: AsJson = False,
) -> None:
    """Say what an action would do to which steps. Nothing is done."""
    ask(_impact(run_id, action, step, file, as_json=as_json))


async def _act(field: str, run_id: str, reason: str | None, **more: str) -> None:
    given = {"id": run_id, **more} | ({} if reason is None else {"reason": reason})
    found = await workflow_runs.act(Connection.from_environment(), field, given)
    print_lines([found["state"]])


async def _resume(run_id: str, reason: str | None, token: str | None) -> None:
    """The token names the checkpoint that was looked at: what another person has done meanwhile is
    not gone past unseen."""
    if token is None:
        token = (await workflow_runs.read(Connection.from_environment(), run_id))["resumeToken"]
    more = {} if token is None else {"resumeToken": token}
    await _act("workflowRunResume", run_id, reason, **more)


async def _act_on_step(field: str, run_id: str, key: str, reason: str) -> None:
    connection = Connection.from_environment()
    given = {"id": await workflow_runs.step_named(connection, run_id, key), "reason": reason}
    found = await workflow_runs.act_on_step(connection, field, given)
    asked = found["approval"]
    waits = f": {looked_at_by(asked['id'])}" if asked and asked["state"] == "PENDING" else ""
    print_lines([f"{printable(found['key'])}: {found['state']}{waits}"])


async def _replan(run_id: str, file: Path, reason: str) -> None:
    given = {"id": run_id, "yaml": text_of(file), "reason": reason}
    found = await workflow_runs.act(
        Connection.from_environment(), "workflowRunReplan", given, kind="WorkflowRunReplanInput"
    )
    print_lines([f"{found['state']}, revision {found['revision']}"])


async def _impact(
    run_id: str, action: Action, key: str | None, file: Path | None, *, as_json: bool
) -> int:
    connection = Connection.from_environment()
    if (key is None) == (action in {Action.RETRY, Action.SKIP}):
        raise Refused("INVALID_INPUT", "Give --step for retry and skip, and for them only.")
    step = None if key is None else await workflow_runs.step_named(connection, run_id, key)
    yaml = None if file is None else text_of(file)
    found = await workflow_runs.impact(connection, run_id, _IN_API[action], step=step, yaml=yaml)
    if as_json:
        print_json(found)
    else:
        print_lines(map(printable, _foreseen(found)))
    return 0 if found["allowed"] else REFUSED


def _foreseen(found: Fields) -> Iterator[str]:
    if not found["allowed"]:
        yield f"not possible: {found['reason']}"
    elif found["needsApproval"]:
        yield "possible, once people have agreed"
    else:
        yield "possible"
    for name, told in _TELLS:
        yield from (f"{step['key']}: {told}" for step in found[name])
    yield from (f"approval {each['id']}: lapses" for each in found["lapses"])
