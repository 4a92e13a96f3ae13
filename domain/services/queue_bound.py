"""The bound on how many runs may be queued."""

from domain.errors import QuotaExceeded
from domain.ports import UnitOfWork


class QueueBound:
    """Keeps the queue from growing without end, counting it only when it may be near its bound.

    Half of the room that a count has found is given out before the next one; the other half is
    for other nodes.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._room = 0

    async def take_place(self, unit: UnitOfWork) -> None:
        """Raises QuotaExceeded where the queue is full."""
        if self._room == 0:
            queued = sum((await unit.intents.depth()).values())
            if queued >= self._most:
                raise QuotaExceeded(f"{queued} runs are queued already.")
            self._room = (self._most - queued + 1) // 2
        self._room -= 1
