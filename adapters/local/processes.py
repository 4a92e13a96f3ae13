"""Looking at processes through /proc, and signalling exactly the one that was looked at.

A process is named by its pid and the time it started, in clock ticks since boot: a pid alone may
by now belong to somebody else. Fields: proc(5), `/proc/<pid>/stat`.
"""

# Read by the hundred while a run ends; pathlib would double the time.
# ruff: noqa: PTH116, PTH123, PTH208

import contextlib
import ctypes
import os
import signal
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Final, NamedTuple

from adapters.local.protocol import RUN_ID_VARIABLE

_PR_SET_CHILD_SUBREAPER: Final = 36
_GONE: Final = frozenset("ZXx")


class Process(NamedTuple):
    """A process that is alive: not a zombie."""

    pid: int
    parent: int
    group: int
    session: int
    start_ticks: int

    @property
    def identity(self) -> tuple[int, int]:
        """What no other process has, now or later."""
        return self.pid, self.start_ticks


def look_at(pid: int) -> Process | None:
    """None where there is no such process, or only what is left of it."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            text = file.read().decode("utf-8", "replace")
    except OSError:
        return None
    # The name in parentheses may hold spaces and parentheses itself.
    fields = text[text.rindex(")") + 2 :].split()
    if fields[0] in _GONE:
        return None
    parent, group, session = (int(field) for field in fields[1:4])
    return Process(
        pid=pid, parent=parent, group=group, session=session, start_ticks=int(fields[19])
    )


def start_ticks_of(pid: int) -> int:
    """When a process started, zombies included; 0 where it is gone."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            text = file.read()
    except OSError:
        return 0
    return int(text[text.rindex(b")") + 2 :].split()[19])


def boot_id() -> str:
    """Differs after every start of the machine."""
    return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()


def become_subreaper() -> bool:
    """Ask for orphaned descendants to become our children; False where the kernel will not."""
    try:
        return bool(ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0)
    except (OSError, AttributeError):
        return False


def own_children() -> set[int] | None:
    """Pids of our children, zombies included; None where this kernel does not list them.

    Complete, although proc(5) warns otherwise: only we remove a child from the list, by waiting.
    """
    try:
        with open(f"/proc/self/task/{os.getpid()}/children", "rb") as file:
            return {int(pid) for pid in file.read().split()}
    except OSError:
        return None


def members(
    run_id: str,
    leader: int,
    *,
    outputs: Collection[tuple[int, int]] = (),
    known: Collection[tuple[int, int]] = (),
) -> list[Process]:
    """The run's living processes: the leader's group and session; those that left both but still
    carry the run's id in the environment they were started with, or still print into one of
    `outputs`, which are devices and inodes; those `known` by their identity from an earlier look;
    and all that descend from any of these."""
    mark = f"{RUN_ID_VARIABLE}={run_id}".encode()
    alive = list(_all())
    fresh = {
        one.pid
        for one in alive
        if (leader and leader in (one.group, one.session))
        or one.identity in known
        or _carries(one.pid, mark)
        or _prints_into(one.pid, outputs)
    }
    found: set[int] = set()
    while fresh:
        found |= fresh
        fresh = {one.pid for one in alive if one.parent in fresh} - found
    return [one for one in alive if one.pid in found]


def _all() -> Iterator[Process]:
    """All that live, but ourselves."""
    for name in os.listdir("/proc"):
        if name.isdigit() and int(name) != os.getpid() and (process := look_at(int(name))):
            yield process


def _carries(pid: int, mark: bytes) -> bool:
    try:
        with open(f"/proc/{pid}/environ", "rb") as file:
            return mark in file.read().split(b"\0")
    except OSError:
        return False


def _prints_into(pid: int, outputs: Collection[tuple[int, int]]) -> bool:
    for number in (1, 2) if outputs else ():
        with contextlib.suppress(OSError):
            seen = os.stat(f"/proc/{pid}/fd/{number}")
            if (seen.st_dev, seen.st_ino) in outputs:
                return True
    return False


def send_signal(process: Process, number: signal.Signals) -> None:
    """Signal the process, unless its pid has passed to another one meanwhile."""
    with contextlib.suppress(OSError):
        descriptor = os.pidfd_open(process.pid)
        try:
            seen = look_at(process.pid)
            if seen is not None and seen.start_ticks == process.start_ticks:
                signal.pidfd_send_signal(descriptor, number)
        finally:
            os.close(descriptor)
