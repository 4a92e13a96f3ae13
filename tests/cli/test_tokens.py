"""`workbench token create`, `list` and `revoke`, as people and scripts use them."""

import re
import subprocess
from collections.abc import Iterator
from typing import Final

import pytest

from tests.cli.served import COMMAND, ROOT, Served, serving

# One server for all of them, so all of them in one process.
pytestmark = [pytest.mark.xdist_group("terminal-tokens"), pytest.mark.timeout(180)]

TEXT: Final = re.compile(r"wb_[\w-]{43}\n")


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(tmp_path_factory.mktemp("tokens")) as server:
        yield server


def ran(served: Served, *words: str, token: str | None = None) -> tuple[int, str, str]:
    """Exit code, stdout and stderr of `workbench` with these words."""
    variables = served.environment | ({"WORKBENCH_TOKEN": token} if token else {})
    done = subprocess.run(
        [COMMAND, *words],
        env=variables,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    return done.returncode, done.stdout, done.stderr


def made(served: Served, *words: str, token: str | None = None) -> str:
    """The text of a new token."""
    code, out, err = ran(served, "token", "create", *words, token=token)
    assert 0 == code, err
    assert TEXT.fullmatch(out), out
    return out.strip()


def row(served: Served, name: str, *words: str) -> list[str]:
    """The cells of a token in the list."""
    code, out, _ = ran(served, "token", "list", *words)
    assert 0 == code
    (found,) = (re.split(r"\s{2,}", line) for line in out.splitlines() if f"  {name}  " in line)
    return found


def test_a_token_of_one_s_own_is_printed_alone(served: Served) -> None:
    """Its text to standard output, for scripts; what it is to standard error, for people."""
    code, out, err = ran(served, "token", "create", "laptop", "--scope", "read", "--days", "30")

    assert 0 == code
    assert TEXT.fullmatch(out)
    assert re.fullmatch(
        r"workbench: token 'laptop' of 'admin', scopes READ, ends \S+ \S+, id \w+; "
        r"keep it, it is not shown again\n",
        err,
    )
    assert out.strip() not in err


def test_the_list_shows_what_a_token_is_and_not_its_text(served: Served) -> None:
    """With its limits, and whether it can be used."""
    text = made(served, "robot", "--principal", "bot", "--scope", "launch", "--project", "default")

    token_id, *cells, state = row(served, "robot", "--principal", "bot")
    assert ["robot", "LAUNCH", "default"] == cells[:3]
    assert ["never", "never", "active"] == [*cells[4:], state]
    assert token_id.isalnum()
    assert text not in ran(served, "token", "list", "--principal", "bot")[1]
    assert "current" == row(served, "bootstrap")[-1]


def test_a_token_launches_until_it_is_revoked(served: Served) -> None:
    """And twice revoked is as once."""
    text = made(served, "runner", "--principal", "runner", "--kind", "service")
    token_id = row(served, "runner", "--principal", "runner")[0]
    before = ran(served, "run", "--", "true", token=text)
    revoked = [ran(served, "token", "revoke", token_id)[0] for _ in range(2)]
    after = ran(served, "run", "--", "true", token=text)

    assert (125, True) == (before[0], "no project" in before[2]), "it is no member yet"
    assert [0, 0] == revoked
    assert (125, True) == (after[0], "valid token" in after[2])
    assert "revoked" == row(served, "runner", "--principal", "runner")[-1]


def test_a_token_makes_no_wider_one(served: Served) -> None:
    """It is told so in one line, with exit code 1."""
    reader = made(served, "reader", "--scope", "read")
    refused = ran(served, "token", "create", "admin again", "--scope", "admin", token=reader)
    foreign = ran(served, "token", "create", "x", "--principal", "bot", token=reader)
    unseen = ran(served, "token", "list", "--principal", "somebody", token=reader)

    for code, out, err in (refused, foreign, unseen):
        assert (1, "") == (code, out)
        assert re.fullmatch(r"workbench: .+\n", err)


def test_an_odd_name_is_refused_as_it_is(served: Served) -> None:
    """What it says stands on the terminal without acting on it."""
    code, out, err = ran(served, "token", "create", "evil\x1b]0;x\x07")

    assert (1, "") == (code, out)
    assert "\x1b" not in err
