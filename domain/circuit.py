"""Whether somebody who keeps failing is asked at all. Pure.

Closed: everybody may ask. After several failures in a row it opens for a while, longer each time;
then it is half open: one may ask, and what comes of that closes it or opens it again.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

FAILURES_TO_OPEN: Final = 5
FIRST_PAUSE_S: Final = 5.0
LONGEST_PAUSE_S: Final = 300.0
LEFT_ALONE_S_MAX: Final = 3600.0
PROBE_S: Final = 120.0
"""A probe that nobody has told the end of for so long counts no more."""


class CircuitState(StrEnum):
    """Whether a provider is asked."""

    CLOSED = "CLOSED"
    OPEN = "OPEN"
    HALF_OPEN = "HALF_OPEN"


@dataclass(frozen=True, slots=True)
class Circuit:
    """`failures` in a row; asked again from `opens_until` on, by one who began at `probed_at`."""

    failures: int = 0
    opens_until: datetime | None = None
    probed_at: datetime | None = None
    reason: str | None = None

    def state(self, now: datetime) -> CircuitState:
        if self.opens_until is None:
            return CircuitState.CLOSED
        if now < self.opens_until:
            return CircuitState.OPEN
        # Who only wanted to be left alone for a while is asked as usual after that.
        is_doubted = self.failures >= FAILURES_TO_OPEN
        return CircuitState.HALF_OPEN if is_doubted else CircuitState.CLOSED

    def admits(self, now: datetime) -> bool:
        """Whether one more may ask now."""
        if self.state(now) is not CircuitState.HALF_OPEN:
            return self.state(now) is CircuitState.CLOSED
        return self.probed_at is None or now - self.probed_at > timedelta(seconds=PROBE_S)

    def asked(self, now: datetime) -> "Circuit":
        """Somebody who was admitted asks."""
        is_probe = self.state(now) is CircuitState.HALF_OPEN
        return replace(self, probed_at=now) if is_probe else self

    def failed(self, now: datetime, reason: str, retry_after_s: float | None = None) -> "Circuit":
        """It was not reached, or wants to be left alone for a while, which holds at once. Of those
        who were asking already when it opened none makes it worse."""
        if retry_after_s is None and self.state(now) is CircuitState.OPEN:
            return self
        failures = self.failures + 1
        pauses = [] if retry_after_s is None else [min(retry_after_s, LEFT_ALONE_S_MAX)]
        if failures >= FAILURES_TO_OPEN:
            doublings = min(failures - FAILURES_TO_OPEN, 10)
            pauses.append(min(LONGEST_PAUSE_S, FIRST_PAUSE_S * 2.0**doublings))
        until = now + timedelta(seconds=max(pauses)) if pauses else self.opens_until
        return Circuit(failures=failures, opens_until=until, reason=reason)

    def wait_s(self, now: datetime) -> float:
        """How long until somebody may ask, in seconds; while a probe is out that is not known."""
        if self.opens_until is None:
            return 0.0
        return max(1.0, (self.opens_until - now).total_seconds())


CLOSED: Final = Circuit()
