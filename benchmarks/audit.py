"""How fast the audit log is proved."""

import asyncio
import hashlib
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import orjson

from adapters.signing import Ed25519Signer
from benchmarks.scene import Scene
from benchmarks.table import Figure
from domain.ids import DecisionId, PrincipalId, RunId
from domain.models.audit import (
    FIRST_PREVIOUS,
    SERVER_CHAIN,
    AuditAction,
    AuditRecord,
    AuditSubject,
    Caller,
    ChainHead,
    Origin,
    SubjectKind,
    chained,
)
from domain.models.principals import Principal, PrincipalKind
from domain.services.attestor import attestation
from domain.services.audit_proof import AuditProof, Proof
from persistence.unit_of_work import Database

ENTRIES: Final = 1_000_000
GOAL: Final = 50_000
ATTESTED_EVERY: Final = 1000
NOW: Final = datetime(2026, 11, 20, 12, tzinfo=UTC)
SIGNER: Final = Ed25519Signer("a text for the benchmark")

Row = tuple[str, int, int, str, str | None, str, str, str, str]


def audit(scene: Scene) -> list[Figure]:
    """The limit is to read the rows with Python's own SQLite, and to hash them."""
    count = scene.scaled(ENTRIES)
    path = scene.folder / "workbench.db"
    proof, cpu = asyncio.run(_proved(path, count))
    if proof.fault is not None or (proof.entries, proof.attested) != (count, count):
        raise SystemExit(f"benchmarks: the audit log is not whole: {proof}")
    limit = _bare_cpu_s(path)
    return [
        Figure(
            what=f"prove an audit log of {count:,} entries, signed every {ATTESTED_EVERY:,}",
            limit=f"read and hash the rows: {count / limit:,.0f} entries/s of a core",
            measured=f"{count / cpu:,.0f} entries/s of a core",
            ratio=cpu / limit,
            goal=f"{GOAL:,} entries/s of a core",
            is_reached=count / cpu >= GOAL,
        )
    ]


async def _proved(path: Path, count: int) -> tuple[Proof, float]:
    store = Database.open(f"sqlite+aiosqlite:///{path}", on_commit=lambda _: None)
    await store.migrate()
    await asyncio.to_thread(_fill, path, count)
    before = time.process_time()
    proof = await AuditProof(store=store, signer=SIGNER, read=orjson.loads).verify(SERVER_CHAIN)
    cpu = time.process_time() - before
    await store.close()
    return proof, cpu


def _fill(path: Path, count: int) -> None:
    """As fast as can be: without the trigger that follows each entry."""
    with closing(sqlite3.connect(path)) as database:
        database.execute("DROP TRIGGER audit_entries_in_order")
        database.execute("DROP TRIGGER audit_entries_head")
        heads: list[ChainHead] = []
        database.executemany(
            "INSERT INTO audit_entries VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", _rows(count, heads)
        )
        signed = [attestation(head, SIGNER, NOW) for head in heads]
        database.executemany(
            "INSERT INTO audit_attestations VALUES (?, ?, ?, ?, ?, ?)",
            [(a.chain, a.sequence, a.hash, _microseconds(), a.key, a.signature) for a in signed],
        )
        last = heads[-1]
        database.execute(
            "UPDATE audit_heads SET sequence = ?, hash = ? WHERE chain = ?",
            (last.sequence, last.hash, last.chain),
        )
        database.commit()


def _rows(count: int, heads: list[ChainHead]) -> Iterator[Row]:
    """As launches leave them; `heads` gets those that are to be signed."""
    launch, previous = _launch(), FIRST_PREVIOUS
    for sequence in range(1, count + 1):
        run = f"{sequence:032x}"
        body = replace(launch, subject=AuditSubject(kind=SubjectKind.RUN, id=RunId(run))).body
        previous = chained(SERVER_CHAIN, sequence, previous, body)
        if sequence % ATTESTED_EVERY == 0 or sequence == count:
            heads.append(ChainHead(chain=SERVER_CHAIN, sequence=sequence, hash=previous))
        yield (
            *(SERVER_CHAIN, sequence, _microseconds(), launch.action, launch.actor_id, run),
            *(launch.result, body, previous),
        )


def _launch() -> AuditRecord:
    principal = Principal(
        id=PrincipalId("a" * 32), name="ada", kind=PrincipalKind.USER, is_server_admin=False
    )
    return AuditRecord(
        chain=SERVER_CHAIN,
        at=NOW,
        caller=Caller(principal=principal, origin=Origin(address="127.0.0.1", request_id="0" * 16)),
        action=AuditAction.RUN_LAUNCH,
        subject=AuditSubject(kind=SubjectKind.RUN),
        after={
            "state": "QUEUED",
            "provider": "local",
            "input": "0" * 64,
            "verdict": "ALLOW",
            "retryOf": None,
        },
        decision_id=DecisionId("d" * 32),
    )


def _microseconds() -> int:
    return int(NOW.timestamp()) * 1_000_000


def _bare_cpu_s(path: Path) -> float:
    before = time.process_time()
    with closing(sqlite3.connect(path)) as database:
        for row in database.execute("SELECT * FROM audit_entries ORDER BY chain, sequence"):
            hashlib.sha256(row[7].encode()).hexdigest()
    return time.process_time() - before
