"""`workbench workflow run`, `list`, `show`, and what one does to a workflow run and its steps."""

import asyncio
import json
import sys
from collections.abc import Coroutine, Iterator
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Final
from uuid import uuid4

import typer
from rich.console import Console

from cli.client import workflows
from cli.client.connection import Connection, Fields
from cli.client.display import duration
from cli.client.errors import ClientError, Refused
from cli.client.escaping import printable
from cli.client.exits import CANCELED, FAILED, REFUSED
from cli.client.moments import moment
from cli.client.tables import aligned
from cli.client.watch import Interrupts
from cli.client.workflow_display import PlainWorkflow, TreeOfSteps, WorkflowDisplay, title
from cli.client.workflow_watch import WorkflowWatch
from cli.workflow_group import workflow_group

LISTED_MAX: Final = 1000
_EPILOG: Final = (
    "Exit code with --follow: 0 it succeeded, 124 it timed out, 125 it was refused or could not "
    "be started, 130 it was canceled or left by a second Ctrl-C, 1 it failed or could not be "
    "followed to its end."
)

Id = Annotated[str, typer.Argument(metavar="ID", help="As `workflow list` shows it.")]
Key = Annotated[str, typer.Argument(metavar="STEP", help="The step's key.")]
Reason = Annotated[str | None, typer.Option(help="Why, for those who look at it later.")]
Why = Annotated[str, typer.Option(help="Why, for those who look at it later.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Project = Annotated[str, typer.Option(help="Slug of the project.")]


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
    group.command("run", epilog=_EPILOG)(run)
    group.command("list")(list_all)
    for command in (apply, graph, show, pause, resume, cancel, retry, skip):
        group.command(command.__name__)(command)


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
    follow: Annotated[bool, typer.Option("--follow", help="Show its steps to the end.")] = False,  # noqa: FBT002
) -> None:
    """Start a workflow and print the id of its run, or follow it."""
    wanted = {"reason": reason, "idempotencyKey": key or uuid4().hex}
    raise typer.Exit(_left(_start(workflow, project, given or [], wanted, follows=follow)))


def apply(
    file: Annotated[Path, typer.Argument(help="The workflow, a YAML file.")],
    *,
    project: Project = "default",
) -> None:
    """Write a workflow down as a file says it, or tell all that is wrong with it."""
    _do(_apply(file, project))


def graph(
    name: Annotated[str, typer.Argument(help="The workflow's name.")],
    *,
    project: Project = "default",
) -> None:
    """Print the steps of a workflow and who needs whom, as a flowchart in Mermaid."""
    _do(_graph(name, project))


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
    _do(_list(project, {"states": states, "workflow": workflow}, limit, as_json=as_json))


def show(run_id: Id, *, as_json: AsJson = False) -> None:
    """Show a workflow run with its steps, and what you may do with each."""
    _do(_show(run_id, as_json=as_json))


def pause(run_id: Id, *, reason: Reason = None) -> None:
    """Let nothing more of it start; what runs goes on to its end."""
    _do(_act("workflowRunPause", run_id, reason))


def resume(run_id: Id, *, reason: Reason = None) -> None:
    """Have it go on from its last checkpoint; what is done is not done again."""
    _do(_act("workflowRunResume", run_id, reason))


def cancel(run_id: Id, *, reason: Reason = None) -> None:
    """Stop it, and what runs of it."""
    _do(_act("workflowRunCancel", run_id, reason))


def retry(run_id: Id, step: Key, *, reason: Why) -> None:
    """Try a step once more, and then what needs it."""
    _do(_act_on_step("stepRunRetry", run_id, step, reason))


def skip(run_id: Id, step: Key, *, reason: Why) -> None:
    """Leave a step out, so that what needs it goes on; people may have to agree first."""
    _do(_act_on_step("stepRunSkip", run_id, step, reason))


async def _start(
    named: str, project: str, words: list[str], given: Fields, *, follows: bool
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
            sys.stderr.write(f"workbench: not started: {_shown(error)}\n")
            return REFUSED
        if run_id is None:
            sys.stderr.write("workbench: left before the server answered; it may be started\n")
            return CANCELED
        if not follows:
            sys.stdout.write(f"{run_id}\n")
            return 0
        with _display() as display:
            return await WorkflowWatch(connection, run_id, display).to_the_end(interrupts)


async def _started(
    connection: Connection, named: str, project: str, words: list[str], given: Fields
) -> str:
    workflow = await _workflow(connection, named, project)
    try:
        inputs = workflows.inputs_of(words, workflow["inputs"])
    except ValueError as error:
        raise Refused("INVALID_INPUT", str(error)) from None
    start = {"workflowId": workflow["id"], "inputs": inputs, **given}
    return await workflows.start(
        connection, {name: value for name, value in start.items() if value is not None}
    )


async def _workflow(connection: Connection, named: str, project: str) -> Fields:
    """By a file, which becomes the newest version, or by name."""
    text = _text_of(Path(named))
    if text is None:
        return await workflows.named(connection, project, named)
    return await workflows.create(connection, project, text)


def _text_of(path: Path) -> str | None:
    """None where there is no such file. Raises Refused for one that cannot be read."""
    try:
        return path.read_text(encoding="utf-8") if path.is_file() else None
    except (OSError, UnicodeDecodeError) as error:
        raise Refused("INVALID_INPUT", f"{path} cannot be read: {error}") from None


def _display() -> WorkflowDisplay:
    console = Console()
    if console.is_terminal and not console.is_dumb_terminal:
        return TreeOfSteps(console)
    return PlainWorkflow(sys.stdout)


async def _apply(file: Path, project: str) -> None:
    text = _text_of(file)
    if text is None:
        raise Refused("NOT_FOUND", f"There is no file {file}.")
    made = await workflows.create(Connection.from_environment(), project, text)
    sys.stdout.write(f"{printable(made['name'])} (version {made['version']}), {made['id']}\n")


async def _graph(name: str, project: str) -> None:
    connection = Connection.from_environment()
    found = await workflows.named(connection, project, name)
    _print_lines(_flowchart(await workflows.steps_of(connection, found["id"])))


def _flowchart(steps: list[Fields]) -> Iterator[str]:
    """By numbers: a key may be a word of Mermaid's."""
    numbers = {step["key"]: number for number, step in enumerate(steps)}
    yield "flowchart TD"
    for step in steps:
        yield f'    s{numbers[step["key"]]}["{step["key"]}: {step["type"]}"]'
        for need in step["needs"]:
            yield f"    s{numbers[need]} --> s{numbers[step['key']]}"


async def _list(project: str, chosen: Fields, limit: int, *, as_json: bool) -> None:
    wanted = {name: value for name, value in chosen.items() if value is not None}
    connection = Connection.from_environment()
    found = [each async for each in workflows.listed(connection, project, wanted, limit)]
    if as_json:
        _print_json(found)
        return
    header = ("ID", "WORKFLOW", "STATE", "AT", "STARTED BY", "SINCE")
    _print_lines(aligned([header, *map(_row, found)]))


def _row(run: Fields) -> tuple[str, ...]:
    at = ", ".join(step["key"] for step in run["currentStepRuns"]) or "-"
    who, since = run["requestedBy"]["name"], moment(run["createdAt"])
    return (run["id"], title(run), run["state"], printable(at), printable(who), since)


async def _show(run_id: str, *, as_json: bool) -> None:
    found = await workflows.read(Connection.from_environment(), run_id)
    if as_json:
        _print_json(found)
        return
    _print_lines(_sheet(found))


def _sheet(run: Fields) -> Iterator[str]:
    yield f"{title(run)}, revision {run['revision']}: {run['state']}"
    if run["pauseReason"]:
        yield f"paused: {printable(run['pauseReason'])}"
    if run["failure"]:
        yield printable(f"{run['failure']['code']}: {run['failure']['message']}")
    yield f"started by {printable(run['requestedBy']['name'])}, {moment(run['createdAt'])}"
    yield f"possible now: {', '.join(run['availableActions']) or 'nothing'}"
    yield ""
    yield from aligned([("STEP", "STATE", "ATTEMPT", "TIME", "WHY"), *map(_step, run["stepRuns"])])


def _step(step: Fields) -> tuple[str, ...]:
    took, failure, asked = step["durationMs"], step["failure"], step["blockedBy"]
    why = f"{failure['code']}: {failure['message']}" if failure else ""
    if asked:
        wanted = f"{asked['requiredCount']} with the right of {asked['requiredRole']}"
        why = f"waits for {wanted}: approval {asked['id']}"
    time = "-" if took is None else duration(took)
    return (printable(step["key"]), step["state"], str(step["attempt"]), time, printable(why))


async def _act(field: str, run_id: str, reason: str | None) -> None:
    given = {"id": run_id} | ({} if reason is None else {"reason": reason})
    found = await workflows.act(Connection.from_environment(), field, given)
    sys.stdout.write(f"{found['state']}\n")


async def _act_on_step(field: str, run_id: str, key: str, reason: str) -> None:
    connection = Connection.from_environment()
    steps = (await workflows.read(connection, run_id))["stepRuns"]
    step = next((each for each in steps if each["key"] == key), None)
    if step is None:
        raise Refused("NOT_FOUND", f"It has no step {key!r}.")
    found = await workflows.act_on_step(connection, field, {"id": step["id"], "reason": reason})
    asked = found["approval"]
    waits = f", approval {asked['id']}" if asked and asked["state"] == "PENDING" else ""
    sys.stdout.write(f"{printable(found['key'])}: {found['state']}{waits}\n")


def _print_json(answer: Fields | list[Fields]) -> None:
    """In ASCII, so that nothing in it commands a terminal."""
    sys.stdout.write(f"{json.dumps(answer, indent=2)}\n")


def _print_lines(lines: Iterator[str]) -> None:
    sys.stdout.writelines(f"{line}\n" for line in lines)


def _shown(error: ClientError) -> str:
    return "\n".join(map(printable, str(error).splitlines()))


def _left(command: Coroutine[Any, Any, int]) -> int:
    try:
        return asyncio.run(command)
    except ClientError as error:
        sys.stderr.write(f"workbench: {_shown(error)}\n")
        return FAILED


def _do(command: Coroutine[Any, Any, None]) -> None:
    try:
        asyncio.run(command)
    except ClientError as error:
        sys.stderr.write(f"workbench: {_shown(error)}\n")
        raise typer.Exit(REFUSED if isinstance(error, Refused) else FAILED) from None
