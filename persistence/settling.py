"""Steps on a connection that are awaited to their end, whatever happens to who asked for them."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

Result = TypeVar("Result")


async def settled(
    step: Coroutine[Any, Any, Result], *, discard: Callable[[Result], object] | None = None
) -> Result:
    """Await a step to its end although canceled meanwhile, then let the cancellation go on.

    A connect, commit or rollback left in the middle would leave a connection in an unknown state,
    and a commit that nobody is told of. The driver's own timeouts bound it. `discard` gets the
    result that a canceled caller cannot take.
    """
    settling = asyncio.ensure_future(step)
    canceled: asyncio.CancelledError | None = None
    while not settling.done():
        try:
            await asyncio.wait({settling})
        except asyncio.CancelledError as error:
            canceled = error
    if canceled is None:
        return settling.result()
    # The cancellation is told, not the step's own failure.
    if settling.exception() is None and discard is not None:
        discard(settling.result())
    raise canceled
