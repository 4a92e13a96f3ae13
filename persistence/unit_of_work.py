"""One transaction or one snapshot, with every repository on it; and the store that opens them."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Final

from sqlalchemy import Executable, column, delete, false, select, table, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from domain.errors import StorageUnavailable
from domain.ids import RunId
from domain.models.events import RunEvent
from domain.topics import run_topic
from persistence import audit, project_events
from persistence.approvals import Approvals
from persistence.artifacts import Artifacts
from persistence.audit import Audit
from persistence.credentials import Credentials
from persistence.decisions import Decisions
from persistence.documents import Documents
from persistence.engines import Engines, open_engines
from persistence.events import Events
from persistence.features import Features
from persistence.following import Following
from persistence.idempotency import Idempotency
from persistence.intents import Intents
from persistence.kill_switches import KillSwitches
from persistence.logs import Logs
from persistence.migrate import VERSION_TABLE, is_current, upgrade
from persistence.policies import Policies
from persistence.principals import Principals
from persistence.project_events import ProjectEvents
from persistence.projects import Projects
from persistence.provider_configs import ProviderConfigs
from persistence.runs import Runs
from persistence.session import Session, Wrote, outages_told
from persistence.settling import settled
from persistence.step_runs import StepRuns
from persistence.tables import projects
from persistence.workflow_runs import WorkflowRuns
from persistence.workflows import Workflows

OnCommit = Callable[[frozenset[str]], None]

NOTHING: Final = select(1)
ADD_BOTH: Final = audit.ADD.add_cte(project_events.ADD.cte("told"))
"""An audit entry, then an event: what most units end with takes one round trip to PostgreSQL."""
WRITE_NOTHING: Final = delete(projects).where(false())
"""Refused by a database that is read-only: for SQLite the beginning of a transaction is not."""
WRITE_THE_SAME: Final = update(table(VERSION_TABLE, column("version_num"))).values(
    version_num=column("version_num")
)
"""Refused by a disk that takes nothing any more, which is only asked when something is stored."""


class Unit:
    """See domain.ports.UnitOfWork."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._session = session = Session(connection)
        self.topics: set[str] = set()
        self.calls: list[Callable[[], object]] = []
        self.written: dict[RunId, list[RunEvent]] = {}
        self.projects = Projects(session)
        self.principals = Principals(session, self.wake)
        self.project_events = ProjectEvents(session, self.wake)
        self.runs = Runs(session, self.wake, self._wrote, self.project_events)
        self.workflows = Workflows(session)
        self.workflow_runs = WorkflowRuns(session, self.wake, self.project_events)
        self.step_runs = StepRuns(session)
        self.events = Events(session)
        self.logs = Logs(session, self._wrote)
        self.policies = Policies(session)
        self.decisions = Decisions(session)
        self.intents = Intents(session, self.wake)
        self.following = Following(session, self.wake)
        self.kill_switches = KillSwitches(session)
        self.approvals = Approvals(session)
        self.artifacts = Artifacts(session)
        self.idempotency = Idempotency(session)
        self.provider_configs = ProviderConfigs(session)
        self.credentials = Credentials(session)
        self.features = Features(session)
        self.documents = Documents(session)
        self.audit = Audit(session)

    def wake(self, *topics: str) -> None:
        self.topics.update(topics)

    def after_commit(self, call: Callable[[], object]) -> None:
        self.calls.append(call)

    async def flush(self) -> None:
        """Store what is stored last, because it locks what others wait for up to the commit: the
        same rows in the same order in every unit."""
        entries, events = self.audit.added, self.project_events.added
        if self._session.is_postgres and len(entries) == len(events) == 1:
            await self._session.write(ADD_BOTH, {**entries[0], **events[0]})
            return
        for entry in entries:
            await self._session.write(audit.ADD, entry)
        if events:
            await self._session.write(project_events.ADD, events)

    def _wrote(self, run_id: RunId, events: Sequence[RunEvent]) -> None:
        """What a run's stream has grown by: without a gap, since its row is locked meanwhile."""
        self.wake(run_topic(run_id))
        self.written.setdefault(run_id, []).extend(events)


class Database:
    """See domain.ports.Store."""

    def __init__(self, engines: Engines, on_commit: OnCommit, on_events: Wrote) -> None:
        self._engines = engines
        self._on_commit = on_commit
        self._on_events = on_events
        # Whether the last transaction could not be stored: then a check stores something.
        self._is_doubted = False

    @classmethod
    def open(
        cls, url: str, *, on_commit: OnCommit, on_events: Wrote = lambda _, __: None
    ) -> "Database":
        """A database by URL; nothing is connected until it is used.

        `on_commit` is called with the topics to wake, after each commit that has some; before it
        `on_events` with each run's events that the commit has stored, so that who follows it here
        need not read them back. Both must neither fail nor wait. Raises ValueError for a URL of
        another form.
        """
        return cls(open_engines(url), on_commit, on_events)

    async def migrate(self) -> None:
        """Bring the tables to the newest version. Raises StorageUnavailable."""
        async with self._begun(self._engines.writer) as connection:
            with outages_told():
                # SQLite begins, and locks, with the first statement; Alembic works on module state.
                await connection.execute(NOTHING)
                await connection.run_sync(upgrade)
            await settled(self._commit(connection))

    async def is_current(self) -> bool:
        """Whether `migrate` has nothing to do. Raises StorageUnavailable."""
        async with self._begun(self._engines.reader) as connection:
            with outages_told():
                return await connection.run_sync(is_current)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Unit]:
        try:
            async with self._begun(self._engines.writer) as connection:
                unit = Unit(connection)
                yield unit
                await unit.flush()
                await settled(self._commit(connection, unit))
        except StorageUnavailable:
            self._is_doubted = True
            raise

    @asynccontextmanager
    async def snapshot(self) -> AsyncIterator[Unit]:
        async with self._begun(self._engines.reader) as connection:
            yield Unit(connection)

    async def check(self) -> None:
        if self._is_doubted:
            await self._write(WRITE_THE_SAME)
            self._is_doubted = False
        else:
            await self._write(WRITE_NOTHING)

    async def close(self) -> None:
        await self._engines.close()

    async def _write(self, statement: Executable) -> None:
        async with self._begun(self._engines.writer) as connection:
            with outages_told():
                await connection.execute(statement)
            await settled(self._commit(connection))

    async def _commit(self, connection: AsyncConnection, unit: Unit | None = None) -> None:
        try:
            with outages_told():
                await connection.commit()
        except BaseException:
            # The transaction may be open still: whoever came next would be inside it.
            await connection.invalidate()
            raise
        if unit is not None:
            self._tell(unit)

    def _tell(self, unit: Unit) -> None:
        for call in unit.calls:
            call()
        for run_id, events in unit.written.items():
            self._on_events(run_id, events)
        if unit.topics:
            self._on_commit(frozenset(unit.topics))

    @asynccontextmanager
    async def _begun(self, engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
        """A connection in a transaction, rolled back unless it was committed inside."""
        connection = engine.connect()
        with outages_told():
            _ = await connection.start()
        try:
            with outages_told():
                _ = await connection.begin()
            yield connection
        except StorageUnavailable:
            # SQLite opens a file that is read-only now for reading, and leaves it at that for ever.
            await settled(connection.invalidate())
            raise
        finally:
            with outages_told():
                await settled(connection.close())
