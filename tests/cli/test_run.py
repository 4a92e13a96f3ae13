"""`workbench run` and the example, as a person starts them, against a real server."""

import os
import pty
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import pytest

from tests.cli.served import COMMAND, ROOT, Served, serving

# One server for all of them, so all of them in one process.
pytestmark = [pytest.mark.xdist_group("terminal"), pytest.mark.timeout(180)]

BOTH: Final = "echo one; echo two; echo wrong >&2; exit 7"
UNTIL_TOLD: Final = "trap '' TERM; echo ready; while [ ! -e \"$0\" ]; do sleep 0.1; done"
COUNTING: Final = "i=0; while [ $i -lt 150 ]; do i=$((i+1)); echo line $i; sleep 0.02; done"


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(tmp_path_factory.mktemp("terminal")) as server:
        yield server


def read_until(process: "subprocess.Popen[str]", text: str, *, of_stderr: bool = False) -> None:
    stream = process.stderr if of_stderr else process.stdout
    assert stream is not None
    while text not in (line := stream.readline()):
        assert line, f"it ended without {text!r}"


def on_a_terminal(served: Served, *words: str) -> tuple[int, str]:
    """Exit code, and all that the terminal was sent."""
    pid, screen = pty.fork()
    if pid == 0:
        os.execve(COMMAND, [COMMAND, "run", *words], {**served.environment, "TERM": "xterm"})  # noqa: S606
    sent = b""
    try:
        while part := os.read(screen, 65536):
            sent += part
    except OSError:  # how Linux says that the other side has gone
        pass
    finally:
        os.close(screen)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), sent.decode()


def test_a_run_looks_as_if_it_ran_here(served: Served) -> None:
    """Its streams on ours, its exit code as ours, one line about it at the end."""
    code, out, err = served.ran("--", "sh", "-c", BOTH)

    assert (7, "one\ntwo\n") == (code, out)
    first, last = err.splitlines()
    assert "wrong" == first
    assert re.fullmatch(r"workbench: FAILED in \S+ s, exit code 7, .*3 lines, run \w+", last)


def test_options_of_the_program_are_its_own(served: Served) -> None:
    """The first word that is no option starts the program's part, with dashes or without."""
    assert (0, "--detach\n") == served.ran("echo", "--detach")[:2]


@pytest.mark.parametrize(
    ("expected", "words"),
    [
        (124, ["--timeout", "0.5", "sleep", "60"]),
        (125, ["no-such-program"]),
        (125, ["echo", "\udcff"]),
        (125, ["--cwd", "/", "true"]),
        (125, ["--timeout", "-1", "true"]),
        (125, ["--project", "nowhere", "true"]),
        (125, ["--provider", "nobody", "true"]),
    ],
)
def test_what_cannot_be_done_has_its_exit_code(
    served: Served, expected: int, words: list[str]
) -> None:
    """And a sentence that says why, in place of a traceback."""
    code, out, err = served.ran(*words)

    assert (expected, "") == (code, out)
    assert re.fullmatch(r"workbench: .+\n", err)


@pytest.mark.parametrize("words", [[], ["--timeout", "nan", "true"], ["--env", "none", "true"]])
def test_what_makes_no_sense_is_not_asked(served: Served, words: list[str]) -> None:
    """A command line that is wrong in itself ends with 2, as everywhere."""
    assert (2, "") == served.ran(*words)[:2]


@pytest.mark.parametrize(
    "extra", [{"WORKBENCH_TOKEN": "wb_wrong"}, {"WORKBENCH_URL": "http://127.0.0.1:1"}]
)
def test_who_is_not_let_in_is_told(served: Served, extra: dict[str, str]) -> None:
    """A wrong token and a wrong address are both a launch that did not happen."""
    code, out, err = served.ran("true", **extra)

    assert (125, "") == (code, out)
    assert re.fullmatch(r"workbench: not launched: .+\n", err)


