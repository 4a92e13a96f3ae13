"""How many connections there are and whose, and whether one more may come."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final, NoReturn

from domain.errors import QuotaExceeded
from domain.ids import PrincipalId
from domain.limits import ConnectionKind, ConnectionLimits
from domain.ports import Meter

TOO_MANY_UNSIGNED: Final = "Too many sockets have not signed in yet."


class Admissions:
    """Counts what is open. A connection counts until its context manager is left."""

    def __init__(self, limits: ConnectionLimits, meter: Meter) -> None:
        self.limits = limits
        self._meter = meter
        self._unsigned = 0
        self._unsigned_of: Counter[str] = Counter()
        self._signed_of: Counter[PrincipalId] = Counter()

    @contextmanager
    def unsigned(self, address: str) -> Iterator[None]:
        """A socket of which no more is known than its address. Raises QuotaExceeded."""
        if self._unsigned >= self.limits.unsigned_sockets:
            self._refuse("unsigned_sockets", TOO_MANY_UNSIGNED)
        if self._unsigned_of[address] >= self.limits.unsigned_sockets_per_address:
            self._refuse("unsigned_sockets_per_address", TOO_MANY_UNSIGNED)
        self._unsigned += 1
        _count(self._unsigned_of, address, 1)
        self._meter.connected(ConnectionKind.UNSIGNED, 1)
        try:
            yield
        finally:
            self._unsigned -= 1
            _count(self._unsigned_of, address, -1)
            self._meter.connected(ConnectionKind.UNSIGNED, -1)

    @contextmanager
    def signed(self, principal_id: PrincipalId, kind: ConnectionKind) -> Iterator[None]:
        """A socket or an event stream of a principal. Raises QuotaExceeded."""
        most = self.limits.principal_connections
        if self._signed_of[principal_id] >= most:
            self._refuse("principal_connections", f"You have {most} connections: no more go.")
        _count(self._signed_of, principal_id, 1)
        self._meter.connected(kind, 1)
        try:
            yield
        finally:
            _count(self._signed_of, principal_id, -1)
            self._meter.connected(kind, -1)

    @contextmanager
    def operating(self) -> Iterator[None]:
        """An operation on a socket, which itself sees to how many it has."""
        self._meter.operating(1)
        try:
            yield
        finally:
            self._meter.operating(-1)

    def reached(self, bound: str) -> None:
        """Somebody has met another of the bounds, and was told so."""
        self._meter.reached(bound)

    def _refuse(self, bound: str, message: str) -> NoReturn:
        self.reached(bound)
        raise QuotaExceeded(message)


def _count(counts: Counter[Any], key: object, change: int) -> None:
    """Nobody is remembered who has nothing open."""
    counts[key] += change
    if not counts[key]:
        del counts[key]
