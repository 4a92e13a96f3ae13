"""What this process has lately done with runs, so that it does not do it again.

Only to save what providers cannot: none of it is needed for the record to be right after a
restart, when runs are looked up instead.
"""

from collections import OrderedDict
from typing import Final, Generic, TypeVar

KEPT: Final = 10_000

Value = TypeVar("Value")


class Recent(Generic[Value]):
    """The newest values by key; the oldest go when there are too many."""

    def __init__(self) -> None:
        self._values: OrderedDict[str, Value] = OrderedDict()

    def put(self, key: str, value: Value) -> None:
        self._values[key] = value
        self._values.move_to_end(key)
        if len(self._values) > KEPT:
            self._values.popitem(last=False)

    def get(self, key: str) -> Value | None:
        return self._values.get(key)

    def drop(self, key: str) -> None:
        self._values.pop(key, None)
