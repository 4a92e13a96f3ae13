"""Signs how far the audit chains have come, so that entries cut off at the end are missed."""

import asyncio
import logging
from datetime import datetime, timedelta
from typing import Final, Self

from domain.errors import StorageUnavailable
from domain.ids import ChainId
from domain.models.audit import Attestation, ChainHead, attested_text
from domain.ports import Clock, Meter, Store
from domain.proving import Signer
from domain.services.refusals import Refusals

LOOK_S: Final = 15.0
CHAINS_AT_ONCE: Final = 100
SECONDS_TO_END: Final = 2.0

log = logging.getLogger(__name__)


class Attestor:
    """While entered it attests every chain that has grown by so many entries, or so long ago.

    What it signs also goes to the log, which an operator may keep out of an attacker's reach.
    """

    def __init__(
        self,
        *,
        store: Store,
        clock: Clock,
        meter: Meter,
        signer: Signer,
        refusals: Refusals,
        entries: int,
        seconds: float,
    ) -> None:
        self._store = store
        self._clock = clock
        self._meter = meter
        self._signer = signer
        self.refusals = refusals
        self._entries = entries
        self._age = timedelta(seconds=seconds)
        self._seen: dict[ChainId, datetime] = {}
        self._attesting: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        assert self._attesting is None
        self._attesting = asyncio.create_task(self._keep_attesting(), name="attestor")
        return self

    async def __aexit__(self, *_: object) -> None:
        """What is not attested yet is attested now, where the database lets us."""
        assert self._attesting is not None
        attesting, self._attesting = self._attesting, None
        attesting.cancel()
        await asyncio.wait([attesting])
        try:
            async with asyncio.timeout(SECONDS_TO_END):
                await self.refusals.settle(all_of_them=True)
                await self.attest()
        except (StorageUnavailable, TimeoutError) as error:
            log.warning("the end of the audit log is not attested: %r", error)

    async def attest(self) -> list[Attestation]:
        """Attest all that is not yet. Raises StorageUnavailable."""
        made: list[Attestation] = []
        while heads := await self._unattested():
            made += await self._attest(heads)
        return made

    async def attest_due(self) -> list[Attestation]:
        """Attest what has grown enough, or has waited long enough. Raises StorageUnavailable."""
        now, heads = self._clock.now(), await self._unattested()
        self._seen = {head.chain: self._seen.get(head.chain, now) for head in heads}
        return await self._attest(
            [
                head
                for head in heads
                if head.sequence - head.attested >= self._entries
                or now - self._seen[head.chain] >= self._age
            ]
        )

    async def _unattested(self) -> list[ChainHead]:
        async with self._store.snapshot() as unit:
            return list(await unit.audit.unattested(CHAINS_AT_ONCE))

    async def _attest(self, heads: list[ChainHead]) -> list[Attestation]:
        if not heads:
            return []
        made = [attestation(head, self._signer, self._clock.now()) for head in heads]
        async with self._store.transaction() as unit:
            for each in made:
                await unit.audit.attest(each)
        for each in made:
            self._seen.pop(each.chain, None)
            log.info("audit log attested: %s, signature %s", each.message, each.signature)
        return made

    async def _keep_attesting(self) -> None:
        while True:
            await self._clock.sleep(min(LOOK_S, self._age.total_seconds()))
            try:
                await self.refusals.settle()
                await self.attest_due()
            except Exception as error:
                self._meter.failed("audit")
                if not isinstance(error, StorageUnavailable):
                    log.exception("the audit log was not attested")


def attestation(head: ChainHead, signer: Signer, at: datetime) -> Attestation:
    return Attestation(
        chain=head.chain,
        sequence=head.sequence,
        hash=head.hash,
        at=at,
        key=signer.key,
        signature=signer.sign(attested_text(head.chain, head.sequence, head.hash, at)),
    )
