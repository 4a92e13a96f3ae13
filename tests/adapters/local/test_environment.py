"""The environment profiles: what each gives, and what none lets pass."""

from pathlib import Path

import pytest

from adapters.local.environment import FIXED_PATH, make_environment
from domain.models.providers import EnvProfile

HOST = {
    "PATH": "/host/bin",
    "HOME": "/home/somebody",
    "LANG": "de_DE.UTF-8",
    "LC_TIME": "C",
    "TZ": "Europe/Berlin",
    "TERM": "xterm",
    "WORKBENCH_SECRET_KEYS": "hidden",
    "WORKBENCH_RUN_ID": "of-another-run",
    "AWS_SECRET_ACCESS_KEY": "hidden",
    "LD_PRELOAD": "/hidden.so",
    "VIRTUAL_ENV": "/hidden/venv",
}


def make(profile: EnvProfile, root: Path = Path("/nowhere")) -> dict[str, str]:
    return make_environment(
        profile, HOST, root_path=str(root), run_id="r1", folder=Path("/spool/r1")
    )


def test_minimal_takes_nothing_from_the_host() -> None:
    """MINIMAL is the same on every machine, but for the run's own home and id."""
    expected = {
        "PATH": FIXED_PATH,
        "HOME": "/spool/r1/home",
        "LANG": "C.UTF-8",
        "WORKBENCH_RUN_ID": "r1",
        "WORKBENCH_OUTPUT": "/spool/r1/outputs",
    }
    assert expected == make(EnvProfile.MINIMAL)


def test_default_takes_who_and_where_one_is() -> None:
    """DEFAULT has the host's path, home and locale, and no terminal."""
    expected = {
        "PATH": "/host/bin",
        "HOME": "/home/somebody",
        "LANG": "de_DE.UTF-8",
        "LC_TIME": "C",
        "TZ": "Europe/Berlin",
        "TERM": "dumb",
        "WORKBENCH_RUN_ID": "r1",
        "WORKBENCH_OUTPUT": "/spool/r1/outputs",
    }
    assert expected == make(EnvProfile.DEFAULT)


def test_ci_adds_that_nobody_watches() -> None:
    """CI is DEFAULT and more, with nothing taken away."""
    made = make(EnvProfile.CI)
    assert make(EnvProfile.DEFAULT).items() <= made.items()
    assert ("true", "0", "cat") == (made["CI"], made["GIT_TERMINAL_PROMPT"], made["PAGER"])


def test_project_puts_its_own_programs_first(tmp_path: Path) -> None:
    """PROJECT finds the project's tools before the host's, where it has any."""
    (tmp_path / ".venv/bin").mkdir(parents=True)
    (tmp_path / "node_modules/.bin").mkdir(parents=True)
    made = make(EnvProfile.PROJECT, tmp_path)
    assert f"{tmp_path}/.venv/bin:{tmp_path}/node_modules/.bin:/host/bin" == made["PATH"]
    assert f"{tmp_path}/.venv" == made["VIRTUAL_ENV"]
    assert str(tmp_path) == made["WORKBENCH_PROJECT_ROOT"]
    assert "VIRTUAL_ENV" not in make(EnvProfile.PROJECT)


@pytest.mark.parametrize("profile", EnvProfile)
def test_no_secret_of_the_host_passes(profile: EnvProfile) -> None:
    """What is not named does not pass, and the run's id is its own."""
    made = make(profile)
    assert not [name for name, value in made.items() if "hidden" in value]
    assert "r1" == made["WORKBENCH_RUN_ID"]
