"""What the examples say is what they do, against a real server under the policy it begins with."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from tests.adapters.a2a.serving import AgentServer
from tests.cli.served import ROOT, Served, serving

pytestmark = pytest.mark.timeout(300)

AGENT_TOKEN: Final = "s3cret-of-the-agent"
AGENT_WORK: Final = ("--allow-private", "--prompt", "count 3", "--lasting-prompt", "wait")


def test_the_gate_is_walked_to_its_end(tmp_path: Path) -> None:
    """Denied, held, refused to whoever asked, approved by another, run, and all of it audited."""
    with serving(tmp_path, is_open=False) as served:
        shown = subprocess.run(
            [sys.executable, "examples/approve_a_run.py"],
            env={**served.environment, "WORKBENCH_DATA_DIR": str(tmp_path / "records")},
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )

    assert (0, "") == (shown.returncode, shown.stderr), shown.stdout
    assert [
        "denied",
        "held for an approval",
        "who asked may not approve it",
        "approved by another person, bound to",
        "dispatched",
        "the audit log is whole",
    ] == [_beginning(line) for line in shown.stdout.splitlines()]


def releasing(served: Served, *words: str) -> "subprocess.CompletedProcess[str]":
    """The example on a workflow, as it ended."""
    return subprocess.run(
        [sys.executable, "examples/release_check.py", *words],
        env=served.environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
    )


def test_a_release_is_checked_and_packaged(tmp_path: Path) -> None:
    """Three steps side by side, a gate, a person, and a package, under the policy that a project
    begins with; a gate that asks for more stops before anybody is asked."""
    with serving(tmp_path, is_open=False) as served:
        kept = releasing(served)
        stopped = releasing(served, "passed=100000")

    assert (0, "") == (kept.returncode, kept.stderr), kept.stdout
    said = kept.stdout.splitlines()
    assert {f"{key}: SUCCEEDED" for key in ("lint", "types", "tests")} < set(said)
    gone_on = said[said.index("gate: SUCCEEDED") :]
    assert ["gate: SUCCEEDED", "sign-off: BLOCKED"] == gone_on[:2]
    assert "approved by another person, bound to" == _beginning(gone_on[2])
    assert ["sign-off: SUCCEEDED", "package: SUCCEEDED"] == [
        line for line in gone_on[3:-2] if "RUNNING" not in line
    ]
    assert "report dist/release-check/report.html" == _beginning(gone_on[-2])
    assert "artifact dist/release.tar.gz" == _beginning(gone_on[-1])
    assert 1 == stopped.returncode
    assert "gate: FAILED" == stopped.stdout.splitlines()[-1]
    assert "VALIDATION_FAILED" in stopped.stderr


def _beginning(line: str) -> str:
    """What a line says before it goes into this run's own."""
    if line.startswith("approved"):
        return line.rsplit(" ", 1)[0]
    return line.split(":", 1)[0]


@pytest.fixture
def agent(tmp_path: Path) -> Iterator[AgentServer]:
    folder = tmp_path / "agent"
    folder.mkdir()
    with AgentServer(folder, token=AGENT_TOKEN).running() as running:
        yield running


def connecting(served: Served, *words: str, **extra: str) -> "subprocess.Popen[str]":
    """The example on connectors, just started."""
    return subprocess.Popen(
        [sys.executable, "examples/connect_providers.py", *words],
        env={**served.environment, **extra},
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def test_an_agent_is_connected_killed_and_heals(tmp_path: Path, agent: AgentServer) -> None:
    """From its configuration to a log that streams and a cancel; then it dies and comes back."""
    told: list[str] = []
    with (
        serving(tmp_path, is_open=False) as served,
        connecting(
            served, "--agent", agent.url, "--until-healed", *AGENT_WORK, A2A_TOKEN=AGENT_TOKEN
        ) as walk,
    ):
        assert walk.stdout is not None
        for line in walk.stdout:
            told.append(line.rstrip("\n"))
            if "kill the provider now" in line:
                agent.kill()
            if "bring the provider back now" in line:
                agent.start()

    assert 0 == walk.returncode, told
    launched = "a2a: launched, and approved by another person"
    assert ["a2a: configured", "a2a: its credential is set", "a2a: healthy", launched] == told[:4]
    assert ["a2a> line 0", "a2a> line 1", "a2a> line 2"] == told[4:7]
    assert ["a2a: SUCCEEDED", launched, "a2a> ready", "a2a: CANCELED", launched] == told[7:12]
    killed, degraded, following, *after = told[12:]
    assert "a2a: a run is there: kill the provider now" == killed
    assert re.fullmatch("a2a: degraded: .+", degraded)
    assert re.fullmatch(r"a2a: next check: \d.+; bring the provider back now", following)
    assert ["a2a: healed: RUNNING", "a2a> ready", "a2a: CANCELED"] == after
    assert AGENT_TOKEN not in "\n".join(told)


@pytest.mark.parametrize(
    ("words", "secret", "code"),
    [
        ((), AGENT_TOKEN, 2),
        (("--agent", "{url}", *AGENT_WORK), "what-nobody-gave-us", 3),
        (("--agent", "{url}", "--until-healed", "--patience", "1", *AGENT_WORK), AGENT_TOKEN, 4),
        (("--agent", "{url}", "--allow-private", "--prompt", "fail so"), AGENT_TOKEN, 1),
    ],
    ids=["nothing to connect", "a wrong secret", "nobody kills it", "the run fails"],
)
def test_an_exit_code_tells_what_was_not_seen(
    tmp_path: Path, agent: AgentServer, words: tuple[str, ...], secret: str, code: int
) -> None:
    """Each with a reason, and without the secret."""
    given = [word.format(url=agent.url) for word in words]
    with (
        serving(tmp_path, is_open=False) as served,
        connecting(served, *given, A2A_TOKEN=secret) as walk,
    ):
        told, _ = walk.communicate(timeout=180)

    assert code == walk.returncode, told
    assert re.search("^(connect_providers: |usage: ).+", told, re.MULTILINE), told
    assert secret not in told
