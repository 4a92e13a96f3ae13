"""What streams are stored in, as protocols. Their docstrings are the contract."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from domain.ids import PrincipalId, ProjectId, RunId
from domain.models.events import RunEvent
from domain.models.intents import Lease
from domain.models.logs import LogBatch
from domain.models.pages import LogWindow
from domain.models.project_events import ProjectEvent, ProjectFact


class EventRepository(Protocol):
    async def after(self, run_id: RunId, sequence: int, limit: int) -> Sequence[RunEvent]:
        """The run's stream behind a sequence: facts and log batches in order, gaps by retention
        told by a LogsExpired. At most `limit` events, and a bounded number of bytes."""
        ...

    async def latest(
        self, run_ids: Collection[RunId], limit: int
    ) -> Mapping[RunId, Sequence[RunEvent]]:
        """The newest facts of several runs, newest first, log batches left out."""
        ...


class LogRepository(Protocol):
    async def append(
        self,
        run_id: RunId,
        outputs: Sequence[LogBatch],
        *,
        redactions: int,
        position: str,
        lease: Lease,
    ) -> bool:
        """Store batches and where following goes on, in one step. Line numbers are given here.

        False: the lease is no longer held, and nothing was stored.
        """
        ...

    async def page(self, run_id: RunId, window: LogWindow) -> Sequence[RunEvent]:
        """Log batches in stream order, also when read backward."""
        ...

    async def hold(self, run_id: RunId) -> None:
        """Let nobody append to the run's log before this unit ends."""
        ...

    async def rewrite(self, run_id: RunId, texts: Mapping[int, str], *, redactions: int) -> None:
        """Replace the texts of stored batches, by sequence, and count what was masked in them.
        Their lines stay as many, and the log's bytes are those that were stored at first."""
        ...

    async def expire(self, run_id: RunId, up_to: int) -> int:
        """Remove the chunks up to a sequence, inclusive; answers how many there were.

        Their line numbers stay, so that whoever reads the stream is told exactly what is gone. Of
        several units that do, only one that holds the run may.
        """
        ...

    async def ended_before(
        self, project_id: ProjectId, at: datetime, limit: int
    ) -> Mapping[RunId, int]:
        """Runs that ended before a time and still have chunks, the oldest first, each with the
        sequence of its newest event."""
        ...


class ProjectEventRepository(Protocol):
    """One stream a project, in the order in which its transactions were committed."""

    def add(
        self, project_id: ProjectId, fact: ProjectFact, *, actor: PrincipalId | None, at: datetime
    ) -> None:
        """Have a fact stored at the end of this unit, and with it or not at all; then whoever
        follows the project is woken. Nothing is asked of the database before.

        The stream is locked from there to the commit, so that it has one order on every node.
        """
        ...

    async def after(
        self, project_id: ProjectId, sequence: int, limit: int
    ) -> Sequence[ProjectEvent]:
        """The stream behind a sequence, at most `limit` events of it, in order and without a gap.
        What this unit has added is not among them."""
        ...

    async def end(self, project_id: ProjectId) -> int | None:
        """The sequence of the newest event, 0 before the first; None where there is no project."""
        ...
