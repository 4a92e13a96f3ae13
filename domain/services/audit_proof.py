"""Whether audit chains are as they were written: every entry's hash, place, columns and witness."""

from collections.abc import AsyncGenerator, Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from domain.digest import canonical
from domain.ids import ChainId
from domain.models.audit import (
    FIRST_PREVIOUS,
    SEQUENCE_MAX,
    Attestation,
    AuditEntry,
    AuditLink,
    ChainHead,
    chained,
    instant,
    microseconds,
)
from domain.ports import Store, UnitOfWork
from domain.proving import Signer

PAGE: Final = 5000
FORMAT: Final = "workbench-audit-1"


Read = Callable[[str], Any]
"""Reads a JSON text. Python's own takes several times as long as some libraries."""


@dataclass(frozen=True, slots=True)
class Fault:
    """The first entry of a chain that is not as it was, and in what way."""

    sequence: int
    what: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """How far a chain is whole: up to its end, or to its first fault. `attested` is the last
    entry that a signature vouches for, 0 for none."""

    chain: ChainId
    entries: int
    attested: int
    fault: Fault | None = None


@dataclass(slots=True, kw_only=True)
class _Walk:
    """Where checking has come to."""

    chain: ChainId
    sequence: int = 0
    previous: str = FIRST_PREVIOUS
    attested: int = 0
    fault: Fault | None = None

    def proof(self) -> Proof:
        return Proof(
            chain=self.chain, entries=self.sequence, attested=self.attested, fault=self.fault
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditProof:
    """Reads page by page, whatever the length. `keys` are those that are trusted besides ours;
    `kept` are attestations that were kept elsewhere, where nobody could remove them."""

    store: Store
    signer: Signer
    read: Read
    keys: Collection[str] = ()
    kept: Mapping[ChainId, Sequence[Attestation]] = field(default_factory=dict)

    async def verify(self, chain: ChainId) -> Proof:
        """Raises StorageUnavailable."""
        walk = _Walk(chain=chain)
        async with self.store.snapshot() as unit:
            head = await unit.audit.head(chain)
            while walk.fault is None:
                page = await unit.audit.links(chain, walk.sequence, PAGE)
                if not page:
                    walk.fault = await self._end(unit, walk, head)
                    break
                witnesses = await self._witnesses(unit, walk, up_to=page[-1][0])
                self._check(walk, page, witnesses)
        return walk.proof()

    async def export(self, chain: ChainId) -> AsyncGenerator[str, None]:
        """Lines of JSON: a header, the entries, and what was attested of them."""
        header = {"chain": chain, "format": FORMAT, "key": self.signer.key}
        yield canonical(header)
        async with self.store.snapshot() as unit:
            sequence = 0
            while page := await unit.audit.after(chain, sequence, PAGE):
                for entry in page:
                    yield _line(entry)
                sequence = page[-1].sequence
            sequence = 0
            while witnesses := await unit.audit.attestations(chain, sequence, PAGE):
                for each in witnesses:
                    yield line_of(each)
                sequence = witnesses[-1].sequence

    async def _witnesses(self, unit: UnitOfWork, walk: _Walk, up_to: int) -> list[Attestation]:
        """Those of the entries that come next, those kept elsewhere included."""
        stored = await unit.audit.attestations(walk.chain, walk.sequence, PAGE, up_to=up_to)
        kept = self.kept.get(walk.chain, ())
        return [*stored, *(each for each in kept if walk.sequence < each.sequence <= up_to)]

    def _check(
        self, walk: _Walk, page: Sequence[AuditLink], witnesses: Iterable[Attestation]
    ) -> None:
        """Go as far as the page does, or to the first fault in it."""
        witnessed: dict[int, list[Attestation]] = {}
        for each in witnesses:
            witnessed.setdefault(each.sequence, []).append(each)
        for link in page:
            fault = self._fault(link, walk)
            sequence, newest = link[0], link[-1]
            if fault is None and sequence in witnessed:
                fault = self._contradiction(newest, witnessed[sequence])
                walk.attested = walk.attested if fault else sequence
            if fault is not None:
                walk.fault = Fault(walk.sequence + 1, fault)
                return
            walk.sequence, walk.previous = sequence, newest

    def _fault(self, link: AuditLink, walk: _Walk) -> str | None:
        sequence, at, action, actor, subject, result, body, newest = link
        if sequence != walk.sequence + 1:
            return "is missing"
        if chained(walk.chain, sequence, walk.previous, body) != newest:
            return "was changed: its hash is not that of its content behind the entry before"
        told = self.read(body)
        on = told["subject"]
        if (
            action == told["action"]
            and actor == told["actor"]
            and result == told["result"]
            and subject == (on["id"] or on["name"] or "")
            and at == microseconds(told["at"])
        ):
            return None
        return "was changed: what it is found by is not what was hashed"

    def _contradiction(self, newest: str, witnesses: Sequence[Attestation]) -> str | None:
        for each in witnesses:
            if each.key != self.signer.key and each.key not in self.keys:
                return f"was attested with a key that is not trusted here: {each.key}"
            if not self.signer.is_signed(each.message, key=each.key, signature=each.signature):
                return "has an attestation whose signature is wrong"
            if each.hash != newest:
                return f"is not the one that was attested at {instant(each.at)}"
        return None

    async def _end(self, unit: UnitOfWork, walk: _Walk, head: ChainHead | None) -> Fault | None:
        """What should come behind the last entry, or should be known of it."""
        beyond = await self._witnesses(unit, walk, up_to=SEQUENCE_MAX)
        known = max([head.sequence if head else 0, *(each.sequence for each in beyond)])
        if known > walk.sequence:
            return Fault(walk.sequence + 1, f"is missing: there were {known}")
        if head is None:
            return Fault(walk.sequence + 1, "cannot be added: the chain has no head")
        if (head.sequence, head.hash) != (walk.sequence, walk.previous):
            return Fault(walk.sequence, "is not the one that the chain's head knows as the last")
        return None


def _line(entry: AuditEntry) -> str:
    """With the body as it was hashed: it is canonical JSON."""
    start, end = f'{{"body":{entry.body}', f'"hash":"{entry.hash}","sequence":{entry.sequence}}}'
    return f"{start},{end}"


def line_of(attestation: Attestation) -> str:
    """As it is exported, and kept elsewhere."""
    told = {
        "at": instant(attestation.at),
        "chain": attestation.chain,
        "hash": attestation.hash,
        "key": attestation.key,
        "sequence": attestation.sequence,
        "signature": attestation.signature,
    }
    return canonical({"attestation": told})
