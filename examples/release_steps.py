"""The two steps of examples/release_check.yaml that no ready program does as it is needed.

    .venv/bin/python examples/release_steps.py tests tests/domain
    .venv/bin/python examples/release_steps.py package

The first hands on how many tests have passed and failed, the second leaves dist/release.tar.gz.
"""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

ARCHIVE = Path("dist", "release.tar.gz")


def tests(chosen: str) -> int:
    """Whether they have passed is for the gate to say, so that it sees how many did not."""
    command = [sys.executable, "-m", "pytest", "-q", "-n0", "-p", "no:cacheprovider", chosen]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    print(ran.stdout, ran.stderr, sep="")
    found = dict(reversed(each) for each in re.findall(r"(\d+) (passed|failed|error)", ran.stdout))
    counts = {"passed": int(found.get("passed", 0)), "failed": _failed(found)}
    Path(os.environ["WORKBENCH_OUTPUT"]).write_text(json.dumps(counts), encoding="utf-8")
    return 0 if ran.returncode in {0, 1} else 1


def _failed(found: dict[str, str]) -> int:
    return int(found.get("failed", 0)) + int(found.get("error", 0))


def package() -> int:
    """What is committed, and nothing else that lies here."""
    ARCHIVE.parent.mkdir(exist_ok=True)
    command = ["git", "archive", "--prefix=ccdash-workbench/", f"--output={ARCHIVE}", "HEAD"]
    return subprocess.run(command, check=False).returncode


if __name__ == "__main__":
    sys.exit(package() if sys.argv[1:] == ["package"] else tests(sys.argv[-1]))
