"""What one does to a workflow run from a terminal, and what it says before, on a real server."""

import json
import time
from pathlib import Path
from typing import Final

import pytest

from tests.cli.served import ROOT, Served, written
from tests.cli.test_workflow_follow import FAILING, UNTIL_TOLD

pytestmark = [pytest.mark.xdist_group("terminal-workflows"), pytest.mark.timeout(180)]

PLAN: Final = """
name: another
steps:
  - {key: bad, command: ["false"], onFailure: continue}
  - {key: instead, command: ["true"], needs: []}
"""
LEAVING: Final = """
name: leaving
steps:
  - {key: a, command: ["true"], artifacts: [pyproject.toml]}
  - {key: b, command: ["true"], artifacts: [docs/tutorial.md]}
"""


@pytest.fixture
def served(workflow_server: Served) -> Served:
    return workflow_server


@pytest.fixture
def failed(served: Served, tmp_path: Path) -> str:
    """The id of a workflow run whose first step of two has failed."""
    path = written(tmp_path, FAILING.format(name="failed"))
    return served.workflow("run", path, "--follow")[1].split()[-1]


def until(served: Served, run_id: str, key: str, state: str) -> None:
    """A step is in a state."""
    steps: dict[str, str] = {}
    deadline = time.monotonic() + 60
    while steps.get(key) != state:
        assert time.monotonic() < deadline, steps
        steps = {step["key"]: step["state"] for step in served.shown(run_id)["stepRuns"]}


def test_what_is_paused_goes_on_from_where_it_was_seen(served: Served, tmp_path: Path) -> None:
    """A resume token that is older than what was done since is refused; without one it is read."""
    told = tmp_path / "told"
    path = written(tmp_path, UNTIL_TOLD.format(told=told))
    run_id = served.workflow("run", path)[1].strip()
    until(served, run_id, "wait", "RUNNING")
    assert (0, "PAUSED\n", "") == served.workflow("pause", run_id, "--reason", "lunch")
    seen = served.shown(run_id)["resumeToken"]
    assert f"resume token: {seen}\n" in served.workflow("show", run_id)[1]
    told.touch()
    until(served, run_id, "wait", "SUCCEEDED")

    code, _, err = served.workflow("resume", run_id, "--token", seen)
    assert (125, True) == (code, "It has gone on since: look again." in err)
    now = served.shown(run_id)["resumeToken"]
    assert (0, "RUNNING\n", "") == served.workflow("resume", run_id, "--token", now)
    assert 0 == served.workflow("follow", run_id)[0]
    assert 125 == served.workflow("resume", run_id)[0]


def test_a_pause_is_left_without_a_token(served: Served, tmp_path: Path) -> None:
    """From where it is now."""
    told = tmp_path / "told"
    path = written(tmp_path, UNTIL_TOLD.format(told=told))
    run_id = served.workflow("run", path)[1].strip()
    until(served, run_id, "wait", "RUNNING")
    served.workflow("pause", run_id)

    assert (0, "RUNNING\n", "") == served.workflow("resume", run_id)
    told.touch()
    assert 0 == served.workflow("follow", run_id)[0]


def test_a_step_is_tried_again(served: Served, failed: str) -> None:
    """And fails again, as its second attempt."""
    code, out, err = served.workflow("retry", failed, "bad", "--reason", "once more")

    assert (0, "bad: PENDING\n", "") == (code, out, err)
    code, out, _ = served.workflow("follow", failed)
    assert 1 == code
    assert "bad: RUNNING (attempt 2)" in out.splitlines()


def test_what_is_left_is_planned_anew(served: Served, failed: str, tmp_path: Path) -> None:
    """What is not in the file is taken out, what is new is done; the failure stays."""
    path = written(tmp_path, PLAN)

    code, out, _ = served.workflow("impact", failed, "replan", "--file", path)
    assert (0, "possible") == (code, out.splitlines()[0])
    assert "instead: can start then" in out
    code, out, err = served.workflow("replan", failed, path, "--reason", "another way")
    assert (0, "") == (code, err)
    assert out.endswith(", revision 2\n")
    until(served, failed, "instead", "SUCCEEDED")
    assert {"bad", "instead"} == {step["key"] for step in served.shown(failed)["stepRuns"]}

    faulty = written(tmp_path, "name: x\nsteps: [{key: a}]\n", "faulty.yaml")
    code, _, err = served.workflow("replan", failed, faulty, "--reason", "x")
    assert (125, True) == (code, "steps.0: " in err)
    assert 125 == served.workflow("replan", failed, "none.yaml", "--reason", "x")[0]


def test_what_an_action_would_do_is_said_and_not_done(served: Served, failed: str) -> None:
    """Step by step; the exit code is that of the action, as far as that can be known."""
    before = served.shown(failed)

    code, out, _ = served.workflow("impact", failed, "skip", "--step", "bad")
    assert (0, ["possible", "next: can start then"]) == (code, out.splitlines())
    code, out, _ = served.workflow("impact", failed, "retry", "--step", "bad")
    assert (0, ["possible", "bad: done once more"]) == (code, out.splitlines()[:2])
    code, out, _ = served.workflow("impact", failed, "pause")
    assert (125, True) == (code, out.startswith("not possible: "))
    told = json.loads(served.workflow("impact", failed, "CANCEL", "--json")[1])
    assert told["allowed"]
    assert before == served.shown(failed)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("impact", "{id}", "retry"), "Give --step"),
        (("impact", "{id}", "cancel", "--step", "bad"), "Give --step"),
        (("impact", "{id}", "skip", "--step", "none"), "It has no step 'none'."),
        (("impact", "none", "cancel"), "There is no workflow run"),
        (("artifacts", "none"), "There is no workflow run"),
        (("follow", "none"), "There is no workflow run"),
        (("resume", "none"), "There is no workflow run"),
        (("cancel", "none"), "nothing with this id"),
        (("replan", "none", "Makefile", "--reason", "x"), ""),
    ],
)
def test_what_is_not_there_is_said(
    served: Served, failed: str, words: tuple[str, ...], told: str
) -> None:
    """In a sentence, with 125."""
    code, out, err = served.workflow(*(failed if word == "{id}" else word for word in words))

    assert (125, "") == (code, out)
    assert err.startswith("workbench: ")
    assert told in err


def test_what_steps_have_left_is_listed_and_brought(served: Served, tmp_path: Path) -> None:
    """Each below its step, byte for byte."""
    run_id = served.workflow("run", written(tmp_path, LEAVING), "--follow")[1].split()[-1]
    code, out, _ = served.workflow("artifacts", run_id)
    header, first, second = out.splitlines()

    assert (0, ["STEP", "NAME", "TYPE", "BYTES", "SHA-256"]) == (code, header.split())
    assert ["a", "pyproject.toml"] == first.split()[:2]
    assert ["b", "docs/tutorial.md"] == second.split()[:2]
    folder = tmp_path / "left"
    code, out, err = served.workflow("artifacts", run_id, "--into", str(folder))
    assert (0, "", 2) == (code, err, len(out.splitlines()))
    for key, name in (("a", "pyproject.toml"), ("b", "docs/tutorial.md")):
        assert (ROOT / name).read_bytes() == (folder / key / name).read_bytes()
    assert ["a", "b"] == [
        each["stepRun"]["key"]
        for each in json.loads(served.workflow("artifacts", run_id, "--json")[1])
    ]
    (tmp_path / "file").touch()
    assert 1 == served.workflow("artifacts", run_id, "--into", str(tmp_path / "file"))[0]
