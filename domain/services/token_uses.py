"""When tokens were used last, written beside the requests and not for each of them."""

import asyncio
import logging
from datetime import datetime, timedelta
from typing import Final, Self

from domain.errors import StorageUnavailable
from domain.ids import TokenId
from domain.models.principals import Token, TokenKind
from domain.ports import Clock, Meter, Store

NOTED_EVERY: Final = timedelta(minutes=1)
"""Of one token no use is written sooner after another, by whichever node."""
WRITE_PAUSE_S: Final = 1.0

log = logging.getLogger(__name__)


class TokenUses:
    """While entered it writes what was noted. A note lost is told by the next one a minute later.

    It remembers the tokens that were used within the last minute, no others.
    """

    def __init__(self, *, store: Store, clock: Clock, meter: Meter) -> None:
        self._store = store
        self._clock = clock
        self._meter = meter
        self._noted: dict[TokenId, datetime] = {}
        self._unwritten: dict[TokenId, datetime] = {}
        self._is_wanted = asyncio.Event()
        self._writing: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        assert self._writing is None
        self._writing = asyncio.create_task(self._keep_writing(), name="token uses")
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._writing is not None
        writing, self._writing = self._writing, None
        writing.cancel()
        await asyncio.wait([writing])

    def note(self, token: Token, at: datetime) -> None:
        """The token was used. Never waits and never fails."""
        known = self._noted.get(token.id) or token.used_at
        is_known = known is not None and at - known < NOTED_EVERY
        if is_known or token.kind is TokenKind.SIGN_IN:
            return
        self._noted[token.id] = self._unwritten[token.id] = at
        self._is_wanted.set()

    async def write(self) -> None:
        """Write what was noted since. Raises StorageUnavailable."""
        self._is_wanted.clear()
        uses, self._unwritten = self._unwritten, {}
        since = self._clock.now() - NOTED_EVERY
        self._noted = {token_id: at for token_id, at in self._noted.items() if at > since}
        async with self._store.transaction() as unit:
            for token_id, at in uses.items():
                await unit.principals.note_use(token_id, at, unless_since=at - NOTED_EVERY)

    async def _keep_writing(self) -> None:
        while True:
            await self._is_wanted.wait()
            try:
                await self.write()
            except Exception as error:
                self._meter.failed("tokens")
                if not isinstance(error, StorageUnavailable):
                    log.exception("uses of tokens were not written")
            await self._clock.sleep(WRITE_PAUSE_S)
