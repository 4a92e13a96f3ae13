"""`workbench workflow run`, `follow`, `list` and `show`: starting workflow runs, and looking on."""

import sys
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Final
from uuid import uuid4

import typer
from rich.console import Console

from cli.asking import ask, complain, print_json, print_lines
from cli.client import failures, workflow_runs, workflows
from cli.client.connection import Connection, Fields
from cli.client.errors import ClientError, Refused
from cli.client.escaping import printable
from cli.client.exits import CANCELED, FAILED, REFUSED
from cli.client.moments import moment
from cli.client.screens import duration
from cli.client.sheets import looked_at_by
from cli.client.tables import aligned
from cli.client.watch import Interrupts
from cli.client.workflow_display import PlainWorkflow, TreeOfSteps, WorkflowDisplay, title
from cli.client.workflow_watch import WorkflowWatch
from cli.workflow_group import EPILOG, AsJson, Id, Project, Reason, text_if_file, workflow_group

LISTED_MAX: Final = 1000
_FOLLOW_EPILOG: Final = (
    "Exit code when it is followed: 0 it succeeded, 124 it timed out, 125 it was refused or could "
    "not be started, 130 it was canceled or left by Ctrl-C, 1 it failed or could not be followed "
    "to its end."
)

PastFailure = Annotated[
    bool,
    typer.Option(
        "--past-failure", help="Go on where it has FAILED: people may have it go on as well."
    ),
]


class State(StrEnum):
    """Where a workflow run is."""

    QUEUED = "QUEUED"
    RUNNING = "RUNNING"
    BLOCKED = "BLOCKED"
    PAUSED = "PAUSED"
    FAILED = "FAILED"
    SUCCEEDED = "SUCCEEDED"
    CANCELED = "CANCELED"


def register(app: typer.Typer, _tokens: typer.Typer) -> None:
    """Add the commands."""
    group = workflow_group(app)
    group.command("run", epilog=_FOLLOW_EPILOG)(run)
    group.command("follow", epilog=_FOLLOW_EPILOG)(follow)
    group.command("list", epilog=EPILOG)(list_all)
    group.command("show", epilog=EPILOG)(show)


def run(  # noqa: PLR0917 - the options of a command line are given by name
    workflow: Annotated[
        str, typer.Argument(metavar="FILE|NAME", help="A file, or the name of a workflow.")
    ],
    given: Annotated[
        list[str] | None, typer.Option("--input", help="An input as NAME=VALUE; again for more.")
    ] = None,
    project: Project = "default",
    reason: Reason = None,
    key: Annotated[
        str | None, typer.Option(help="Idempotency key: the same one starts once.")
    ] = None,
    follows: Annotated[bool, typer.Option("--follow", help="Show its steps to the end.")] = False,  # noqa: FBT002
    past_failure: PastFailure = False,  # noqa: FBT002
) -> None:
    """Start a workflow and print the id of its run, or follow it; Ctrl-C then cancels it."""
    wanted = {"reason": reason, "idempotencyKey": key or uuid4().hex}
    started = {name: text for name, text in wanted.items() if text is not None}
    ask(
        _run(workflow, project, given or [], started, follows=follows, past_failure=past_failure),
        refused=FAILED,
    )


def follow(run_id: Id, *, past_failure: PastFailure = False) -> None:
    """Show the steps of a workflow run to its end, from the first on; Ctrl-C only leaves."""
    ask(_follow(run_id, past_failure=past_failure))


