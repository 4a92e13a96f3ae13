"""Audit entries for the tests, and what somebody can do to them who has the database itself."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.signing import Ed25519Signer
from domain.ids import ChainId
from domain.models.audit import (
    Attestation,
    AuditAction,
    AuditEntry,
    AuditRecord,
    AuditSubject,
    Caller,
    ChainHead,
    SubjectKind,
    chain_of,
)
from domain.services.attestor import attestation
from tests.contract.store.scene import NOW, Scene

SIGNER: Final = Ed25519Signer("a text that only the tests know")
STRANGER: Final = Ed25519Signer("another text")


def record(scene: Scene, **changes: Any) -> AuditRecord:
    made = AuditRecord(
        chain=chain_of(scene.project.id),
        at=NOW,
        caller=Caller(principal=scene.actor),
        action=AuditAction.RUN_LAUNCH,
        subject=AuditSubject(kind=SubjectKind.RUN, id="r1"),
        after={"text": 'ünïcode "and" \\ all\n', "list": ["a", 1, None, True]},
    )
    return replace(made, **changes)


async def add(scene: Scene, *records: AuditRecord) -> None:
    async with scene.store.transaction() as unit:
        for each in records:
            unit.audit.add(each)


async def entries(scene: Scene, chain: ChainId | None = None) -> Sequence[AuditEntry]:
    async with scene.store.snapshot() as unit:
        return await unit.audit.after(chain or chain_of(scene.project.id), 0, 1000)


async def head(scene: Scene) -> ChainHead:
    async with scene.store.snapshot() as unit:
        found = await unit.audit.head(chain_of(scene.project.id))
    assert found is not None
    return found


async def attest(scene: Scene, signer: Ed25519Signer = SIGNER) -> Attestation:
    made = attestation(await head(scene), signer, NOW)
    async with scene.store.transaction() as unit:
        await unit.audit.attest(made)
    return made


async def forge(scene: Scene, *statements: str, is_prepared: bool = True) -> None:
    """What somebody does who has the database itself, its triggers out of the way first."""
    async with scene.store._engines.writer.begin() as connection:
        if is_prepared:
            await disarm(connection)
        for statement in statements:
            await connection.execute(text(statement))


async def disarm(connection: AsyncConnection) -> None:
    if connection.dialect.name == "postgresql":
        await connection.execute(text("SET LOCAL session_replication_role = replica"))
        return
    named = "SELECT name FROM sqlite_master WHERE type = 'trigger'"
    for name in (await connection.execute(text(named))).scalars().all():
        await connection.execute(text(f"DROP TRIGGER {name}"))
