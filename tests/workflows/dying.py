"""A server that dies at one commit of its life: just before it is made, or just after."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from enum import StrEnum
from functools import cached_property

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from app import Workbench
from domain.errors import StorageUnavailable
from persistence.unit_of_work import Database, Unit


class When(StrEnum):
    """On which side of the commit."""

    BEFORE = "BEFORE"
    AFTER = "AFTER"


class Dying(Database):
    """What the process does after its death reaches the database no more, so that what is stored is
    what a killed one would have left. `commits` counts those of transactions."""

    dies_at: int | None = None
    when: When = When.BEFORE
    commits: int = 0
    is_dead: bool = False

    async def _commit(self, connection: AsyncConnection, unit: Unit | None = None) -> None:
        if unit is not None:
            self.commits += 1
        is_last = unit is not None and self.commits == self.dies_at
        if is_last and self.when is When.BEFORE:
            self.is_dead = True
        if self.is_dead:
            raise StorageUnavailable
        await super()._commit(connection, None if is_last else unit)
        if is_last:
            self.is_dead = True
            raise StorageUnavailable

    @asynccontextmanager
    async def _begun(self, engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
        if self.is_dead:
            raise StorageUnavailable
        async with super()._begun(engine) as connection:
            yield connection


class Mortal(Workbench):
    """On such a database."""

    @cached_property
    def database(self) -> Dying:
        made = Dying.open(
            self.settings.store_url, on_commit=self._wake, on_events=self._tell_streams
        )
        assert isinstance(made, Dying)
        return made
