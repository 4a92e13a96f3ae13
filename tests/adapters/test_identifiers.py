"""Ids: the layout of UUID version 7, their order, and what a clock set back does to them."""

import threading
import time
import uuid
from itertools import pairwise

from adapters.identifiers import Uuid7Maker


def _time_of(made: str) -> int:
    return int(made[:12], 16)


def test_an_id_is_a_uuid_of_version_7() -> None:
    """32 lower-case hex digits that the standard library reads as version 7, RFC variant."""
    made = Uuid7Maker()()
    parsed = uuid.UUID(made)

    assert (made, 7, uuid.RFC_4122) == (parsed.hex, parsed.version, parsed.variant)


def test_an_id_tells_when_it_was_made() -> None:
    """The first 48 bits are Unix time in milliseconds."""
    assert 0x017F22E279B0 == _time_of(Uuid7Maker(lambda: 0x017F22E279B0)())

    before = time.time_ns() // 1_000_000
    made = _time_of(Uuid7Maker()())
    assert before <= made <= time.time_ns() // 1_000_000


def test_ids_rise_within_a_millisecond() -> None:
    """A clock that stands still does not stop ids from sorting as they were made."""
    make = Uuid7Maker(lambda: 1_000)
    ids = [make() for _ in range(10_000)]

    assert sorted(set(ids)) == ids


def test_ids_rise_when_the_clock_is_set_back() -> None:
    """Time that goes back is not believed until it has caught up."""
    times = iter([2_000, 1_000, 1_999, 2_001])
    make = Uuid7Maker(lambda: next(times))
    ids = [make() for _ in range(4)]

    assert all(first < second for first, second in pairwise(ids))
    assert [2_000, 2_000, 2_000, 2_001] == [_time_of(made) for made in ids]


def test_a_used_up_millisecond_borrows_the_next() -> None:
    """The counter never wraps round to ids that were given out before."""
    make = Uuid7Maker(lambda: 1_000)
    last = make()
    make._counter = (1 << 42) - 1
    after = make()

    assert (True, 1_001) == (last < after, _time_of(after))


def test_two_makers_do_not_meet() -> None:
    """Processes that make ids in the same millisecond make different ones."""
    one, other = Uuid7Maker(lambda: 1_000), Uuid7Maker(lambda: 1_000)

    assert 2_000 == len({make() for make in (one, other) for _ in range(1_000)})


def test_threads_get_different_ids() -> None:
    """One maker may be called from several threads."""
    make = Uuid7Maker(lambda: 1_000)
    made: list[str] = []
    threads = [
        threading.Thread(target=lambda: made.extend([make() for _ in range(2_000)]))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert 8_000 == len(set(made))
