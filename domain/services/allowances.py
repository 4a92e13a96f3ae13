"""What each token has left of its allowance on this server."""

from collections import OrderedDict
from typing import Final

from domain.allowance import Allowance, Balance, Spending
from domain.errors import RateLimited
from domain.ports import Clock

HOLDERS_MAX: Final = 10_000
"""Whoever has been away for the longest is forgotten first, and begins with a full allowance."""


class Allowances:
    """Balances in memory: another server keeps its own, and a start fills them all."""

    def __init__(self, clock: Clock, allowance: Allowance, holders_max: int = HOLDERS_MAX) -> None:
        self._clock = clock
        self._allowance = allowance
        self._holders_max = holders_max
        self._balances: OrderedDict[str, Balance] = OrderedDict()

    @property
    def per_minute(self) -> int:
        """Points that flow back to each token, and that each can gather."""
        return self._allowance.per_minute

    def spend(self, holder: str, points: int) -> Spending:
        """Take the points, or none of them. Raises RateLimited."""
        balance = self._balance(holder)
        if balance.points < points:
            raise RateLimited(self._allowance.until(balance, points))
        left = Balance(balance.points - points, balance.at)
        self._keep(holder, left)
        limit = self._allowance.per_minute
        return Spending(
            requested=points,
            remaining=int(left.points),
            limit=limit,
            full_after_ms=self._allowance.until(left, limit),
        )

    def _balance(self, holder: str) -> Balance:
        now = self._clock.now()
        known = self._balances.get(holder)
        return self._allowance.filled(known, now) if known else self._allowance.full(now)

    def _keep(self, holder: str, balance: Balance) -> None:
        self._balances[holder] = balance
        self._balances.move_to_end(holder)
        if len(self._balances) > self._holders_max:
            self._balances.popitem(last=False)
