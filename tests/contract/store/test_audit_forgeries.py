"""Whatever is done to the audit log in the database itself, proving it names the first entry."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

import orjson
import pytest
from sqlalchemy import text

from domain.models.audit import FIRST_PREVIOUS, chain_of, chained
from domain.services.audit_proof import AuditProof, Fault
from tests.contract.store.audited import (
    SIGNER,
    STRANGER,
    add,
    attest,
    disarm,
    entries,
    forge,
    record,
)
from tests.contract.store.scene import Scene, later

pytestmark = pytest.mark.anyio

ENTRIES: Final = 6
ATTESTED: Final = 4


@dataclass(frozen=True, kw_only=True)
class Forgery:
    """What is done to six entries of which four were attested, and what is found."""

    statements: Sequence[str] = ()
    act: Callable[[Scene], Awaitable[None]] | None = None
    sequence: int
    what: str
    kept: bool = field(default=False)


async def rewrite(scene: Scene) -> None:
    """All hashes anew behind a change, the head's too: only a signature can tell."""
    previous, changes = FIRST_PREVIOUS, []
    for entry in await entries(scene):
        body = entry.body.replace("r1", "r2") if entry.sequence == 2 else entry.body
        previous = chained(entry.chain, entry.sequence, previous, body)
        changes.append((entry.sequence, body, previous))
    async with scene.store._engines.writer.begin() as connection:
        await disarm(connection)
        for sequence, body, hashed in changes:
            await connection.execute(
                text(
                    "UPDATE audit_entries SET body = :body, hash = :hash, "
                    "subject = CASE sequence WHEN 2 THEN 'r2' ELSE subject END "
                    "WHERE sequence = :sequence"
                ),
                {"body": body, "hash": hashed, "sequence": sequence},
            )
        await connection.execute(text("UPDATE audit_heads SET hash = :hash"), {"hash": previous})


async def sign_as_somebody_else(scene: Scene) -> None:
    """With another key, which nothing makes trusted."""
    async with scene.store.snapshot() as unit:
        (made,) = await unit.audit.attestations(chain_of(scene.project.id), 0, 9)
    forged = STRANGER.sign(made.message)
    await forge(
        scene, f"UPDATE audit_attestations SET key = '{STRANGER.key}', signature = '{forged}'"
    )


TO_THREE: Final = (
    "DELETE FROM audit_entries WHERE sequence > 3",
    """UPDATE audit_heads SET sequence = 3, hash = (SELECT hash FROM audit_entries
    WHERE audit_entries.chain = audit_heads.chain AND sequence = 3) WHERE chain <> 'server'""",
)
COPY: Final = (
    "INSERT INTO audit_entries SELECT chain, {to}, at, action, actor_id, subject, result, body, "
    "hash FROM audit_entries WHERE sequence = {of}"
)
FORGERIES: Final = {
    "edit": Forgery(
        statements=["UPDATE audit_entries SET body = replace(body, 'r1', 'r2') WHERE sequence = 3"],
        sequence=3,
        what="was changed: its hash",
    ),
    **{
        f"edit its {column}": Forgery(
            statements=[f"UPDATE audit_entries SET {column} = 'x' WHERE sequence = 2"],
            sequence=2,
            what="what it is found by",
        )
        for column in ("action", "actor_id", "subject", "result")
    },
    "edit its time": Forgery(
        statements=[
            "UPDATE audit_entries SET at = (SELECT created_at FROM projects) WHERE sequence = 2"
        ],
        sequence=2,
        what="what it is found by",
    ),
    "delete": Forgery(
        statements=["DELETE FROM audit_entries WHERE sequence = 3"], sequence=3, what="is missing"
    ),
    "delete the first": Forgery(
        statements=["DELETE FROM audit_entries WHERE sequence = 1"], sequence=1, what="is missing"
    ),
    "insert": Forgery(
        statements=[
            "UPDATE audit_entries SET sequence = -sequence - 1 WHERE sequence > 2",
            COPY.format(to=3, of=2),
            "UPDATE audit_entries SET sequence = -sequence WHERE sequence < 0",
        ],
        sequence=3,
        what="was changed",
    ),
    "append": Forgery(statements=[COPY.format(to=7, of=6)], sequence=7, what="was changed"),
    "reorder": Forgery(
        statements=[
            "UPDATE audit_entries SET sequence = -2 WHERE sequence = 2",
            "UPDATE audit_entries SET sequence = 2 WHERE sequence = 3",
            "UPDATE audit_entries SET sequence = 3 WHERE sequence = -2",
        ],
        sequence=2,
        what="was changed",
    ),
    "truncate": Forgery(
        statements=["DELETE FROM audit_entries WHERE sequence > 4"],
        sequence=5,
        what="is missing: there were 6",
    ),
    "truncate with the head": Forgery(
        statements=TO_THREE, sequence=4, what="is missing: there were 4"
    ),
    "truncate with head and attestation": Forgery(
        statements=[*TO_THREE, "DELETE FROM audit_attestations"],
        sequence=4,
        what="is missing: there were 4",
        kept=True,
    ),
    "empty": Forgery(
        statements=["DELETE FROM audit_entries", "DELETE FROM audit_heads"],
        sequence=1,
        what="is missing: there were 4",
    ),
    "rewrite": Forgery(act=rewrite, sequence=4, what="is not the one that was attested"),
    "sign": Forgery(act=sign_as_somebody_else, sequence=4, what="that is not trusted here"),
    "forge a signature": Forgery(
        statements=[f"UPDATE audit_attestations SET signature = '{'0' * 128}'"],
        sequence=4,
        what="signature is wrong",
    ),
    "remove the head": Forgery(
        statements=["DELETE FROM audit_heads"], sequence=7, what="cannot be added"
    ),
    "set back the head": Forgery(
        statements=["UPDATE audit_heads SET sequence = 5"], sequence=6, what="is not the one"
    ),
}


@pytest.mark.parametrize("name", FORGERIES)
async def test_every_forgery_is_named(scene: Scene, name: str) -> None:
    """The first entry that is not as it was, and in what way; before it all is whole."""
    forgery = FORGERIES[name]
    await add(scene, *(record(scene, at=later(number)) for number in range(ATTESTED)))
    made = await attest(scene)
    await add(scene, *(record(scene, at=later(n)) for n in range(ATTESTED, ENTRIES)))
    chain = chain_of(scene.project.id)
    proving = AuditProof(store=scene.store, signer=SIGNER, read=orjson.loads)
    whole = await proving.verify(chain)
    assert (ENTRIES, ATTESTED, None) == (whole.entries, whole.attested, whole.fault)

    await forge(scene, *forgery.statements)
    if forgery.act is not None:
        await forgery.act(scene)
    if forgery.kept:
        assert (await proving.verify(chain)).fault is None, "nothing here tells any more"
        proving = replace(proving, kept={chain: [made]})
    fault = (await proving.verify(chain)).fault

    assert isinstance(fault, Fault)
    assert forgery.sequence == fault.sequence
    assert forgery.what in fault.what
