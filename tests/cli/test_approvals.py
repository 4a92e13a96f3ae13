"""`workbench approvals`, as people and scripts use it, against a real server with its engine."""

import json
import re
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.approving import MEMBER, PERSON, POLICY, asking
from tests.cli.served import COMMAND, ROOT, Served, serving, written
from tests.cli.test_blocked import ask

# One server for all of them, so all of them in one process.
pytestmark = [pytest.mark.xdist_group("terminal-approvals"), pytest.mark.timeout(180)]


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(tmp_path_factory.mktemp("approvals"), is_open=False) as server:
        yield server


@pytest.fixture(scope="module")
def anna(served: Served) -> str:
    """The token of somebody who may approve what is asked about from now on."""
    text: str = ask(served, PERSON, name="anna")["tokenCreate"]["token"]
    ask(served, PERSON, name="ben")
    for name in ("anna", "ben"):
        ask(served, MEMBER, project="default", name=name, roles=["APPROVER"])
    rules = [asking("echo"), asking("printf", 2)]
    set_to = ask(served, POLICY, project="default", rules=rules)["policySet"]
    assert "PolicySetPayload" == set_to["__typename"], set_to
    return text


def ran(served: Served, *words: str, token: str | None = None) -> tuple[int, str, str]:
    """Exit code, stdout and stderr of `workbench approvals` with these words."""
    variables = served.environment | ({"WORKBENCH_TOKEN": token} if token else {})
    done = subprocess.run(
        [COMMAND, "approvals", *words],
        env=variables,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    return done.returncode, done.stdout, done.stderr


def waiting(served: Served, *command: str, why: str = "a test") -> Any:
    """A run that waits, as `approvals list --json` has it."""
    code, _, err = served.ran("--detach", "--reason", why, "--", *command)
    assert 0 == code, err
    code, out, err = ran(served, "list", "--mine", "--limit", "1", "--json")
    assert 0 == code, err
    (found,) = json.loads(out)
    return found


def test_a_list_has_what_waits_and_whether_one_may_decide(served: Served, anna: str) -> None:
    """For whoever asks and for whoever is asked."""
    approval = waiting(served, "echo", "listed")

    rows = {
        who: next(
            line for line in ran(served, "list", token=token)[1].splitlines() if "listed" in line
        )
        for who, token in (("asks", None), ("is asked", anna))
    }

    assert approval["id"] in rows["asks"]
    assert "REQUESTER" in rows["asks"]
    assert " default " in rows["asks"]
    assert re.search(r"PENDING .*0 of 1 APPROVER .*in \d+ days +may decide", rows["is asked"])
    assert "listed" not in ran(served, "list", "--eligible")[1]
    assert "listed" not in ran(served, "list", "--state", "approved")[1]


def test_what_is_shown_is_what_is_agreed_to(served: Served, anna: str) -> None:
    """With its digest, on standard error beside the result; afterwards it runs."""
    approval = waiting(served, "echo", "two words", why="It is harmless")

    shown = ran(served, "show", approval["id"], token=anna)[1]
    code, out, err = ran(
        served, "approve", approval["id"], "--reason", "I have read it", token=anna
    )

    assert (0, "APPROVED: 1 of 1 have agreed\n") == (code, out), err
    for text in (shown, err):
        assert "what      echo 'two words'\n" in text
        assert f"digest    {approval['digest']}\n" in text
        assert "because   It is harmless\n" in text
    after = json.loads(ran(served, "show", approval["id"], "--json")[1])
    (vote,) = after["decisions"]
    assert ("anna", "I have read it") == (vote["approver"]["name"], vote["reason"])
    assert "\x1b" not in shown, "it is plain where it is no terminal"


def test_an_inbox_with_nothing_in_it_says_so(served: Served, anna: str) -> None:
    """On standard error: a script that reads lines gets none."""
    nothing = ran(served, "list", "--eligible")
    none = ran(served, "list", "--state", "voided", token=anna)

    assert (0, "", "workbench: Nothing waits.\n") == nothing
    assert (0, "", "workbench: There is none like this.\n") == none


def test_a_step_is_asked_about_in_its_project(served: Served, anna: str, tmp_path: Path) -> None:
    """Though no run belongs to it: which workflow run it is in is said, and which attempt."""
    path = written(tmp_path, "name: ask\nsteps: [{key: pass, approval: {role: APPROVER}}]\n")
    code, out, err = served.workflow("run", path)
    assert 0 == code, err
    with served.started("workflow", "follow", out.strip()) as process:
        assert process.stdout is not None
        waits = next(line for line in process.stdout if "waits for" in line)
        shown = ran(served, "show", waits.split()[-1])[1]
        row = next(
            line for line in ran(served, "list", token=anna)[1].splitlines() if "pass pass" in line
        )
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)

    assert re.search(r" default .*may decide", row), row
    assert "project   default\n" in shown
    assert f"in        workflow run {out.strip()}\n" in shown
    assert "step      attempt 1 in revision 1 of the plan\n" in shown


def test_one_no_ends_it(served: Served, anna: str) -> None:
    """And JSON says so for scripts."""
    approval = waiting(served, "printf", "x")
    agreed = ran(served, "approve", approval["id"], "--reason", "fine", token=anna)
    other = waiting(served, "printf", "y")
    code, out, _ = ran(served, "reject", other["id"], "--reason", "no", "--json", token=anna)

    assert (0, "PENDING: 1 of 2 have agreed\n") == agreed[:2]
    assert (0, "REJECTED") == (code, json.loads(out)["state"])


def test_who_may_not_is_told_why(served: Served, anna: str) -> None:
    """In one line, with an exit code of its own; what cannot be found or was not seen too."""
    approval = waiting(served, "echo", "mine")
    own = ran(served, "approve", approval["id"], "--reason", "mine")
    absent = ran(served, "show", "nothing")
    other = ran(
        served, "approve", approval["id"], "--reason", "x", "--digest", "0" * 64, token=anna
    )
    unasked = ran(served, "approve", approval["id"], token=anna)

    assert [125, 125, 125, 2] == [own[0], absent[0], other[0], unasked[0]]
    assert "workbench: Whoever asked for it cannot decide on it." == own[2].splitlines()[-1]
    assert "another digest" in other[2]
    seen = json.loads(ran(served, "show", approval["id"], "--json")[1])
    assert ("PENDING", []) == (seen["state"], seen["decisions"])


def test_without_a_server_it_could_not_be_asked(tmp_path: Path) -> None:
    """Which a script can tell from a refusal."""
    nowhere = {"WORKBENCH_URL": "http://127.0.0.1:9", "WORKBENCH_TOKEN": "wb_x"}
    done = subprocess.run(
        [COMMAND, "approvals", "list"], env=nowhere, cwd=tmp_path, capture_output=True, check=False
    )

    assert (1, b"") == (done.returncode, done.stdout)
    assert b"No server answers" in done.stderr
