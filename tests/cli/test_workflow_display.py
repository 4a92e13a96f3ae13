"""What a person sees of a workflow run, on a terminal and elsewhere."""

import io
from typing import Any, Final

import pytest
from rich.console import Console

from cli.client.workflow_display import PlainWorkflow, TreeOfSteps
from cli.client.workflows import inputs_of

XTERM: Final = {"TERM": "xterm"}


def run(state: str, **steps: str) -> dict[str, Any]:
    return {
        "id": "wr-1",
        "state": state,
        "durationMs": 1500,
        "failure": None,
        "workflow": {"name": "release", "version": 2},
        "stepRuns": [
            {"key": key.replace("_", "[", 1).replace("_", "]"), "state": each, "attempt": 1}
            for key, each in steps.items()
        ],
    }


def happened(kind: str, **fields: Any) -> dict[str, Any]:
    return {"__typename": kind, **fields}


def moved(key: str, state: str, attempt: int = 1, second: int = 0) -> dict[str, Any]:
    return {
        "__typename": "StepRunStateChanged",
        "at": f"2026-01-01T00:00:{second:02}.250000Z",
        "key": key,
        "step": state,
        "attempt": attempt,
        "failure": None,
    }


def test_a_terminal_shows_a_tree_of_steps() -> None:
    """Those of one list below the name they share, each with its state, and how much is done."""
    screen = io.StringIO()
    console = Console(file=screen, force_terminal=True, width=80, _environ=XTERM)
    with TreeOfSteps(console) as tree:
        tree.plan(run("RUNNING", lint="SUCCEEDED", test_0_="PENDING", test_1_="PENDING"))
        tree.show(moved("test[0]", "RUNNING", 2))
        tree.show(happened("StepRunSkipped", key="test[1]", because="not needed"))
        console.print(tree.picture())
        tree.ended(run("SUCCEEDED", lint="SUCCEEDED", test_0_="SUCCEEDED", test_1_="SKIPPED"))
    seen = screen.getvalue()

    for part in ("release (version 2)", "lint", "test[0]", "attempt 2", "1 of 3 steps"):
        assert part in seen
    assert "test[1]: left out: not needed" in seen
    assert "SUCCEEDED in 1.50 s, 3 of 3 steps, workflow run wr-1" in seen


def test_a_terminal_says_what_failed_and_how_long_things_took() -> None:
    """By the server's clock, so also of what was over before one looked."""
    screen = io.StringIO()
    console = Console(file=screen, force_terminal=True, width=80, _environ=XTERM)
    failure = {"failure": {"code": "TIMED_OUT", "message": "too long"}}
    with TreeOfSteps(console) as tree:
        tree.plan(run("RUNNING", a="PENDING", b="PENDING"))
        for event in (
            moved("a", "RUNNING", second=1),
            moved("a", "SUCCEEDED", second=4),
            moved("b", "RUNNING", second=4),
            moved("b", "FAILED", second=9) | failure,
            happened("WorkflowRunStateChanged", to="PAUSED", why="lunch"),
        ):
            tree.show(event)
        tree.broke()
        console.print(tree.picture())
    seen = screen.getvalue()

    for part in ("a  3.00 s", "b  5.00 s", "b: FAILED: TIMED_OUT: too long", "PAUSED: lunch"):
        assert part in seen
    assert "connection lost" in seen


def test_a_tree_that_has_no_room_shows_what_goes_on() -> None:
    """And counts the rest; at the end there is room for all."""
    screen = io.StringIO()
    console = Console(file=screen, force_terminal=True, width=80, height=20, _environ=XTERM)
    steps = {f"s{n}": "SUCCEEDED" if n < 30 else "PENDING" for n in range(50)}
    with TreeOfSteps(console) as tree:
        tree.plan(run("RUNNING", **steps | {"s30": "RUNNING"}))
        console.print(tree.picture())
        seen = screen.getvalue()
        tree.ended(run("SUCCEEDED", **dict.fromkeys(steps, "SUCCEEDED")))

    assert "and 49 others: 19 PENDING, 30 SUCCEEDED" in seen
    assert "s30" in seen
    assert "s29" not in seen
    assert "30 of 50 steps" in seen
    assert "s29" in screen.getvalue()


@pytest.mark.parametrize(
    ("event", "line"),
    [
        (moved("a", "RUNNING"), "a: RUNNING"),
        (moved("a", "RUNNING", 2), "a: RUNNING (attempt 2)"),
        (moved("a", "PENDING"), "a: waits for its turn again"),
        (
            moved("a", "FAILED") | {"failure": {"code": "TIMED_OUT", "message": "too long"}},
            "a: FAILED: TIMED_OUT: too long",
        ),
        (
            {
                "__typename": "StepRunApprovalRequested",
                "key": "a",
                "approval": {"id": "x", "requiredRole": "APPROVER", "requiredCount": 2},
            },
            "a: waits for 2 with the right of APPROVER: workbench approvals show x",
        ),
        (
            happened("StepRunApprovalDecided", key="a", state="APPROVED"),
            "a: approval APPROVED",
        ),
        (happened("StepRunRetried", key="a", attempt=2), "a: attempt 2 is to come"),
        (
            happened("WorkflowRunReplanned", revision=2),
            "The plan is another now: revision 2.",
        ),
        ({"__typename": "WorkflowRunCancelRequested"}, "Cancel was requested."),
        (
            happened("WorkflowRunStateChanged", to="PAUSED", why="lunch"),
            "PAUSED: lunch",
        ),
        (happened("WorkflowRunStateChanged", to="RUNNING"), None),
        ({"__typename": "OfALaterServer"}, None),
        (moved("a\x1b]0;x", "RUNNING"), "a\\x1b]0;x: RUNNING"),
    ],
)
def test_elsewhere_each_change_is_a_line(event: dict[str, Any], line: str | None) -> None:
    """What is of no use to a person is none, and nothing in it commands a terminal."""
    out = io.StringIO()
    with PlainWorkflow(out) as plain:
        plain.show(event)

    assert ("" if line is None else f"{line}\n") == out.getvalue()


def test_inputs_are_what_the_workflow_takes() -> None:
    """Text where it says so, else JSON if it can be read so."""
    schema = {"properties": {"text": {"type": "string"}, "n": {"type": "integer"}}}
    words = ["text=7", "n=7", "list=[1]", "other=a=b", "empty="]

    assert {"text": "7", "n": 7, "list": [1], "other": "a=b", "empty": ""} == inputs_of(
        words, schema
    )
    for word in ("x", "=x"):
        with pytest.raises(ValueError, match="NAME=VALUE"):
            inputs_of([word], {})
