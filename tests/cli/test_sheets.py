"""What a person is shown of an approval, and of a time."""

from datetime import UTC, datetime

import pytest

from cli.client.moments import moment
from cli.client.sheets import text_of, told
from cli.client.tables import aligned

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("time", "distance"),
    [
        ("2026-01-08T12:00:00Z", "in 7 days"),
        ("2026-01-02T12:00:00Z", "in 1 day"),
        ("2026-01-08T11:59:54Z", "in 7 days"),
        ("2026-01-02T11:59:54Z", "in 1 day"),
        ("2026-01-01T15:59:00.5+00:00", "in 4 hours"),
        ("2026-01-01T12:01:20Z", "in 1 minute"),
        ("2026-01-01T12:00:00.1Z", "in 1 second"),
        ("2026-01-01T11:59:18Z", "42 seconds ago"),
    ],
)
def test_a_time_is_told_by_the_clock_and_from_now(time: str, distance: str) -> None:
    """To the nearest number of the largest unit that fits."""
    day = datetime.fromisoformat(time).astimezone().strftime("%Y-%m-%d %H:%M %Z")

    assert f"{day}, {distance}" == moment(time, NOW)


def test_a_time_that_never_comes_is_told_so() -> None:
    """As the API tells it by null."""
    assert "never" == moment(None)


def test_a_command_hides_nothing() -> None:
    """Neither by colors, nor by moving the cursor, nor behind a line's end."""
    hidden = ("echo", "\x1b[8mrm", "a\rb", "c\nd\r", "\u202ecod.exe")

    shown = text_of({"command": hidden, "prompt": None})

    assert r"echo '\x1b[8mrm' 'a\rb' 'c\nd\r' '\u202ecod.exe'" == shown


def test_what_is_asked_of_a_step_is_shown() -> None:
    """To let those go on that need it, or to leave it out: no command belongs to that."""
    step = {"step": "sign-off", "attempt": 0, "revision": 1}

    assert "pass sign-off" == text_of({**step, "outputs": {"gate": {"passed": True}}})
    assert "leave sign-off out" == text_of({**step, "action": "SKIP"})


def test_a_prompt_is_shown_whole() -> None:
    """On one line."""
    assert r"Look.\nThen act." == text_of({"command": [], "prompt": "Look.\nThen act."})
    assert "plain é" == told("plain é")


def test_columns_are_as_wide_as_their_widest_cell() -> None:
    """And nothing stands behind the last."""
    assert ["a    b", "ccc  d"] == list(aligned([("a", "b"), ("ccc", "d")]))
