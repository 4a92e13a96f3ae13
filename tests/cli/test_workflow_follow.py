"""Following a workflow run to its end: which end that is, and across what."""

import signal
import subprocess
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import pytest

from cli.client.failures import CHARACTERS_MAX, LINES_MAX
from tests.cli.served import Served, serving, written

pytestmark = [pytest.mark.xdist_group("terminal-workflows"), pytest.mark.timeout(180)]

FAILING: Final = """
name: {name}
steps:
  - {{key: bad, command: ["false"]}}
  - {{key: next, command: ["true"]}}
"""
TALKING: Final = """
name: talking
steps:
  - {key: bad, command: [sh, -c, 'seq 0 49; printf "%0400d" 1; exit 3']}
"""
MENDED: Final = [
    "bad: RUNNING",
    "bad: FAILED: EXIT_NONZERO: Exited with code 1.",
    "bad: SKIPPED",
    "bad: left out: known",
    "next: RUNNING",
    "next: SUCCEEDED",
]
UNTIL_TOLD: Final = """
name: until-told
steps:
  - {{key: first, command: ["true"]}}
  - {{key: wait, command: [sh, -c, 'until [ -e "$0" ]; do sleep 0.1; done', {told}]}}
  - {{key: last, command: ["true"]}}
"""
LATE: Final = "name: late\ntimeoutMs: 500\nsteps: [{key: nap, command: [sleep, '60']}]\n"


@pytest.fixture
def served(workflow_server: Served) -> Served:
    return workflow_server


def read_until(process: "subprocess.Popen[str]", text: str) -> list[str]:
    """The lines up to the one that has it."""
    assert process.stdout is not None
    lines: list[str] = []
    while not lines or text not in lines[-1]:
        lines.append(process.stdout.readline().rstrip("\n"))
        assert lines[-1], f"it ended without {text!r}"
    return lines


def test_a_failure_that_was_mended_is_no_end(served: Served, tmp_path: Path) -> None:
    """Whoever looks later sees all that has happened, with that failure among it."""
    path = written(tmp_path, FAILING.format(name="mended"))
    code, out, _ = served.workflow("run", path, "--key", "mended", "--follow")
    run_id = out.split()[-1]
    assert (1, True) == (code, out.splitlines()[-1].startswith("FAILED in "))
    assert 0 == served.workflow("skip", run_id, "bad", "--reason", "known")[0]

    followed = served.workflow("follow", run_id)
    code, out, err = followed
    *lines, last = out.splitlines()
    assert (0, "") == (code, err)
    assert MENDED == [line for line in lines if not line.startswith("  ")]
    assert last.startswith("SUCCEEDED in ")
    assert followed == served.workflow("run", "mended", "--key", "mended", "--follow")


def test_a_failure_comes_with_what_was_printed_last(served: Served, tmp_path: Path) -> None:
    """A few lines of it, followed or shown, and the command that brings the rest."""
    out = served.workflow("run", written(tmp_path, TALKING), "--follow")[1]
    shown = served.workflow("show", out.split()[-1])[1]

    at = out.splitlines().index("bad: FAILED: EXIT_NONZERO: Exited with code 3.")
    *lines, command = out.splitlines()[at + 1 : at + 2 + LINES_MAX]
    cut = f"{'0' * CHARACTERS_MAX}…"
    assert ["  46", "  47", "  48", "  49", f"  {cut}"] == lines
    assert command.startswith("  its log: workbench runs follow ")
    assert "\n".join(["", "bad: FAILED", *lines, command, ""]) in shown
    with served.started(*command.split()[3:]) as process:
        log, _ = process.communicate(timeout=60)
    assert [*map(str, range(50)), f"{1:0400}"] == log.splitlines()


def test_a_failure_can_be_waited_through(served: Served, tmp_path: Path) -> None:
    """It is said, and what people then do is shown as well."""
    path = written(tmp_path, FAILING.format(name="patient"))
    words = ("workflow", "run", path, "--follow", "--past-failure")
    with served.started(*words) as process:
        read_until(process, "It has FAILED, and goes on when")
        ((run_id,),) = [line.split()[:1] for line in newest(served, "patient")]
        assert 0 == served.workflow("skip", run_id, "bad", "--reason", "known")[0]
        out, _ = process.communicate(timeout=60)

    assert 0 == process.returncode
    assert out.splitlines()[-1].startswith("SUCCEEDED in ")


def newest(served: Served, name: str) -> list[str]:
    """The line of its newest run."""
    return served.workflow("list", "--workflow", name, "--limit", "1")[1].splitlines()[1:]


def test_who_looks_on_leaves_it_alone(served: Served, tmp_path: Path) -> None:
    """Ctrl-C cancels what one has started, and not what one looks at."""
    told = tmp_path / "told"
    path = written(tmp_path, UNTIL_TOLD.format(told=told))
    run_id = served.workflow("run", path)[1].strip()
    with served.started("workflow", "follow", run_id) as process:
        read_until(process, "wait: RUNNING")
        process.send_signal(signal.SIGINT)
        out, _ = process.communicate(timeout=60)

    assert (130, f"Left before the end of workflow run {run_id}.\n") == (process.returncode, out)
    assert "RUNNING" == served.shown(run_id)["state"]
    told.touch()
    assert 0 == served.workflow("follow", run_id)[0]


def test_a_killed_server_costs_no_change(tmp_path: Path) -> None:
    """The terminal waits for it to come back, and shows what comes behind the last it has shown."""
    told = tmp_path / "told"
    path = written(tmp_path, UNTIL_TOLD.format(told=told))
    with serving(tmp_path) as first:
        process = first.started("workflow", "run", path, "--follow")
        before = read_until(process, "wait: RUNNING")
        first.process.kill()
        first.process.wait()
    told.touch()
    with process, serving(tmp_path, urlsplit(first.url).port or 0):
        out, _ = process.communicate(timeout=90)

    assert ["first: RUNNING", "first: SUCCEEDED", "wait: RUNNING"] == before
    broken, *lines, last = out.splitlines()
    assert "Connection lost, trying again." == broken
    assert ["wait: SUCCEEDED", "last: RUNNING", "last: SUCCEEDED"] == [
        line for line in lines if line != broken
    ]
    assert (0, True) == (process.returncode, last.startswith("SUCCEEDED in "))


def test_what_ran_out_of_time_has_its_code(served: Served, tmp_path: Path) -> None:
    """As of a run."""
    code, out, _ = served.workflow("run", written(tmp_path, LATE), "--follow")

    assert 124 == code
    assert "FAILED" in out.splitlines()[-1]
    assert "TIMED_OUT" in out.splitlines()[-1]


def test_what_somebody_else_cancels_has_its_code(served: Served, tmp_path: Path) -> None:
    """130, as after Ctrl-C."""
    path = written(tmp_path, UNTIL_TOLD.format(told=tmp_path / "never"))
    run_id = served.workflow("run", path)[1].strip()
    with served.started("workflow", "follow", run_id) as process:
        read_until(process, "wait: RUNNING")
        assert 0 == served.workflow("cancel", run_id, "--reason", "enough")[0]
        out, _ = process.communicate(timeout=60)

    assert 130 == process.returncode
    assert "Cancel was requested." in out
    assert out.splitlines()[-1].startswith("CANCELED in ")
