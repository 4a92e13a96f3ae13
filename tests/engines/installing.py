"""Real engines, each installed once for all checkouts of this machine: `python -m` before tests.

LangGraph and Ray have an environment of their own in the cache folder, by pinned versions; Slurm is
the system's, and installed where we may.
"""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

from tests.services import ServiceMissing

CACHE: Final = (
    Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "ccdash-workbench-engines"
)
PACKAGES: Final = {
    "langgraph": (
        "langgraph-cli[inmem]==0.4.40",
        "langgraph-api==0.16.7",
        "langgraph-runtime-inmem==0.36.7",
        "langgraph==1.2.22",
    ),
    "ray": ("ray[default]==2.60.0",),
}
"""What the manifests say they were tried with."""
SLURM: Final = ("slurmctld", "slurmd", "slurmrestd", "slurm-client", "slurm-wlm-jwt-plugin")
INSTALL_S: Final = 900


def programs(engine: str) -> Path:
    """The folder of an engine's programs. Raises ServiceMissing where it was not installed."""
    folder = _folder(engine)
    if not (folder / ".installed").exists():
        raise ServiceMissing(f"{engine} is not installed; `make engines` does that")
    return folder / "bin"


def has_slurm() -> bool:
    return all(shutil.which(name) for name in ("slurmctld", "slurmd", "slurmrestd", "scontrol"))


def _folder(engine: str) -> Path:
    digest = hashlib.sha256(" ".join(PACKAGES[engine]).encode()).hexdigest()[:12]
    return CACHE / f"{engine}-{digest}"


def _install(engine: str) -> None:
    folder = _folder(engine)
    if (folder / ".installed").exists():
        return
    uv = Path(sys.executable).with_name("uv")
    shutil.rmtree(folder, ignore_errors=True)
    _run(str(uv), "venv", "--quiet", str(folder), "--python", sys.executable)
    python = str(folder / "bin" / "python")
    _run(str(uv), "pip", "install", "--quiet", "--python", python, *PACKAGES[engine])
    (folder / ".installed").touch()


def _install_slurm() -> None:
    if has_slurm() or os.geteuid() != 0:
        return
    quietly = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    _run("apt-get", "update", "-qq", environ=quietly)
    _run("apt-get", "install", "-y", "-qq", "--no-install-recommends", *SLURM, environ=quietly)


def _run(*command: str, environ: dict[str, str] | None = None) -> None:
    done = subprocess.run(
        command, env=environ, timeout=INSTALL_S, check=False, stdout=subprocess.DEVNULL
    )
    if done.returncode != 0:
        print(f"could not run {' '.join(command)}", file=sys.stderr)  # noqa: T201 - a program


if __name__ == "__main__":
    for name in PACKAGES:
        _install(name)
    _install_slurm()
