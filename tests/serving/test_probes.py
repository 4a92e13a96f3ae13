"""Asking whether the parts of a server are up costs no more than one check at a time."""

import asyncio

import pytest

from domain.errors import StorageUnavailable
from serving.probes import Part, condition

pytestmark = pytest.mark.anyio


async def test_a_part_that_is_up_and_one_that_is_not() -> None:
    """What is wrong is said in the words of the check."""
    assert "ok" == await Part(condition("it is down", lambda: True)).state()
    assert "it is down" == await Part(condition("it is down", lambda: False)).state()


async def test_a_check_that_hangs() -> None:
    """Who asks is answered after a bounded time; the check goes on, once, and tells its end."""
    begun = 0
    goes_on = asyncio.Event()

    async def check() -> None:
        nonlocal begun
        begun += 1
        await goes_on.wait()
        raise StorageUnavailable

    part = Part(check, timeout_s=0.01)
    assert {"no answer in 0.01 s"} == {await part.state() for _ in range(3)}
    goes_on.set()
    while (state := await part.state()).startswith("no answer"):
        await asyncio.sleep(0)

    assert (1, str(StorageUnavailable())) == (begun, state)


async def test_a_part_is_asked_anew() -> None:
    """An answer is not kept."""
    states = iter([False, True])
    part = Part(condition("it is down", lambda: next(states)))

    assert ["it is down", "ok"] == [await part.state(), await part.state()]