def test_the_options_reach_the_server(served: Served) -> None:
    """Folder and environment are those that were asked for."""
    words = ["--cwd", "tests/cli", "--env", "ci", "--reason", "a test"]

    code, out, _ = served.ran(*words, "sh", "-c", "pwd; echo $CI")

    assert (0, f"{ROOT}/tests/cli\ntrue\n") == (code, out)


def test_the_same_key_launches_once(served: Served, tmp_path: Path) -> None:
    """Detached, the run's id is all that is printed."""
    words = ["--detach", "--key", tmp_path.name, "true"]

    first, second = served.ran(*words), served.ran(*words)

    assert first == second
    assert re.fullmatch(r"\w+\n", first[1])
    assert (0, "") == (first[0], first[2])


def test_ctrl_c_cancels_and_stays_to_the_end(served: Served) -> None:
    """The last line tells that it is canceled, not only that it was asked for."""
    with served.command("sh", "-c", "echo ready; sleep 60") as process:
        read_until(process, "ready")
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)

    assert 130 == process.returncode
    assert re.search(r"^workbench: CANCELED .*run \w+$", err, re.MULTILINE)


def test_a_second_ctrl_c_leaves_before_the_end(served: Served, tmp_path: Path) -> None:
    """A program that does not want to end keeps nobody at the terminal."""
    told = tmp_path / "told"
    with served.command("sh", "-c", UNTIL_TOLD, str(told)) as process:
        read_until(process, "ready")
        process.send_signal(signal.SIGINT)
        read_until(process, "Cancel was requested", of_stderr=True)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)
    told.touch()

    assert 130 == process.returncode
    assert re.search(r"^workbench: Left before the end of run \w+\.$", err, re.MULTILINE)


def test_a_reader_that_has_enough_is_no_error_to_see(served: Served) -> None:
    """As with `| head`: no traceback, and the run goes on without us."""
    with served.command("sh", "-c", COUNTING) as process:
        read_until(process, "line 1")
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        err = process.stderr.read()

    assert (1, "") == (process.returncode, err)


def test_a_terminal_gets_a_status_line(served: Served) -> None:
    """State and elapsed time below the lines, and nothing that a line could command."""
    words = ["sh", "-c", "printf '\\033]0;evil\\007\\n'; echo wrong >&2; sleep 1; exit 3"]

    code, screen = on_a_terminal(served, *words)

    assert 3 == code
    assert "\\x1b]0;evil\\x07" in screen
    assert "\x1b]" not in screen
    assert re.search(r" RUNNING \x1b\[0m \d\.\d\d s  \d lines", screen)
    assert re.search(r"FAILED in .*exit code 3", screen)


def test_a_killed_server_costs_no_line(tmp_path: Path) -> None:
    """The terminal waits for the server to come back and takes the log up where it was."""
    with serving(tmp_path) as first:
        process = first.command("sh", "-c", COUNTING)
        read_until(process, "line 20\n")
        first.process.kill()
        first.process.wait()
    with process, serving(tmp_path, urlsplit(first.url).port or 0):
        assert process.stdout is not None
        assert process.stderr is not None
        # Not by communicate, which leaves behind what came in one piece with the line just read.
        out, err = process.stdout.read(), process.stderr.read()

    assert [f"line {number}" for number in range(21, 151)] == out.splitlines()
    assert 0 == process.returncode
    assert "taking the log up again" in err


def test_the_example_proves_what_it_says(served: Served) -> None:
    """Our own tests, run by the server, followed with the cable pulled in the middle."""
    script = [sys.executable, "examples/follow_with_disconnect.py"]
    shown = subprocess.run(
        [*script, "--path", "tests/domain/models"],
        env=served.environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=90,
    )

    assert (0, "") == (shown.returncode, shown.stderr), shown.stdout
    assert re.search(
        r"^PROVED: lines 1 to \d+, then \d+ to \d+; none lost", shown.stdout, re.MULTILINE
    )
