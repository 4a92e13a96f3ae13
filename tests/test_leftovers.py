"""A session whose tests leave something behind in the checkout fails, and says what."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).resolve().parents[1]
TEST: Final = "from pathlib import Path\ndef test_it() -> None:\n    Path({name!r}).touch()\n"


@pytest.mark.parametrize(
    ("name", "expected"), [("new/file", 1), ("kept", 0), ("ignored", 0), ("before", 0)]
)
def test_new_files_are_told(tmp_path: Path, name: str, expected: int) -> None:
    """Not what git keeps or ignores, nor what lay there before the tests."""
    (tmp_path / "new").mkdir()
    (tmp_path / ".gitignore").write_text("ignored\n__pycache__\n.pytest_cache\n")
    for file in ("kept", "before"):
        (tmp_path / file).touch()
    (tmp_path / "test_it.py").write_text(TEST.format(name=name))
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    subprocess.run(["git", "add", "kept", "test_it.py", ".gitignore"], cwd=tmp_path, check=True)

    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "tests.leftovers", "-p", "no:schemathesis"],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )

    assert expected == run.returncode, run.stdout
    assert ("left behind in the checkout: new/file" in run.stdout) is bool(expected)
