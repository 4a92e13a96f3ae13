"""Ids that sort by the time they were made: UUID version 7 (RFC 9562, section 5.7)."""

import secrets
import threading
import time
import uuid
from collections.abc import Callable
from typing import Final

_COUNTER_BITS: Final = 42
_COUNTER_END: Final = 1 << _COUNTER_BITS
_RANDOM_BITS: Final = 32


def _time_ms() -> int:
    return time.time_ns() // 1_000_000


class Uuid7Maker:
    """Makes ids of 32 hex digits for `domain.ports.IdMaker`, each greater than the one before.

    48 bits of Unix time in ms, then a counter of 42 bits that starts at random in its lower half
    every millisecond, then 32 random bits (section 6.2, methods 1 and 3 of the RFC together): ids
    of one maker rise even when the clock stands still or is set back, and those of two makers do
    not meet.
    """

    def __init__(self, time_ms: Callable[[], int] = _time_ms) -> None:
        self._time_ms = time_ms
        self._last_ms = 0
        self._counter = 0
        self._lock = threading.Lock()

    def __call__(self) -> str:
        with self._lock:
            self._step()
            return _layout(self._last_ms, self._counter, secrets.randbits(_RANDOM_BITS)).hex

    def _step(self) -> None:
        now_ms = self._time_ms()
        if now_ms > self._last_ms:
            self._last_ms, self._counter = now_ms, secrets.randbits(_COUNTER_BITS - 1)
            return
        self._counter += 1
        if self._counter == _COUNTER_END:
            # The millisecond is used up: borrow the next one instead of waiting for it.
            self._last_ms, self._counter = self._last_ms + 1, 0


def _layout(ms: int, counter: int, tail: int) -> uuid.UUID:
    """12 counter bits stand before the variant, 30 behind it."""
    high = (ms << 16) | (0x7 << 12) | (counter >> 30)
    low = (0b10 << 62) | ((counter & ((1 << 30) - 1)) << _RANDOM_BITS) | tail
    return uuid.UUID(int=(high << 64) | low)
