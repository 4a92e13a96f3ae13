"""What a confined run's first process says of how its program ended: a pipe with one line in it.

The program may find the pipe and write into it; the one it can deceive about its end is itself.
"""

import os
from typing import Final, NamedTuple

from adapters.local.protocol import Message

_BYTES_MAX: Final = 256


class End(NamedTuple):
    """How a run's leader ended, in the words of an exit record."""

    cause: str
    code: int | None = None
    signal: int | None = None
    message: str | None = None


LOST: Final = End("LOST")


def open_report(order: Message) -> tuple[int, int]:
    """Both ends of a pipe for a confined run; -1 and -1 for one that is not."""
    if not order["confined_by"]:
        return -1, -1
    reader, writer = os.pipe()
    os.set_blocking(reader, False)
    return reader, writer


def close(*descriptors: int) -> None:
    """Close those that are open."""
    for descriptor in descriptors:
        if descriptor >= 0:
            os.close(descriptor)


def end_of(leader: os.waitid_result, report: int, *, in_sandbox: bool) -> End:
    """How the program ended. `leader` is how the first process did, which in a sandbox is another
    one; `report` is the pipe to read, or -1."""
    word, _, number = _first_line(report).partition(" ")
    if word in ("exited", "signaled", "failed") and number.isdecimal():
        return _reported(word, int(number))
    if leader.si_code != os.CLD_EXITED:
        return End("SIGNALED", signal=leader.si_status)
    if not in_sandbox:
        return End("EXITED", code=leader.si_status)
    # Nothing was told, so the program never began, or its parent was killed in the sandbox.
    if leader.si_status > 128:  # noqa: PLR2004 - how a shell tells a signal
        return End("SIGNALED", signal=leader.si_status - 128)
    return End("REFUSED", message="The sandbox could not be made; the run's stderr says why.")


def _reported(word: str, number: int) -> End:
    if word == "exited":
        return End("EXITED", code=number)
    if word == "signaled":
        return End("SIGNALED", signal=number)
    return End("REFUSED", message=f"The program cannot be started: {os.strerror(number)}.")


def _first_line(report: int) -> str:
    try:
        text = os.read(report, _BYTES_MAX) if report >= 0 else b""
    except BlockingIOError:
        return ""
    return text.partition(b"\n")[0].decode("ascii", "replace")
