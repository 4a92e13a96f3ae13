"""`workbench doctor`, on machines that are well and on ones that are not."""

import json
import shutil
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path

import pytest

from tests.cli.served import COMMAND, environment

pytestmark = pytest.mark.timeout(120)

Told = dict[str, tuple[str, str]]
"""What was found, by name: status and advice."""


def ran(folder: Path, *words: str, **variables: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [COMMAND, *words],
        env=environment(WORKBENCH_DATA_DIR=str(folder), **variables),
        capture_output=True,
        text=True,
        check=False,
    )


def told(folder: Path, **variables: str) -> tuple[int, Told]:
    """The exit code, and what was found."""
    done = ran(folder, "doctor", "--json", **variables)
    findings = [json.loads(line) for line in done.stdout.splitlines()]
    return done.returncode, {each["name"]: (each["status"], each["advice"]) for each in findings}


@pytest.fixture(scope="module")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data directory with a database of today."""
    made = tmp_path_factory.mktemp("doctor") / "kept"
    assert 0 == ran(made, "migrate").returncode
    return made


@pytest.fixture
def folder(migrated: Path, tmp_path: Path) -> Path:
    """One for each test, its modes included."""
    return Path(shutil.copytree(migrated, tmp_path / "kept"))


def test_what_is_well_is_said_to_be(folder: Path) -> None:
    """And the command ends with 0."""
    code, found = told(folder)
    well = {name for name, (status, _) in found.items() if status == "ok"}
    assert (0, set()) == (code, {"data directory", "database", "migrations", "bus"} - well)


def test_before_the_first_start_nothing_is_wrong_and_nothing_is_made(tmp_path: Path) -> None:
    """What a start would make is missing, and stays so."""
    code, found = told(tmp_path / "nothing")
    assert (0, "warn", "warn") == (code, found["data directory"][0], found["database"][0])
    assert not (tmp_path / "nothing").exists()


@pytest.mark.parametrize(("name", "mode"), [("workbench.db", 0o644), (".", 0o750)])
def test_what_others_could_read_is_a_fault(folder: Path, name: str, mode: int) -> None:
    """Each with the command that mends it."""
    (folder / name).chmod(mode)
    code, found = told(folder)
    status, advice = found["data directory"]
    assert (1, "fail", True) == (code, status, advice.startswith("chmod "))
    subprocess.run(advice.split(), check=True)
    assert 0 == told(folder)[0]


def test_tables_of_another_version_are_told(folder: Path) -> None:
    """The doctor does not bring them up to date; who is to do so is said."""
    with closing(sqlite3.connect(folder / "workbench.db", isolation_level=None)) as database:
        database.execute("UPDATE alembic_version SET version_num = '0001'")
    code, found = told(folder)
    assert (0, "warn") == (code, found["migrations"][0])
    assert "workbench migrate" in found["migrations"][1]


def test_what_does_not_answer_is_a_fault(folder: Path) -> None:
    """A database or a bus that is set has to be there; no password is printed."""
    away = "127.0.0.1:9"
    url = f"postgresql+asyncpg://user:geheim@{away}/db"
    done = ran(folder, "doctor", WORKBENCH_DATABASE_URL=url, WORKBENCH_BUS_URL=f"redis://{away}")
    lines = [line for line in done.stdout.splitlines() if line.startswith("fail")]
    assert (1, 2) == (done.returncode, len(lines)), done.stdout + done.stderr
    assert "geheim" not in done.stdout + done.stderr


def test_a_machine_without_a_sandbox_is_told_what_it_lacks(folder: Path, tmp_path: Path) -> None:
    """A server works without one, so that it is no fault."""
    code, found = told(folder, PATH=str(tmp_path))
    assert (0, ("warn", "install bubblewrap")) == (code, found["sandbox"])


@pytest.mark.usefixtures("bubblewrap")
def test_a_sandbox_that_works_is_found(folder: Path) -> None:
    """By making one."""
    assert "ok" == told(folder)[1]["sandbox"][0]
