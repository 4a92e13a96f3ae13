"""One answer for all who wait for the same."""

import asyncio

import pytest

from resolvers.loaders import Loader

pytestmark = pytest.mark.anyio


async def test_who_gives_up_takes_nothing_from_the_others() -> None:
    """A field whose sibling failed is canceled; another that waits for the same is answered."""
    is_loaded = asyncio.Event()

    async def load(keys: list[str]) -> list[str]:
        await is_loaded.wait()
        return [key.upper() for key in keys]

    loader = Loader(load)

    async def field() -> str:
        return await loader.load("a")

    first, second = asyncio.create_task(field()), asyncio.create_task(field())
    await asyncio.sleep(0)
    first.cancel()
    await asyncio.sleep(0)
    is_loaded.set()

    assert "A" == await second
    assert "A" == await field()
