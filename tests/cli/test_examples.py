"""What the examples say is what they do, against a real server under the policy it begins with."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.served import ROOT, serving

pytestmark = pytest.mark.timeout(240)


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


def _beginning(line: str) -> str:
    """What a line says before it goes into this run's own."""
    if line.startswith("approved"):
        return line.rsplit(" ", 1)[0]
    return line.split(":", 1)[0]
