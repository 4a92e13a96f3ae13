"""How much a token may ask for: an allowance that fills up again as time goes by.

A bucket of points. What an operation costs is taken out of it; points flow back evenly, a minute's
worth in a minute, and no more than a minute's worth gathers.
"""

import math
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

MINUTE: Final = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Balance:
    """Points that were left at a time."""

    points: float
    at: datetime


@dataclass(frozen=True, slots=True)
class Allowance:
    """Points a minute, at least 1."""

    per_minute: int

    def full(self, at: datetime) -> Balance:
        """What somebody has who has spent nothing for a minute."""
        return Balance(float(self.per_minute), at)

    def filled(self, balance: Balance, at: datetime) -> Balance:
        """The balance with what has flowed back since; a clock that went back brings nothing."""
        minutes = max(0.0, (at - balance.at) / MINUTE)
        return Balance(min(float(self.per_minute), balance.points + minutes * self.per_minute), at)

    def until(self, balance: Balance, points: float) -> int:
        """Milliseconds until so many points are there, 0 where they are.

        More than a minute's worth never is: then it is until the bucket is full.
        """
        missing = min(points, float(self.per_minute)) - balance.points
        return max(0, math.ceil(missing / self.per_minute * (MINUTE / timedelta(milliseconds=1))))


@dataclass(frozen=True, slots=True, kw_only=True)
class Spending:
    """What an operation took, and how its token stands since. Points, and milliseconds."""

    requested: int
    remaining: int
    limit: int
    full_after_ms: int