def list_all(
    *,
    project: Project = "default",
    state: Annotated[
        list[State] | None,
        typer.Option(case_sensitive=False, help="In this state; again for more. All if absent."),
    ] = None,
    workflow: Annotated[str | None, typer.Option(help="Of the workflow with this name.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=LISTED_MAX, help="At most so many.")] = 100,
    as_json: AsJson = False,
) -> None:
    """List workflow runs, newest first."""
    states = [each.value for each in state] if state else None
    ask(_list(project, {"states": states, "workflow": workflow}, limit, as_json=as_json))


def show(run_id: Id, *, as_json: AsJson = False) -> None:
    """Show a workflow run with its steps, and what you may do with each."""
    ask(_show(run_id, as_json=as_json))


async def _run(
    named: str,
    project: str,
    words: list[str],
    given: Fields,
    *,
    follows: bool,
    past_failure: bool,
) -> int:
    """The exit code to leave with. Raises ClientError when it was started and then lost."""
    interrupts = Interrupts()
    with interrupts.listening():
        try:
            connection = Connection.from_environment()
            run_id = await interrupts.unless_left(
                _started(connection, named, project, words, given)
            )
        except ClientError as error:
            complain(f"not started: {error}")
            return REFUSED
        if run_id is None:
            complain("left before the server answered; it may be started")
            return CANCELED
        if not follows:
            print_lines([run_id])
            return 0
        with _display() as display:
            watch = WorkflowWatch(connection, run_id, display, past_failure=past_failure)
            return await watch.to_the_end(interrupts)


async def _follow(run_id: str, *, past_failure: bool) -> int:
    connection = Connection.from_environment()
    await workflow_runs.read(connection, run_id)
    interrupts = Interrupts()
    with interrupts.listening(), _display() as display:
        watch = WorkflowWatch(connection, run_id, display, past_failure=past_failure, cancels=False)
        return await watch.to_the_end(interrupts)


async def _started(
    connection: Connection, named: str, project: str, words: list[str], given: Fields
) -> str:
    workflow = await _workflow(connection, named, project)
    try:
        inputs = workflows.inputs_of(words, workflow["inputs"])
    except ValueError as error:
        raise Refused("INVALID_INPUT", str(error)) from None
    start = {"workflowId": workflow["id"], "inputs": inputs, **given}
    return await workflow_runs.start(connection, start)


async def _workflow(connection: Connection, named: str, project: str) -> Fields:
    """By a file, which becomes the newest version, or by name."""
    text = text_if_file(Path(named))
    if text is None:
        return await workflows.named(connection, project, named)
    return await workflows.create(connection, project, text)


def _display() -> WorkflowDisplay:
    console = Console()
    if console.is_terminal and not console.is_dumb_terminal:
        return TreeOfSteps(console)
    return PlainWorkflow(sys.stdout)


async def _list(project: str, chosen: Fields, limit: int, *, as_json: bool) -> None:
    wanted = {name: value for name, value in chosen.items() if value is not None}
    connection = Connection.from_environment()
    found = [each async for each in workflow_runs.listed(connection, project, wanted, limit)]
    if as_json:
        print_json(found)
        return
    header = ("ID", "WORKFLOW", "STATE", "AT", "STARTED BY", "SINCE")
    print_lines(aligned([header, *map(_row, found)]))


def _row(run: Fields) -> tuple[str, ...]:
    at = ", ".join(step["key"] for step in run["currentStepRuns"]) or "-"
    who, since = run["requestedBy"]["name"], moment(run["createdAt"])
    return (run["id"], title(run), run["state"], printable(at), printable(who), since)


async def _show(run_id: str, *, as_json: bool) -> None:
    connection = Connection.from_environment()
    found = await workflow_runs.read(connection, run_id)
    if as_json:
        print_json(found)
        return
    print_lines(_sheet(found))
    async for line in failures.of_steps(connection, found["stepRuns"]):
        print_lines([printable(line)])


def _sheet(run: Fields) -> Iterator[str]:
    yield f"{title(run)}, revision {run['revision']}: {run['state']}"
    if run["pauseReason"]:
        yield f"paused: {printable(run['pauseReason'])}"
    if run["failure"]:
        yield printable(f"{run['failure']['code']}: {run['failure']['message']}")
    yield f"started by {printable(run['requestedBy']['name'])}, {moment(run['createdAt'])}"
    yield f"possible now: {', '.join(run['availableActions']) or 'nothing'}"
    if run["resumeToken"]:
        yield f"resume token: {printable(run['resumeToken'])}"
    yield ""
    yield from aligned([("STEP", "STATE", "ATTEMPT", "TIME", "WHY"), *map(_step, run["stepRuns"])])


def _step(step: Fields) -> tuple[str, ...]:
    took, failure, asked = step["durationMs"], step["failure"], step["blockedBy"]
    why = f"{failure['code']}: {failure['message']}" if failure else ""
    if asked:
        wanted = f"{asked['requiredCount']} with the right of {asked['requiredRole']}"
        why = f"waits for {wanted}: {looked_at_by(asked['id'])}"
    time = "-" if took is None else duration(took)
    return (printable(step["key"]), step["state"], str(step["attempt"]), time, printable(why))
