"""`workbench feature`, as people and scripts use it, against a real server."""

import json
import subprocess
from collections.abc import Iterator
from typing import Any, Final

import pytest

from tests.cli.served import COMMAND, ROOT, Served, serving

# One server for all of them, so all of them in one process.
pytestmark = [pytest.mark.xdist_group("terminal-features"), pytest.mark.timeout(180)]

PLANS: Final = "tests/fixtures/plans"


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """This repository is its project."""
    with serving(tmp_path_factory.mktemp("features"), is_open=False) as server:
        yield server


def ran(served: Served, *words: str, **extra: str) -> tuple[int, str, str]:
    """Exit code, stdout and stderr of `workbench feature` with these words."""
    done = subprocess.run(
        [COMMAND, "feature", *words],
        env=served.environment | extra,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    return done.returncode, done.stdout, done.stderr


def answered(served: Served, *words: str) -> Any:
    code, out, err = ran(served, *words, "--json")
    assert 0 == code, err
    return json.loads(out)


def test_a_folder_is_scanned_and_its_features_are_listed(served: Served) -> None:
    """First as lines for people, then the same as JSON, in which nothing is new any more."""
    code, out, err = ran(served, "scan", "--folder", PLANS)
    assert (0, "") == (code, err)
    *lines, counts = out.splitlines()
    assert f"added: {PLANS}/PRDs/sdk-orchestration.md" in lines
    assert 3 == len([line for line in lines if line.startswith("feature: ")])
    assert "5 added, 0 changed, 0 unchanged, 0 removed, 0 refused" == counts
    again = answered(served, "scan", "--folder", PLANS)
    assert (5, 0, True) == (len(again["unchanged"]), again["bytesRead"], again["complete"])

    code, out, _ = ran(served, "list")
    assert 0 == code
    head, *rows = out.splitlines()
    assert ["SLUG", "STATUS", "FAMILY", "TITLE"] == head.split()
    assert (3, sorted(rows)) == (len(rows), rows)
    assert "draft" in rows[0]
    assert [row.split()[0] for row in rows] == [each["slug"] for each in answered(served, "list")]
    assert 2 == len(answered(served, "list", "--limit", "2"))


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("scan", "--folder", "../.."), "inside the project's root"),
        (("scan", "--folder", "no\x1b[2Jwhere"), "visible characters"),
        (("scan", "--project", "nowhere"), "no project 'nowhere'"),
        (("list", "--project", "nowhere"), "no project 'nowhere'"),
    ],
)
def test_a_refusal_is_told(served: Served, words: tuple[str, ...], message: str) -> None:
    """In one line on standard error, with the exit code of a refusal."""
    code, out, err = ran(served, *words)
    assert (125, "", 1) == (code, out, len(err.splitlines()))
    assert message in err


def test_without_a_server_nothing_is_asked(served: Served) -> None:
    """As scripts can tell by the exit code."""
    code, out, err = ran(served, "list", WORKBENCH_URL="http://127.0.0.1:9")
    assert (1, "") == (code, out)
    assert "No server answers" in err
