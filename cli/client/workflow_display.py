"""What a person sees of a workflow run: its steps, and where each of them stands.

On a terminal a tree of steps is redrawn as they go on; elsewhere each change is a line.
"""

from collections.abc import Sequence
from time import monotonic
from types import TracebackType
from typing import Final, Protocol, Self, TextIO

from rich.console import Console, Group
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text
from rich.tree import Tree

from cli.client.connection import Fields
from cli.client.display import duration
from cli.client.escaping import printable

_LOOKS: Final = {
    "PENDING": ("·", "dim"),
    "BLOCKED": ("?", "yellow"),
    "RUNNING": ("▶", "blue"),
    "SUCCEEDED": ("✓", "green"),
    "FAILED": ("✗", "red"),
    "SKIPPED": ("-", "dim"),
    "CANCELED": ("■", "yellow"),
    "QUEUED": ("·", "cyan"),
    "PAUSED": ("=", "yellow"),
}
_OVER: Final = frozenset({"SUCCEEDED", "FAILED", "SKIPPED", "CANCELED"})


class WorkflowDisplay(Protocol):
    """Shows one workflow run. A context manager, as displays of runs are."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...

    def plan(self, run: Fields) -> None:
        """All its steps as they are now: at first, and when they were replaced."""

    def show(self, event: Fields) -> None:
        """What has happened."""

    def say(self, text: str) -> None:
        """Something else that a person wants to know."""

    def ended(self, run: Fields) -> None:
        """The last thing shown."""


class PlainWorkflow:
    """A line for each change, for files, pipes and other programs."""

    def __init__(self, out: TextIO) -> None:
        self._out = out

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Nothing stays behind."""

    def plan(self, run: Fields) -> None:
        """The steps are told as they come to their turn."""

    def show(self, event: Fields) -> None:
        if text := line_of(event):
            self.say(text)

    def say(self, text: str) -> None:
        self._out.write(f"{printable(text)}\n")
        self._out.flush()

    def ended(self, run: Fields) -> None:
        self.say(summary(run))


class TreeOfSteps:
    """All steps with their states, redrawn four times a second; notices scroll by above."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._title = ""
        self._state = "QUEUED"
        self._steps: dict[str, tuple[str, int]] = {}
        self._began: dict[str, float] = {}
        self._took: dict[str, float] = {}
        self._live = Live(console=console, get_renderable=self.picture, transient=True)

    def __enter__(self) -> Self:
        self._live.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._live.stop()

    def plan(self, run: Fields) -> None:
        self._title = title(run)
        self._state = run["state"]
        self._steps = {step["key"]: (step["state"], step["attempt"]) for step in run["stepRuns"]}

    def show(self, event: Fields) -> None:
        match event:
            case {"__typename": "StepRunStateChanged", "key": str(key), "step": str(state)}:
                self._move(key, state, event["attempt"])
            case {"__typename": "WorkflowRunStateChanged", "to": str(state)}:
                self._state = state
            case _:
                if text := line_of(event):
                    self.say(text)

    def say(self, text: str) -> None:
        self._console.print(Text(printable(text), style="italic yellow"), soft_wrap=True)

    def ended(self, run: Fields) -> None:
        self.plan(run)
        self._live.stop()
        self._console.print(self.picture())
        _, style = _LOOKS.get(run["state"], ("", ""))
        self._console.print(Text(summary(run), style=f"bold {style}"), soft_wrap=True)

    def picture(self) -> Group:
        """The tree with what is done of it. Steps that are made for each item of a list stand
        below one another, under the name they share."""
        _, style = _LOOKS.get(self._state, ("", ""))
        tree = Tree(Text.assemble((self._title, "bold"), "  ", (self._state, style)))
        groups: dict[str, Tree] = {}
        for key in self._steps:
            shared, bracket, _ = key.partition("[")
            if bracket and shared not in groups:
                groups[shared] = tree.add(Text(printable(shared)))
            groups.get(shared, tree).add(self._line(key))
        return Group(tree, self._progress())

    def _move(self, key: str, state: str, attempt: int) -> None:
        now = monotonic()
        if state == "RUNNING":
            self._began[key] = now
        elif state in _OVER and key in self._began:
            self._took[key] = now - self._began.pop(key)
        self._steps[key] = (state, attempt)

    def _line(self, key: str) -> Text:
        state, attempt = self._steps[key]
        mark, style = _LOOKS.get(state, ("", ""))
        parts = [f" {printable(key)}"]
        if attempt > 1:
            parts.append(f"attempt {attempt}")
        began = self._began.get(key)
        seconds = monotonic() - began if began is not None else self._took.get(key)
        if seconds is not None:
            parts.append(duration(int(seconds * 1000)))
        return Text.assemble((mark, style), "  ".join(parts), "  ", (state, style))

    def _progress(self) -> Table:
        done = sum(state in _OVER for state, _ in self._steps.values())
        table = Table.grid(padding=(0, 1))
        bar = ProgressBar(total=max(1, len(self._steps)), completed=done, width=40)
        table.add_row(bar, f"{done} of {len(self._steps)} steps")
        return table


def title(run: Fields) -> str:
    workflow = run["workflow"]
    return printable(f"{workflow['name']} (version {workflow['version']})")


def line_of(event: Fields) -> str | None:  # noqa: C901, PLR0911, PLR0912 - a closed branch
    """An event in one line; None for what a person has no use for."""
    match event:
        case {"__typename": "StepRunStateChanged", "key": key, "step": "PENDING"}:
            return f"{key}: waits for its turn again"
        case {"__typename": "StepRunStateChanged", "key": key, "step": state}:
            again = f" (attempt {event['attempt']})" if event["attempt"] > 1 else ""
            return f"{key}: {state}{again}{_why(event)}"
        case {"__typename": "StepRunApprovalRequested", "key": key, "approval": approval}:
            wanted = f"{approval['requiredCount']} with the right of {approval['requiredRole']}"
            return f"{key}: waits for {wanted}: approval {approval['id']}"
        case {"__typename": "StepRunApprovalDecided", "key": key, "state": state}:
            return f"{key}: approval {state}"
        case {"__typename": "StepRunRetried", "key": key, "attempt": attempt}:
            return f"{key}: attempt {attempt} is to come"
        case {"__typename": "StepRunSkipped", "key": key, "because": reason}:
            return f"{key}: left out: {reason}"
        case {"__typename": "WorkflowRunReplanned", "revision": revision}:
            return f"The plan is another now: revision {revision}."
        case {"__typename": "WorkflowRunCancelRequested"}:
            return "Cancel was requested."
        case {"__typename": "WorkflowRunStateChanged", "to": "PAUSED" as state, "why": why}:
            return f"{state}: {why or 'it goes on when somebody resumes it'}"
        case _:
            return None


def summary(run: Fields) -> str:
    """State, duration, how many steps, and reason on one line."""
    parts = [run["state"]]
    if run["durationMs"] is not None:
        parts[0] += f" in {duration(run['durationMs'])}"
    parts.append(_counted(run["stepRuns"]))
    if run["failure"]:
        parts.append(f"{run['failure']['code']}: {run['failure']['message']}")
    parts.append(f"workflow run {run['id']}")
    return printable(", ".join(parts))


def _counted(steps: Sequence[Fields]) -> str:
    done = sum(step["state"] in {"SUCCEEDED", "SKIPPED"} for step in steps)
    return f"{done} of {len(steps)} steps"


def _why(event: Fields) -> str:
    failure = event.get("failure")
    return f": {failure['code']}: {failure['message']}" if failure else ""
