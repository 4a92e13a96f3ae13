"""What a person sees of a workflow run: its steps, and where each of them stands.

On a terminal a tree of steps is redrawn as they go on; elsewhere each change is a line.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
from time import monotonic
from typing import Final, Protocol, TextIO

from rich.console import Console, Group
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text
from rich.tree import Tree

from cli.client.connection import Fields
from cli.client.escaping import printable
from cli.client.screens import LOOKS, Display, Lines, Living, duration, style_of
from cli.client.sheets import looked_at_by

_OVER: Final = frozenset({"SUCCEEDED", "FAILED", "SKIPPED", "CANCELED"})
_QUIET: Final = frozenset({"PENDING", "SUCCEEDED", "SKIPPED"})
"""What is left out first where not all steps have room."""
_OTHER_LINES: Final = 4
"""Of a picture: the title, the line of what is left out, the bar, and the cursor's."""


class WorkflowDisplay(Display[Fields, Fields], Protocol):
    """Shows one workflow run: its events, and at the end the run."""

    def plan(self, run: Fields) -> None:
        """All its steps as they are now: at first, and when they were replaced."""


class PlainWorkflow(Lines):
    """A line for each change, for files, pipes and other programs."""

    def __init__(self, out: TextIO) -> None:
        super().__init__(out)

    def plan(self, run: Fields) -> None:
        """The steps are told as they come to their turn."""

    def show(self, event: Fields) -> None:
        if text := line_of(event):
            self.say(text)

    def broke(self) -> None:
        self.say("Connection lost, trying again.")

    def ended(self, run: Fields) -> None:
        self.say(summary(run))


class TreeOfSteps(Living):
    """All steps with their states, redrawn as they go on; notices scroll by above."""

    def __init__(self, console: Console) -> None:
        super().__init__(console)
        self._title = ""
        self._state = "QUEUED"
        self._is_connected = True
        self._steps: dict[str, tuple[str, int]] = {}
        self._began: dict[str, tuple[datetime, float]] = {}
        self._took: dict[str, float] = {}

    def plan(self, run: Fields) -> None:
        self._title = title(run)
        self._state = run["state"]
        self._steps = {step["key"]: (step["state"], step["attempt"]) for step in run["stepRuns"]}

    def show(self, event: Fields) -> None:
        self._is_connected = True
        match event:
            case {"__typename": "StepRunStateChanged", "key": str(key), "step": str(state)}:
                self._move(key, state, event["attempt"], datetime.fromisoformat(event["at"]))
                if state == "FAILED":
                    self.say(f"{key}: {state}{_why(event)}")
            case {"__typename": "WorkflowRunStateChanged", "to": str(state)}:
                self._state = state
                if text := line_of(event):
                    self.say(text)
            case _:
                if text := line_of(event):
                    self.say(text)

    def broke(self) -> None:
        self._is_connected = False

    def ended(self, run: Fields) -> None:
        self.plan(run)
        self.close(run["state"], summary(run), self._drawn(self._steps), self._progress())

    def picture(self) -> Group:
        """The tree with what is done of it; where it has no room, what goes on is left of it."""
        room = max(1, self._console.height - _OTHER_LINES)
        if len(_lines(self._steps)) <= room:
            return Group(self._drawn(self._steps), self._progress())
        busy = [key for key, (state, _) in self._steps.items() if state not in _QUIET]
        shown = busy[: room // 2]
        counts = Counter(state for key, (state, _) in self._steps.items() if key not in set(shown))
        others = ", ".join(f"{count} {state}" for state, count in sorted(counts.items()))
        rest = Text(f"and {sum(counts.values())} others: {others}", style="dim")
        return Group(self._drawn(shown), rest, self._progress())

    def _drawn(self, keys: Iterable[str]) -> Tree:
        """Steps that are made for each item of a list stand below one another, under the name they
        share."""
        lost = "" if self._is_connected else "  connection lost, trying again"
        state = (self._state, style_of(self._state))
        tree = Tree(Text.assemble((self._title, "bold"), "  ", state, lost))
        groups: dict[str, Tree] = {}
        for key in keys:
            shared, bracket, _ = key.partition("[")
            if bracket and shared not in groups:
                groups[shared] = tree.add(Text(printable(shared)))
            groups.get(shared, tree).add(self._line(key))
        return tree

    def _move(self, key: str, state: str, attempt: int, at: datetime) -> None:
        """What is over took as long as the server says; what runs is timed here."""
        if state == "RUNNING":
            self._began[key] = (at, monotonic())
            self._took.pop(key, None)
        elif state in _OVER and key in self._began:
            self._took[key] = (at - self._began.pop(key)[0]).total_seconds()
        self._steps[key] = (state, attempt)

    def _line(self, key: str) -> Text:
        state, attempt = self._steps[key]
        mark, style = LOOKS.get(state, ("", ""))
        parts = [f" {printable(key)}"]
        if attempt > 1:
            parts.append(f"attempt {attempt}")
        began = self._began.get(key)
        seconds = monotonic() - began[1] if began is not None else self._took.get(key)
        if seconds is not None:
            parts.append(duration(int(seconds * 1000)))
        return Text.assemble((mark, style), "  ".join(parts), "  ", (state, style))

    def _progress(self) -> Table:
        done = sum(state in _OVER for state, _ in self._steps.values())
        table = Table.grid(padding=(0, 1))
        bar = ProgressBar(total=max(1, len(self._steps)), completed=done, width=40)
        table.add_row(bar, f"{done} of {len(self._steps)} steps")
        return table


def _lines(keys: Iterable[str]) -> set[str]:
    """Of a tree of these: one for each, and one for each name that some share."""
    return {name for key in keys for name in (key, key.partition("[")[0])}


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
            return f"{key}: waits for {wanted}: {looked_at_by(approval['id'])}"
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
