"""Whether this machine can make sandboxes: found out by making one."""

import shutil
import subprocess
from dataclasses import dataclass
from typing import Final

from adapters.local.sandbox import NAMESPACES, NO_NETWORK

_TRY_S: Final = 10.0
_OPTIONAL: Final = "--disable-userns"
"""Since 0.8: no namespaces of users inside, and so less of the kernel to attack."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bubblewrap:
    """A program that makes sandboxes here, or the reason why none does.

    `flags`: what this version can do besides.
    """

    program: str = ""
    flags: tuple[str, ...] = ()
    reason: str | None = None

    @property
    def works(self) -> bool:
        return self.reason is None


def find(path: str) -> Bubblewrap:
    """Look for bubblewrap in these folders, and try it. Takes some milliseconds."""
    program = shutil.which("bwrap", path=path)
    if program is None:
        return Bubblewrap(reason="bubblewrap (bwrap) is not installed")
    reason = ""
    for flags in ((_OPTIONAL,), ()):
        reason = _try(program, flags)
        if not reason:
            return Bubblewrap(program=program, flags=flags)
    return Bubblewrap(program=program, reason=reason)


def _try(program: str, flags: tuple[str, ...]) -> str:
    """What it complains of; nothing where it works."""
    command = [program, *NAMESPACES, *flags, NO_NETWORK, "--ro-bind", "/", "/"]
    command += ["--proc", "/proc", "--dev", "/dev", "--", "/bin/true"]
    try:
        tried = subprocess.run(  # noqa: S603 - our own arguments
            command, capture_output=True, timeout=_TRY_S, check=False, stdin=subprocess.DEVNULL
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error)
    if tried.returncode == 0:
        return ""
    lines = tried.stderr.decode("utf-8", "replace").strip().splitlines()
    return lines[-1] if lines else f"bwrap exited with code {tried.returncode}"
