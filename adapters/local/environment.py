"""The environment of a run, made from nothing by allow-list: what is not named does not pass."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Final, assert_never

from adapters.local.protocol import HOME_NAME, OUTPUT_VARIABLE, OUTPUTS_NAME, RUN_ID_VARIABLE
from domain.models.providers import EnvProfile

FIXED_PATH: Final = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

_HOST: Final = ("PATH", "HOME", "USER", "LOGNAME", "SHELL", "LANG", "TZ", "TMPDIR")
_CI: Final = {
    "CI": "true",
    "NO_COLOR": "1",
    "PAGER": "cat",
    "GIT_PAGER": "cat",
    "GIT_TERMINAL_PROMPT": "0",
    "DEBIAN_FRONTEND": "noninteractive",
    "PIP_NO_INPUT": "1",
    "PYTHONUNBUFFERED": "1",
}
_PROGRAM_FOLDERS: Final = (".venv/bin", "node_modules/.bin")


def make_environment(
    profile: EnvProfile, host: Mapping[str, str], *, root_path: str, run_id: str, folder: Path
) -> dict[str, str]:
    """The variables of a run. `folder` is the run's own, for its home and its outputs.

    MINIMAL takes nothing from the host, and a home in the folder.
    DEFAULT takes who and where one is. CI is DEFAULT, told that nobody is watching. PROJECT is
    DEFAULT with the project's own programs first.
    """
    match profile:
        case EnvProfile.MINIMAL:
            made = {"PATH": FIXED_PATH, "HOME": str(folder / HOME_NAME), "LANG": "C.UTF-8"}
        case EnvProfile.DEFAULT:
            made = _of_host(host)
        case EnvProfile.CI:
            made = _of_host(host) | _CI
        case EnvProfile.PROJECT:
            made = _of_project(_of_host(host), root_path)
        case _:
            assert_never(profile)
    return made | {RUN_ID_VARIABLE: run_id, OUTPUT_VARIABLE: str(folder / OUTPUTS_NAME)}


def _of_host(host: Mapping[str, str]) -> dict[str, str]:
    kept = {name: host[name] for name in _HOST if name in host}
    kept |= {name: value for name, value in host.items() if name.startswith("LC_")}
    return {"PATH": FIXED_PATH, "LANG": "C.UTF-8"} | kept | {"TERM": "dumb"}


def _of_project(made: dict[str, str], root_path: str) -> dict[str, str]:
    root = Path(root_path)
    folders = [str(root / name) for name in _PROGRAM_FOLDERS if (root / name).is_dir()]
    made |= {
        "PATH": os.pathsep.join([*folders, made["PATH"]]),
        "WORKBENCH_PROJECT_ROOT": root_path,
    }
    if (root / ".venv/bin").is_dir():
        made["VIRTUAL_ENV"] = str(root / ".venv")
    return made
