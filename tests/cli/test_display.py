"""What a person sees, on a terminal and elsewhere."""

import io
from typing import Final

import pytest
from rich.console import Console

from cli.client.api import Ending, Noticed, Printed, StateChanged, happening
from cli.client.display import Plain, Terminal, summary
from cli.client.screens import duration

END = Ending(state="FAILED", exit_code=3, failure_code="EXIT_NONZERO", failure_message="Exited.")

# Wherever the tests run: a terminal without colors has its say elsewhere.
XTERM: Final = {"TERM": "xterm"}


def shown_on_a_terminal(*happenings: Printed | Noticed | StateChanged) -> str:
    screen = io.StringIO()
    console = Console(
        file=screen, force_terminal=True, color_system="standard", width=80, _environ=XTERM
    )
    with Terminal("run-1", "QUEUED", console) as terminal:
        for one in happenings:
            terminal.show(one)
        terminal.broke()
        terminal.ended(END)
    return screen.getvalue()


def test_plain_output_goes_where_the_run_wrote_it() -> None:
    """What was on stdout to stdout, stderr to stderr, and our own words to stderr only."""
    out, err = io.StringIO(), io.StringIO()
    with Plain("run-1", out, err) as plain:
        plain.show(Printed(is_stderr=False, lines=["one", "\x1b]0;two\x07"]))
        plain.show(Printed(is_stderr=True, lines=["three"]))
        plain.show(StateChanged(state="RUNNING"))
        plain.show(StateChanged(state="BLOCKED"))
        plain.show(Noticed(text="Lines 1 to 2 have expired."))
        plain.ended(END)

    assert "one\n\\x1b]0;two\\x07\n" == out.getvalue()
    assert [
        "three",
        "workbench: It is BLOCKED: it goes on when a person has decided.",
        "workbench: Lines 1 to 2 have expired.",
        "workbench: FAILED, exit code 3, 0 lines, run run-1",
    ] == err.getvalue().splitlines()


def test_a_terminal_shows_lines_and_where_the_run_stands() -> None:
    """Lines of both streams, told apart, and the state below."""
    screen = shown_on_a_terminal(
        Printed(is_stderr=False, lines=["first", "\x1b[32mgreen\x1b[0m"]),
        Printed(is_stderr=True, lines=["wrong"]),
        StateChanged(state="BLOCKED"),
    )

    assert "first\n" in screen
    assert "\x1b[32mgreen\x1b[0m" in screen
    assert "\x1b[1;31m! \x1b[0m\x1b[31mwrong\x1b[0m" in screen
    assert "has decided" in screen
    assert "connection lost" in screen
    assert "FAILED, exit code 3" in screen


def test_a_terminal_is_not_commanded_by_a_line() -> None:
    """Neither by its output nor by anything else that comes from the server."""
    screen = shown_on_a_terminal(
        Printed(is_stderr=False, lines=["\x1b]0;title\x07", "[bold]no markup[/bold] :smile:"]),
        Noticed(text="\x1b]52;c;x\x07"),
    )

    assert "\x1b]" not in screen
    assert "[bold]no markup[/bold] :smile:" in screen


def test_long_lines_are_not_broken() -> None:
    """The terminal wraps them, so that copying gives back the line."""
    line = "x" * 500

    assert line in shown_on_a_terminal(Printed(is_stderr=False, lines=[line]))


@pytest.mark.parametrize(
    ("milliseconds", "shown"),
    [(0, "0.00 s"), (1250, "1.25 s"), (60_000, "01:00"), (3_725_000, "1:02:05")],
)
def test_durations_are_short(milliseconds: int, shown: str) -> None:
    """As exact as one needs them."""
    assert shown == duration(milliseconds)


def test_the_summary_says_it_all() -> None:
    """State, duration, exit code, how much and which."""
    ending = Ending(state="SUCCEEDED", exit_code=0, duration_ms=1250, lines=7)

    assert "SUCCEEDED in 1.25 s, exit code 0, 7 lines, run r1" == summary(ending, "r1")


def test_a_failure_is_told_where_the_exit_code_does_not_tell_it() -> None:
    """With its code and its sentence, which ends no sentence here."""
    slow = Ending(state="FAILED", failure_code="TIMED_OUT", failure_message="It took too long.")
    foreign = Ending(state="FAILED", failure_code="EXIT_NONZERO", failure_message="It failed.")

    assert "FAILED, TIMED_OUT: It took too long, 0 lines, run r1" == summary(slow, "r1")
    assert "FAILED, EXIT_NONZERO: It failed, 0 lines, run r1" == summary(foreign, "r1")


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        ({"__typename": "RunStateChanged", "to": "RUNNING"}, StateChanged(state="RUNNING")),
        (
            {"__typename": "RunLogged", "batch": {"stream": "STDERR", "lines": ["x"]}},
            Printed(is_stderr=True, lines=["x"]),
        ),
        (
            {"__typename": "LogsExpired", "fromLine": 1, "toLine": 9},
            Noticed(text="Lines 1 to 9 have expired."),
        ),
        (
            {"__typename": "RunSynced", "syncStatus": "STALE", "reason": "No answer"},
            Noticed(text="Sync with the provider: STALE (No answer)"),
        ),
        (
            {"__typename": "RunAsked", "question": "Red or blue?"},
            Noticed(text="It asks: Red or blue?"),
        ),
        ({"__typename": "RunDispatched"}, None),
        ({"__typename": "SomethingNewer"}, None),
    ],
)
def test_events_are_read(event: dict[str, object], expected: object) -> None:
    """What is not known yet is passed over."""
    assert expected == happening(event)
