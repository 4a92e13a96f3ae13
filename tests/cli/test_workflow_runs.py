"""`workbench workflow run` and what steers it, as people and scripts use it, on a real server."""

import json
import signal
from pathlib import Path
from typing import Final

import pytest

from tests.cli.served import Served, written

pytestmark = [pytest.mark.xdist_group("terminal-workflows"), pytest.mark.timeout(180)]

TWO: Final = """
name: two
inputs: {type: object, properties: {word: {type: string}, n: {type: integer, default: 1}}}
steps:
  - {key: first, command: [echo, "${{ inputs.word }}"]}
  - {key: second, command: ["true"]}
"""
FAILING: Final = """
name: failing
steps:
  - {key: bad, command: ["false"]}
  - {key: next, command: ["true"]}
"""
LONG: Final = "name: long\nsteps:\n  - {key: nap, command: [sleep, '300']}\n"


@pytest.fixture
def served(workflow_server: Served) -> Served:
    return workflow_server


def test_a_file_is_started_and_followed_to_its_end(served: Served, tmp_path: Path) -> None:
    """Each change is a line, in order; the exit code tells how it ended."""
    path = written(tmp_path, TWO)
    code, out, err = served.workflow("run", path, "--follow", "--input", "word=7")
    *lines, last = out.splitlines()

    assert (0, "") == (code, err)
    assert [
        "first: RUNNING",
        "first: SUCCEEDED",
        "second: RUNNING",
        "second: SUCCEEDED",
    ] == lines
    assert last.startswith("SUCCEEDED in ")
    assert "2 of 2 steps" in last
    run_id = last.split()[-1]
    assert {"word": "7", "n": 1} == served.shown(run_id)["inputs"]


def test_a_workflow_is_started_by_its_name(served: Served, tmp_path: Path) -> None:
    """The same key starts it once; the id is printed, and the list has it."""
    assert 0 == served.workflow("run", written(tmp_path, TWO), "--input", "word=x")[0]
    words = ("run", "two", "--input", "word=y", "--input", "n=2", "--key", "once")
    first, again = served.workflow(*words), served.workflow(*words)
    code, out, _ = served.workflow("list", "--workflow", "two", "--json")

    assert first == again
    assert 0 == code
    (listed, *_) = json.loads(out)
    assert first[1].strip() == listed["id"]
    assert ("two", 1) == (listed["workflow"]["name"], listed["workflow"]["version"])
    assert {"word": "y", "n": 2} == served.shown(listed["id"])["inputs"]


def test_what_has_failed_is_steered_on(served: Served, tmp_path: Path) -> None:
    """The exit code says that it failed; what is possible is told, and done."""
    code, out, _ = served.workflow("run", written(tmp_path, FAILING), "--follow")
    last = out.splitlines()[-1]
    run_id = last.split()[-1]

    assert 1 == code
    assert "bad: FAILED: EXIT_NONZERO" in out
    assert last.startswith("FAILED")
    sheet = served.workflow("show", run_id)[1]
    assert "failing (version 1), revision 1: FAILED" in sheet
    assert "RETRY_STEP" in sheet
    code, _, err = served.workflow("pause", run_id)
    assert (125, True) == (code, "Possible now: " in err)
    code, _, err = served.workflow("retry", run_id, "none", "--reason", "x")
    assert (125, "workbench: It has no step 'none'.\n") == (code, err)
    assert (0, "bad: SKIPPED\n", "") == served.workflow("skip", run_id, "bad", "--reason", "known")


def test_interrupting_cancels(served: Served, tmp_path: Path) -> None:
    """As `workbench run` does."""
    with served.started("workflow", "run", written(tmp_path, LONG), "--follow") as process:
        assert process.stdout is not None
        assert "nap: RUNNING\n" == process.stdout.readline()
        process.send_signal(signal.SIGINT)
        out, _ = process.communicate(timeout=60)

    assert 130 == process.returncode
    assert "Cancel was requested." in out
    assert out.splitlines()[-1].startswith("CANCELED")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("run", "none"), "There is no workflow 'none'"),
        (("run", "two", "--project", "none"), "There is no project 'none'"),
        (("run", "{file}", "--input", "word"), "Give inputs as NAME=VALUE: 'word'"),
        (("run", "{file}", "--input", "n=x"), "inputs.n"),
        (("show", "none"), "There is no workflow run"),
    ],
)
def test_what_cannot_be_is_said(
    served: Served, tmp_path: Path, words: tuple[str, ...], told: str
) -> None:
    """In a sentence, with 125."""
    path = written(tmp_path, TWO)
    code, out, err = served.workflow(*(path if word == "{file}" else word for word in words))

    assert (125, "") == (code, out)
    assert told in err


def test_a_report_is_printed_or_put_into_a_file(served: Served, tmp_path: Path) -> None:
    """In any format; what is not there is refused, and what cannot be written is told."""
    _, out, _ = served.workflow("run", written(tmp_path, FAILING), "--follow")
    run_id = out.split()[-1]
    code, usual, err = served.workflow("report", run_id)
    page = tmp_path / "report.html"

    assert (0, "") == (code, err)
    assert usual.startswith("# failing, version ")
    assert "EXIT" in usual
    told = json.loads(served.workflow("report", run_id, "--format", "json")[1])
    assert ["bad", "next"] == [step["key"] for step in told["steps"]]
    words = ("report", run_id, "--format", "html", "-o", str(page))
    assert (0, "", "") == served.workflow(*words)
    assert page.read_text().startswith("<!doctype html>")
    code, out, err = served.workflow("report", "nothing")
    assert (125, "", 1) == (code, out, len(err.splitlines()))
    code, out, err = served.workflow("report", run_id, "-o", str(tmp_path / "no" / "where"))
    assert (1, "", 1) == (code, out, len(err.splitlines()))
