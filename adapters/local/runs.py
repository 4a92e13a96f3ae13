"""The live runs of a supervisor: started once, ended by one authority, left with nothing alive.

A run's folder goes through: `order` (durable; from here on it is never started again), `started`
(which process it is), `exit` (how it ended; on disk soon after it is told). What is between two of
them after a crash is settled when the run is next asked for.
"""

import contextlib
import math
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from adapters.local import processes, protocol, records, reports
from adapters.local.protocol import Message
from adapters.local.spawning import enter, spawn

KEPT: Final[tuple[str, ...]] = ("timeout_s", "grace_s", "output_bytes_max", "root", "artifacts")
"""What is kept of an order; a server of an earlier version gives less."""

GIVE_UP_S: Final = 10.0
"""How long after the first KILL a process may stay, stuck in the kernel, before its run ends."""

_KILL_AGAIN_S: Final = 0.05
_LOOK_S: Final = 0.05
_MEASURE_S: Final = 1.0
_KEEP_CLOSED_S: Final = 24 * 3600.0
_KEEP_ENDED_S: Final = 30 * 24 * 3600.0


@dataclass(slots=True)
class LiveRun:
    """A run that has not ended. Times are monotonic seconds.

    `is_child`: we started it and will learn its exit status. Otherwise an earlier supervisor did.
    `report`: where a confined one tells how its program ended, or -1.
    """

    run_id: str
    folder: Path
    pid: int
    start_ticks: int
    is_child: bool
    grace_s: float
    output_bytes_max: int
    deadline: float
    in_sandbox: bool = False
    report: int = -1
    cause: str | None = None
    is_over: bool = False
    end: reports.End = reports.LOST
    is_told: bool = False
    kill_at: float = math.inf
    give_up_at: float = math.inf
    known: set[tuple[int, int]] = field(default_factory=set)

    def look(self) -> None:
        """Learn whether the leader is gone. Its zombie is kept, so that its pid stays taken."""
        if self.is_over:
            return
        if not self.is_child:
            process = processes.look_at(self.pid) if self.pid else None
            self.is_over = process is None or process.start_ticks != self.start_ticks
            if self.is_over and self.cause is None:
                self.cause = "LOST"
            return
        seen = os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT)
        if seen is None:
            return
        self.is_over = True
        self.end = reports.end_of(seen, self.report, in_sandbox=self.in_sandbox)
        self.cause = self.cause or self.end.cause

    def send(self, number: signal.Signals) -> None:
        """Signal the group at once, then whoever has left it and is looked for first: with their
        parent gone they could not be told from strangers."""
        found = self.members()
        if self.is_child:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.pid, number)
        for process in found:
            if not (self.is_child and process.group == self.pid):
                processes.send_signal(process, number)

    def members(self) -> list[processes.Process]:
        """What lives of the run, its leader included. Who was seen once is remembered: a child
        that shares nothing with the run but its parent is known by the parent alone."""
        group = self.pid
        if not self.is_child:
            # Only as long as nobody has taken the pid is the group of that number ours.
            owner = processes.look_at(self.pid)
            group = 0 if owner and owner.start_ticks != self.start_ticks else self.pid
        seen = [(file.st_dev, file.st_ino) for file in self._outputs()]
        found = processes.members(self.run_id, group, outputs=seen, known=self.known)
        self.known = {process.identity for process in found}
        return found

    def _outputs(self) -> Iterator[os.stat_result]:
        for name in (protocol.STDOUT_NAME, protocol.STDERR_NAME):
            with contextlib.suppress(FileNotFoundError):
                yield (self.folder / name).stat()

    def printed_bytes(self) -> int:
        """How much is in the output files."""
        return sum(file.st_size for file in self._outputs())


