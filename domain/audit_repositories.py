"""What is stored of the audit log, as a protocol: see domain.repositories."""

from collections.abc import Collection, Sequence
from typing import Protocol

from domain.ids import ChainId
from domain.models.audit import (
    SEQUENCE_MAX,
    Attestation,
    AuditEntry,
    AuditLink,
    AuditRecord,
    AuditSpan,
    ChainHead,
)
from domain.models.pages import AuditFilter, Window


class AuditRepository(Protocol):
    """Chains of entries. They are only added: the database itself refuses all else."""

    def add(self, record: AuditRecord) -> None:
        """Have it chained and stored at the end of this unit, and with it or not at all.

        A chain is locked from there to the commit, so that it has one order on every node.
        """
        ...

    async def page(
        self, chain: ChainId, audit_filter: AuditFilter, window: Window
    ) -> Sequence[AuditEntry]:
        """Newest first; the key is the sequence."""
        ...

    async def after(self, chain: ChainId, sequence: int, limit: int) -> Sequence[AuditEntry]:
        """In the order of the chain, as they are stored, whatever has become of them."""
        ...

    async def links(self, chain: ChainId, sequence: int, limit: int) -> Sequence[AuditLink]:
        """The same, with nothing made of what is stored."""
        ...

    async def span(self, chain: ChainId, subjects: Collection[str]) -> AuditSpan | None:
        """Of the entries about any of these subjects; None where there are none."""
        ...

    async def head(self, chain: ChainId) -> ChainHead | None:
        """None where there is no such chain."""
        ...

    async def chains(self) -> Sequence[ChainId]:
        """All that there should be: of the server, of each project, of whatever was attested."""
        ...

    async def unattested(self, limit: int) -> Sequence[ChainHead]:
        """Heads of chains that are longer than what was attested of them."""
        ...

    async def attest(self, attestation: Attestation) -> None:
        """Keep it, unless there is one for this place already."""
        ...

    async def attestations(
        self, chain: ChainId, after: int, limit: int, *, up_to: int = SEQUENCE_MAX
    ) -> Sequence[Attestation]:
        """Those behind a sequence and up to another, in the order of the chain."""
        ...
