"""What a confined run starts as: it takes on the limits, becomes the program, tells how that ended.

    python -I -S -X utf8 -c SOURCE LIMITS PROGRAM ARGV...

Handed to the interpreter as text: in a sandbox there is no file of ours. In a sandbox (`fork=1`) it
stays as the program's parent, since bubblewrap tells a signal as an exit code. Outside it becomes
the program itself.
"""

# One of these for every run, so what it imports is what a run costs: `signal` alone has it take
# half as long again. `_signal` is what it is made of.
import _signal  # type: ignore[import-not-found]
import contextlib
import os
import resource
import sys
from typing import Final, NoReturn

REPORT_FD: Final = 3
"""Where it says `exited 3`, `signaled 9`, or `failed 8` with the error number of a failed start.
The program does not inherit it."""

INNER_PROCESSES: Final = 2
"""Those of the sandbox itself that the kernel counts with the program's: this one and the first."""

_ENOMEM: Final = 12
_RESET: Final = ("SIGPIPE", "SIGXFSZ", "SIGTERM", "SIGINT", "SIGHUP", "SIGQUIT")
_RESOURCES: Final = {
    "cpu": resource.RLIMIT_CPU,
    "files": resource.RLIMIT_NOFILE,
    "processes": resource.RLIMIT_NPROC,
    # The last one: from here on this program may not grow either.
    "memory": resource.RLIMIT_AS,
}


def main() -> NoReturn:
    limits = dict(pair.split("=") for pair in sys.argv[1].split(",") if pair)
    os.set_inheritable(REPORT_FD, False)  # noqa: FBT003 - by position only
    child = os.fork() if limits.pop("fork", "") else 0
    if child:
        _tell_end(child)
    try:
        _become(sys.argv[2], sys.argv[3:], limits)
    except OSError as error:
        _tell(f"failed {error.errno}")
    except MemoryError:
        _tell(f"failed {_ENOMEM}")
    os._exit(127)


def _tell_end(child: int) -> NoReturn:
    _, status = os.waitpid(child, 0)
    code = os.waitstatus_to_exitcode(status)
    _tell(f"exited {code}" if code >= 0 else f"signaled {-code}")
    os._exit(code if code >= 0 else 128 - code)


def _tell(text: str) -> None:
    # Nobody may be there any more to read it.
    with contextlib.suppress(OSError):
        os.write(REPORT_FD, f"{text}\n".encode())


def _become(program: str, argv: list[str], limits: dict[str, str]) -> NoReturn:
    environment = _environment()
    for name in _RESET:
        _signal.signal(getattr(_signal, name), _signal.SIG_DFL)
    for name, kind in _RESOURCES.items():
        if name in limits:
            _limit(kind, int(limits[name]))
    os.execve(program, argv, environment)  # noqa: S606 - what it is for


def _limit(kind: int, most: int) -> None:
    """A process that is over its time is told so (SIGXCPU) a second before it is killed."""
    _, hard = resource.getrlimit(kind)
    last = most + 1 if kind == resource.RLIMIT_CPU else most
    if hard != resource.RLIM_INFINITY:
        most, last = min(most, hard), min(last, hard)
    resource.setrlimit(kind, (most, last))


def _environment() -> dict[bytes, bytes]:
    """As the run was given it: the interpreter may have set its locale, bubblewrap sets PWD."""
    with open("/proc/self/environ", "rb") as file:  # noqa: PTH123 - pathlib is not imported
        pairs = [pair.partition(b"=") for pair in file.read().split(b"\0") if pair]
    return {name: value for name, _, value in pairs if name != b"PWD"}


if __name__ == "__main__":
    main()
