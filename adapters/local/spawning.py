"""Starting one process: where it stands, which program it is, what it inherits."""

# The working directory is the process's own; pathlib adds nothing to that.
# ruff: noqa: PTH109, PTH110, PTH118

import errno
import os
import shutil
import signal
from pathlib import Path
from typing import Final

from adapters.local.inside import REPORT_FD
from adapters.local.protocol import STDERR_NAME, STDOUT_NAME, Message, Refused

_IGNORED: Final = (
    signal.SIGPIPE,
    signal.SIGXFSZ,
    signal.SIGTERM,
    signal.SIGINT,
    signal.SIGHUP,
    signal.SIGQUIT,  # by whoever starts a server in the background of a script
)
"""What Python or the supervisor ignores, and a run must not."""

_PASSING: Final = frozenset(
    {
        errno.EAGAIN,
        errno.ENOMEM,
        errno.EMFILE,
        errno.ENFILE,
        errno.ENOSPC,
        errno.EDQUOT,
        errno.EROFS,
        errno.EIO,
    }
)
"""Troubles of the machine, not of the command: a later try may well succeed."""

_SHOWN_MAX: Final = 200


def enter(order: Message) -> str:
    """Go to the run's folder and find its program there. Raises Refused."""
    cwd, name = order["cwd"], order["argv"][0]
    try:
        os.chdir(cwd)
    except OSError as error:
        raise Refused(f"The working directory cannot be entered: {error.strerror}.") from error
    if os.getcwd() != cwd:
        raise Refused("The working directory has been replaced by a link.")
    path = order["env"].get("PATH", os.defpath)
    if program := shutil.which(name, path=path):
        return str(program)
    places = [""] if "/" in name else path.split(os.pathsep)
    if any(os.path.exists(os.path.join(place, name)) for place in places):
        raise Refused(f"The program {shown(name)} is not executable.")
    raise Refused(f"The program {shown(name)} was not found.")


def shown(name: str) -> str:
    """A program's name for a sentence: quoted, without control characters, of bounded length."""
    return repr(name if len(name) <= _SHOWN_MAX else f"{name[:_SHOWN_MAX]}...")


def spawn(program: str, order: Message, folder: Path, report: int) -> int:
    """Fork and exec with output to the spool. Raises Refused for what no second try would mend.

    `report`: what a confined run tells its end by; -1 where nothing stands before the program.
    """
    flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW
    actions: list[tuple[int, ...] | tuple[int, int, str, int, int]] = []
    actions.append((os.POSIX_SPAWN_OPEN, 0, "/dev/null", os.O_RDONLY, 0))
    for number, name in ((1, STDOUT_NAME), (2, STDERR_NAME)):
        actions.append((os.POSIX_SPAWN_OPEN, number, str(folder / name), flags, 0o600))
    if report >= 0:
        actions.append((os.POSIX_SPAWN_DUP2, report, REPORT_FD))
    argv = order["argv"]
    if order["confined_by"]:
        argv = [*order["confined_by"], program, *argv]
        program = argv[0]
    try:
        return os.posix_spawn(
            program,
            argv,
            order["env"],
            file_actions=actions,
            setsid=True,
            setsigmask=(),
            # What makes a sandbox stays deaf to a polite end, which is the program's to make.
            setsigdef=() if order["in_sandbox"] else _IGNORED,
        )
    except ValueError as error:
        raise Refused("An argument holds a NUL.") from error
    except OSError as error:
        if error.errno in _PASSING:
            raise
        raise Refused(f"The program cannot be started: {error.strerror}.") from error
