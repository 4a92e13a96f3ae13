"""The build of web/ while the project is installed: never in the way, unless it is required."""

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import pytest

from hatch_build import digest, is_built

ROOT: Final = Path(__file__).resolve().parents[2]
INSTALL: Final = "from hatchling.build import build_editable; build_editable('.')"


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """As much of the project as an installation reads. Its web/ cannot be built: no lock file."""
    for name in ("pyproject.toml", "hatch_build.py", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, tmp_path)
    (tmp_path / "web" / "graphiql").mkdir(parents=True)
    (tmp_path / "web" / "package.json").write_text("{}")
    (tmp_path / "web" / "graphiql" / "main.jsx").write_text("")
    return tmp_path


def install(checkout: Path, variables: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    ours = {name: text for name, text in os.environ.items() if name != "WORKBENCH_WEB"}
    return subprocess.run(
        [sys.executable, "-c", INSTALL],
        cwd=checkout,
        env={**ours, **variables},
        capture_output=True,
        text=True,
        timeout=50,
        check=False,
    )


def wheels(checkout: Path) -> list[Path]:
    return list(checkout.glob("*.whl"))


def test_a_failed_build_is_no_failed_installation(checkout: Path) -> None:
    """There is a warning, and no pages."""
    done = install(checkout, {})

    assert 0 == done.returncode, done.stderr
    assert "web/ was not built" in done.stdout + done.stderr
    assert 1 == len(wheels(checkout))
    assert not (checkout / "web" / "dist").exists()


def test_a_required_build_that_fails(checkout: Path) -> None:
    """The installation fails, and says why."""
    done = install(checkout, {"WORKBENCH_WEB": "require"})

    assert 0 != done.returncode
    assert "WebNotBuilt" in done.stderr
    assert [] == wheels(checkout)


def test_a_build_left_out(checkout: Path) -> None:
    """Nothing is tried, and nothing is said."""
    done = install(checkout, {"WORKBENCH_WEB": "skip"})

    assert (0, 1) == (done.returncode, len(wheels(checkout)))
    assert "web/" not in done.stdout + done.stderr


def test_what_is_up_to_date_is_not_built_again(checkout: Path) -> None:
    """So a required build succeeds where none could be made."""
    web = checkout / "web"
    (web / "dist").mkdir()
    (web / "dist" / "sources").write_text(digest(web))
    done = install(checkout, {"WORKBENCH_WEB": "require"})

    assert (0, 1) == (done.returncode, len(wheels(checkout)))


def test_any_change_of_the_sources_shows(checkout: Path) -> None:
    """Of a name and of a content; what npm and the build leave behind does not count."""
    web = checkout / "web"
    before = digest(web)
    for folder in ("node_modules", "dist"):
        (web / folder).mkdir()
        (web / folder / "left.js").touch()
    (web / "build.log").touch()
    unchanged = digest(web)
    (web / "dist" / "sources").write_text(before)
    was_built = is_built(web)
    (web / "graphiql" / "main.jsx").write_text("changed")
    changed = digest(web)
    (web / "graphiql" / "main.jsx").rename(web / "graphiql" / "other.jsx")

    assert before == unchanged
    assert was_built
    assert not is_built(web)
    assert 3 == len({before, changed, digest(web)})