class Runs:
    """All that may be done to the runs of one spool; `on_end` hears of each end, once stored."""

    def __init__(self, spool: Path, on_end: Callable[[str], None]) -> None:
        self._spool = spool
        self._on_end = on_end
        self._live: dict[str, LiveRun] = {}
        self._boot_id = processes.boot_id()
        self._is_subreaper = processes.become_subreaper()
        self._measure_at = 0.0
        records.forget_closed(spool, before=time.time() - _KEEP_CLOSED_S)
        records.forget_ended(spool, before=time.time() - _KEEP_ENDED_S)

    @property
    def live_count(self) -> int:
        return len(self._live)

    def start(self, order: Message) -> Message:
        """Start a run once. Raises Refused, or OSError where it may work later."""
        run_id = protocol.check_run_id(order["run_id"])
        known = self._known(run_id)
        if known is not None:
            return known
        try:
            program = enter(order)
            return self._spawn(run_id, program, order)
        finally:
            os.chdir("/")

    def _known(self, run_id: str) -> Message | None:
        if records.closed_why(self._spool, run_id) is not None:
            return {"state": "closed"}
        folder = self._spool / run_id
        order = records.read_record(folder / protocol.ORDER_NAME)
        if order is None:
            return None
        self.watch(run_id)
        started = records.read_record(folder / protocol.STARTED_NAME) or {}
        pid = started.get("pid", self._live[run_id].pid if run_id in self._live else 0)
        return {"state": "started", "pid": pid, "started_at": order.get("at", 0.0)}

    def _spawn(self, run_id: str, program: str, order: Message) -> Message:
        folder = self._spool / run_id
        folder.mkdir(mode=0o700, exist_ok=True)
        try:
            kept = {key: order[key] for key in KEPT if key in order}
            at = time.time()
            order_path = folder / protocol.ORDER_NAME
            records.write_in_place(order_path, {**kept, "at": at}, self._spool)
            if order["home"]:
                (folder / protocol.HOME_NAME).mkdir(mode=0o700, exist_ok=True)
            _make_file(folder / protocol.OUTPUTS_NAME)
            pid, report = _spawn_reporting(program, order, folder)
        except BaseException:
            # Nothing was started, so nothing may stay that says it was.
            records.remove_run(folder)
            raise
        started = {"pid": pid, "ticks": processes.start_ticks_of(pid), "boot": self._boot_id}
        run = self._live_run(run_id, kept, started, at=at, is_child=True)
        run.in_sandbox, run.report = order["in_sandbox"], report
        self._live[run_id] = run
        with contextlib.suppress(OSError):
            # It runs, whatever the disk says; a crash from here on is as one before this record.
            records.write_record(folder / protocol.STARTED_NAME, started, durable=False)
        return {"state": "started", "pid": pid, "started_at": at}

    def _live_run(
        self, run_id: str, order: Message, started: Message, *, at: float, is_child: bool
    ) -> LiveRun:
        left_s = at + float(order.get("timeout_s", math.inf)) - time.time()
        return LiveRun(
            run_id=run_id,
            folder=self._spool / run_id,
            pid=int(started["pid"]),
            start_ticks=int(started["ticks"]),
            is_child=is_child,
            grace_s=float(order.get("grace_s", 5.0)),
            output_bytes_max=int(order.get("output_bytes_max", sys.maxsize)),
            deadline=time.monotonic() + left_s,
        )

    def stop(self, run_id: str, cause: str) -> Message:
        """Stop a run, unless it has already ended by itself; one not started never will."""
        state = self.watch(run_id)["state"]
        if state == "unknown":
            records.close_run(self._spool, run_id, cause, durable=True)
            return {"state": "closed"}
        run = self._live.get(run_id)
        if run is not None:
            run.look()
            if run.cause is None:
                run.cause = cause
                self._terminate(run)
        return {"state": state}

    def watch(self, run_id: str) -> Message:
        """Where the run is: unknown, closed, running or ended. Takes over what nobody minds."""
        protocol.check_run_id(run_id)
        folder = self._spool / run_id
        if run_id in self._live:
            return {"state": "running"}
        if (folder / protocol.EXIT_NAME).exists():
            return {"state": "ended"}
        if records.read_record(folder / protocol.ORDER_NAME) is not None:
            self._adopt(run_id)
            return {"state": "running" if run_id in self._live else "ended"}
        why = records.closed_why(self._spool, run_id)
        return {"state": "unknown"} if why is None else {"state": "closed", "why": why}

    def _adopt(self, run_id: str) -> None:
        """Mind a run that an earlier supervisor started: its exit status is beyond reach."""
        folder = self._spool / run_id
        order = records.read_record(folder / protocol.ORDER_NAME) or {}
        started = records.read_record(folder / protocol.STARTED_NAME)
        if started is None:
            started = self._find_started(run_id)
            records.write_record(folder / protocol.STARTED_NAME, started, durable=False)
        if started["boot"] != self._boot_id:
            started = {**started, "pid": 0}
        at = float(order.get("at", 0.0))
        run = self._live_run(run_id, order, started, at=at, is_child=False)
        self._live[run_id] = run
        self._advance(run, time.monotonic())

    def _find_started(self, run_id: str) -> Message:
        """What a crash between order and start left: a process with the run's mark, or none."""
        leaders = [one for one in processes.members(run_id, 0) if one.pid == one.session]
        first = min(leaders, key=lambda one: one.start_ticks, default=None)
        pid, ticks = (first.pid, first.start_ticks) if first else (0, 0)
        return {"pid": pid, "ticks": ticks, "boot": self._boot_id}

    def advance(self) -> None:
        """Let time pass: reap, enforce limits, end what is over."""
        now = time.monotonic()
        is_due = now >= self._measure_at
        if is_due:
            self._measure_at = now + _MEASURE_S
        for run in list(self._live.values()):
            if is_due and run.cause is None and run.printed_bytes() > run.output_bytes_max:
                self.stop(run.run_id, "OUTPUT_LIMIT")
            self._advance(run, now)
        self._reap_strays()

    def _advance(self, run: LiveRun, now: float) -> None:
        run.look()
        if run.is_over and (now >= run.give_up_at or not self._has_members(run)):
            self._finish(run)
        elif run.cause is None and now < run.deadline:
            return
        elif not run.is_told:
            run.cause = run.cause or "TIMED_OUT"
            self._terminate(run)
        elif now >= run.kill_at:
            run.kill_at = now + _KILL_AGAIN_S
            run.send(signal.SIGKILL)

    def _terminate(self, run: LiveRun) -> None:
        run.is_told = True
        run.kill_at = time.monotonic() + run.grace_s
        run.give_up_at = run.kill_at + GIVE_UP_S
        run.send(signal.SIGTERM)
        run.send(signal.SIGCONT)

    def _has_members(self, run: LiveRun) -> bool:
        """Whether anything of a run lives whose leader does not. As a subreaper we have adopted it
        or its ancestor, so that in the usual case one look at our own children is enough."""
        children = processes.own_children() if run.is_child and self._is_subreaper else None
        if children is not None and not children - self._leaders():
            return False
        return bool(run.members())

    def _leaders(self) -> set[int]:
        return {run.pid for run in self._live.values() if run.is_child}

    def _finish(self, run: LiveRun) -> None:
        # Why it ended is the run's; what its end was called otherwise explains another cause.
        end = run.end if run.end.cause == run.cause else run.end._replace(message=None)
        record = {**end._asdict(), "cause": run.cause, "ended_at": time.time()}
        try:
            # A folder that was removed belongs to a run that nobody asks for any more.
            with contextlib.suppress(FileNotFoundError):
                records.write_record(run.folder / protocol.EXIT_NAME, record, durable=False)
        except OSError as error:
            # A full disk: the run stays live, and the next look tries again.
            sys.stderr.write(f"{run.run_id}: {error}\n")
            return
        if run.is_child:
            os.waitpid(run.pid, 0)
            reports.close(run.report)
        del self._live[run.run_id]
        # Told first: a server that acts on it has stored it by then, in a place of its own.
        self._on_end(run.run_id)
        records.sync_soon(run.folder / protocol.EXIT_NAME)

    def _reap_strays(self) -> None:
        for pid in (processes.own_children() or set()) - self._leaders():
            with contextlib.suppress(ChildProcessError):
                os.waitpid(pid, os.WNOHANG)

    def wait_s(self) -> float:
        """How long nothing needs to be looked at unless something happens."""
        now = time.monotonic()
        return min((self._wait_s(run, now) for run in self._live.values()), default=_MEASURE_S)

    def _wait_s(self, run: LiveRun, now: float) -> float:
        if run.is_over or not run.is_child:
            return _LOOK_S
        due = run.kill_at if run.is_told else min(run.deadline, now + _MEASURE_S)
        return max(0.0, due - now)


def _make_file(path: Path) -> None:
    """Empty, and for its owner alone."""
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW, 0o600))


def _spawn_reporting(program: str, order: Message, folder: Path) -> tuple[int, int]:
    """The pid, and where to read how it ended."""
    reader, writer = reports.open_report(order)
    try:
        return spawn(program, order, folder, writer), reader
    except BaseException:
        reports.close(reader)
        raise
    finally:
        reports.close(writer)
