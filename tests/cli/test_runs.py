"""`workbench runs`: whoever comes back to a run finds it, follows it, and stops it."""

import json
import signal
import subprocess
from collections.abc import Iterator

import pytest

from tests.cli.served import COMMAND, ROOT, Served, serving

# One server for all of them, so all of them in one process.
pytestmark = [pytest.mark.xdist_group("terminal-runs"), pytest.mark.timeout(180)]


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(tmp_path_factory.mktemp("runs")) as server:
        yield server


def started(served: Served, *words: str) -> "subprocess.Popen[str]":
    """`workbench runs` with these words."""
    return subprocess.Popen(
        [COMMAND, "runs", *words],
        env=served.environment,
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def ran(served: Served, *words: str) -> tuple[int, str, str]:
    """Exit code, stdout and stderr of it, once it has ended."""
    with started(served, *words) as process:
        out, err = process.communicate(timeout=60)
    return process.returncode, out, err


def launched(served: Served, script: str) -> str:
    code, out, err = served.ran("--detach", "--", "sh", "-c", script)
    assert 0 == code, err
    return out.strip()


def test_a_run_that_was_left_is_followed_to_its_end(served: Served) -> None:
    """From its first line on, each stream on its own, with its exit code; and once more, after it
    has ended."""
    run_id = launched(served, "echo one; sleep 1; echo two >&2; exit 3")
    for _ in range(2):
        code, out, err = ran(served, "follow", run_id)
        first, last = err.splitlines()
        assert (3, "one\n", "two") == (code, out, first)
        assert last.startswith("workbench: FAILED in ")


def test_who_stops_to_follow_leaves_the_run_alone(served: Served) -> None:
    """Ctrl-C ends the look alone; the run goes on until it is canceled, with the reason."""
    run_id = launched(served, "echo here; sleep 600")
    with started(served, "follow", run_id) as process:
        assert process.stdout is not None
        assert "here\n" == process.stdout.readline()
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)
    assert 130 == process.returncode
    shown = json.loads(ran(served, "show", run_id, "--json")[1])
    assert ("RUNNING", None) == (shown["state"], shown["exitCode"])
    assert (0, "") == ran(served, "cancel", run_id, "--reason", "seen enough")[::2]
    code, _, err = ran(served, "follow", run_id)
    assert 130 == code
    assert "workbench: Cancel was requested.\n" in err
    assert "CANCELED" == json.loads(ran(served, "show", run_id, "--json")[1])["state"]


def test_runs_are_listed_newest_first(served: Served) -> None:
    """All of them, or those in a state, or those whose command holds a text, at most so many."""
    ids = [launched(served, f"exit {n} # of the list") for n in (0, 4)]
    for each in ids:
        ran(served, "follow", each)
    wanted = ("list", "--contains", "of the list")
    code, out, _ = ran(served, *wanted)
    head, *rows = out.splitlines()
    assert (0, ["ID", "STATE", "EXIT", "TIME", "BY", "SINCE", "WHAT"]) == (code, head.split())
    assert ids[::-1] == [row.split()[0] for row in rows]
    assert rows[0].endswith("sh -c 'exit 4 # of the list'")
    failed = json.loads(ran(served, *wanted, "--state", "failed", "--json")[1])
    assert [(ids[1], 4)] == [(each["id"], each["exitCode"]) for each in failed]
    assert 2 == len(ran(served, *wanted, "--limit", "1")[1].splitlines())


def test_a_run_is_shown(served: Served) -> None:
    """What it is, how it is, and what whoever asks may do."""
    run_id = launched(served, "printf 'a\\nb\\n'; exit 2")
    ran(served, "follow", run_id)
    code, out, _ = ran(served, "show", run_id)
    told = {line[:10].strip(): line[10:] for line in out.splitlines()}
    assert 0 == code
    assert ("FAILED", "2", "2 lines, 4 bytes") == (told["state"], told["exit code"], told["log"])
    assert "EXIT_NONZERO: Exited with code 2." == told["failure"]
    assert "RETRY" in told["you may"]


@pytest.mark.parametrize("command", ["show", "follow", "cancel"])
def test_a_run_that_is_not_there(served: Served, command: str) -> None:
    """One line, and the code of a refusal."""
    code, out, err = ran(served, command, "nothing")
    assert (125, "", 1) == (code, out, len(err.splitlines()))
