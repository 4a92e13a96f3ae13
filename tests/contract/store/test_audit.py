"""Audit chains: one order for all writers, nothing but added to, and every forgery named."""

import asyncio
from dataclasses import replace
from typing import Any

import orjson
import pytest
from sqlalchemy.exc import DBAPIError

from domain.errors import StorageUnavailable
from domain.ids import ChainId, PrincipalId, ProjectId
from domain.models.audit import (
    FIRST_PREVIOUS,
    SERVER_CHAIN,
    AuditAction,
    AuditResult,
    AuditSpan,
    AuditSubject,
    Caller,
    ChainHead,
    SubjectKind,
    chain_of,
    chained,
)
from domain.models.pages import AuditFilter, Window
from domain.services.attestor import attestation
from domain.services.audit_proof import AuditProof
from persistence.unit_of_work import Database
from tests.contract.store.audited import SIGNER, STRANGER, add, attest, entries, forge, head, record
from tests.contract.store.scene import NOW, Scene, later

pytestmark = pytest.mark.anyio


async def test_each_entry_is_chained_to_the_one_before(scene: Scene) -> None:
    """The database computes what the domain says, and the head follows."""
    await add(scene, record(scene), record(scene, at=later(1)))
    await add(scene, record(scene, action=AuditAction.RUN_CANCEL))

    found = await entries(scene)

    previous = FIRST_PREVIOUS
    for sequence, entry in enumerate(found, 1):
        assert (sequence, NOW.tzinfo) == (entry.sequence, entry.at.tzinfo)
        assert chained(entry.chain, sequence, previous, entry.body) == entry.hash
        previous = entry.hash
    assert 3 == len(found)
    assert (3, previous) == ((await head(scene)).sequence, (await head(scene)).hash)


async def test_an_entry_is_stored_with_what_it_tells_of_or_not_at_all(scene: Scene) -> None:
    """A unit that fails leaves neither, and the chain goes on without a gap."""

    async def fail() -> None:
        async with scene.store.transaction() as unit:
            await scene.queue(unit)
            unit.audit.add(record(scene))
            raise KeyError

    with pytest.raises(KeyError):
        await fail()
    assert () == tuple(await entries(scene))
    await add(scene, record(scene))
    assert [1] == [entry.sequence for entry in await entries(scene)]


async def test_what_cannot_be_chained_is_not_done(scene: Scene) -> None:
    """Without its chain's head an entry is refused, and with it the change."""

    async def change() -> None:
        async with scene.store.transaction() as unit:
            await scene.queue(unit)
            unit.audit.add(record(scene, chain=ChainId("nowhere")))

    with pytest.raises((DBAPIError, StorageUnavailable)):
        await change()
    async with scene.store.snapshot() as unit:
        assert {} == await unit.intents.depth()


async def test_writers_at_once_keep_one_chain(scene: Scene, database_url: str) -> None:
    """Of two servers, over two chains in both orders; nobody waits for ever, nothing is lost."""
    other = Database.open(database_url, on_commit=lambda _: None)

    async def write(store: Database, number: int) -> None:
        both = [record(scene), record(scene, chain=SERVER_CHAIN)]
        async with store.transaction() as unit:
            for each in both if number % 2 else reversed(both):
                unit.audit.add(each)

    await asyncio.gather(*(write((scene.store, other)[n % 2], n) for n in range(24)))
    await other.close()

    for chain in (chain_of(scene.project.id), SERVER_CHAIN):
        proof = await AuditProof(store=scene.store, signer=SIGNER, read=orjson.loads).verify(chain)
        assert (24, None) == (proof.entries, proof.fault)


async def test_entries_are_found_by_what_they_tell(scene: Scene) -> None:
    """Newest first, page by page; every field that is given must match."""
    other = replace(scene.actor, id=PrincipalId("b" * 32))
    await add(
        scene,
        record(scene),
        record(scene, caller=Caller(principal=other), at=later(1)),
        record(scene, action=AuditAction.RUN_CANCEL, result=AuditResult.DENIED, at=later(2)),
        record(scene, subject=AuditSubject(kind=SubjectKind.PROJECT, name="main"), at=later(3)),
    )

    async def found(window: Window = Window(limit=9), **chosen: Any) -> list[int]:  # noqa: B008
        async with scene.store.snapshot() as unit:
            page = await unit.audit.page(chain_of(scene.project.id), AuditFilter(**chosen), window)
        return [entry.sequence for entry in page]

    assert [4, 3, 2, 1] == await found()
    assert [2, 1] == await found(Window(limit=2, after="3"))
    assert [3] == await found(actions=(AuditAction.RUN_CANCEL,))
    assert [2] == await found(actor_id=other.id)
    assert [4] == await found(subject="main")
    assert [3] == await found(results=(AuditResult.DENIED, AuditResult.FAILED))
    assert [3, 2] == await found(since=later(1), until=later(3))
    assert [] == await found(subject="main", actor_id=other.id)


async def test_every_project_has_a_chain(scene: Scene) -> None:
    """From the moment it is made."""
    there = replace(scene.project, id=ProjectId("q" * 32), slug="there")
    async with scene.store.transaction() as unit:
        assert await unit.projects.add(there)
        assert not await unit.projects.add(there)
    async with scene.store.snapshot() as unit:
        chains = await unit.audit.chains()
        assert ChainHead(chain=chain_of(there.id)) == await unit.audit.head(chain_of(there.id))

    assert [SERVER_CHAIN, chain_of(scene.project.id), chain_of(there.id)] == chains


async def test_what_was_attested_is_noted_once(scene: Scene) -> None:
    """The first attestation of a place stays, and the chain is unattested when it grows."""
    await add(scene, record(scene))
    made = attestation(await head(scene), SIGNER, NOW)
    async with scene.store.transaction() as unit:
        assert [made.chain] == [each.chain for each in await unit.audit.unattested(9)]
        await unit.audit.attest(made)
        await unit.audit.attest(replace(made, signature="00"))
    async with scene.store.snapshot() as unit:
        assert [made] == list(await unit.audit.attestations(made.chain, 0, 9))
        assert [] == list(await unit.audit.attestations(made.chain, 1, 9))
        assert [] == list(await unit.audit.unattested(9))
    await add(scene, record(scene))
    async with scene.store.snapshot() as unit:
        assert [(2, 1)] == [(h.sequence, h.attested) for h in await unit.audit.unattested(9)]


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_entries SET body = '{}'",
        "DELETE FROM audit_entries",
        "UPDATE audit_attestations SET hash = ''",
        "DELETE FROM audit_attestations",
        "TRUNCATE audit_entries",
        "TRUNCATE audit_attestations",
        "REPLACE INTO audit_entries SELECT * FROM audit_entries",
    ],
)
async def test_the_database_refuses_all_but_adding(scene: Scene, statement: str) -> None:
    """By triggers, or as a statement that it does not have; nothing is changed."""
    await add(scene, record(scene))
    await attest(scene)
    before = await entries(scene)

    with pytest.raises(DBAPIError):
        await forge(scene, statement, is_prepared=False)

    assert before == await entries(scene)


async def test_a_key_of_before_can_be_trusted(scene: Scene) -> None:
    """What was signed with it is as good as what is signed now."""
    await add(scene, record(scene))
    await attest(scene, STRANGER)
    proving = AuditProof(store=scene.store, signer=SIGNER, read=orjson.loads, keys={STRANGER.key})

    proof = await proving.verify(chain_of(scene.project.id))

    assert (1, 1, None) == (proof.entries, proof.attested, proof.fault)


async def test_a_span_goes_from_the_first_entry_about_some_subjects_to_the_last(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many of them are asked for, and whatever lies in between; of its own chain alone."""
    one, two, other = (
        record(scene, subject=AuditSubject(kind=SubjectKind.RUN, id=name)) for name in "abc"
    )
    await add(scene, other, one, other, two, one, other)
    await add(scene, replace(two, chain=SERVER_CHAIN))
    chain = chain_of(scene.project.id)
    found = await entries(scene)

    for at_once in (1, 5000):
        monkeypatch.setattr("persistence.audit.SUBJECTS_AT_ONCE", at_once)
        async with scene.store.snapshot() as unit:
            span = await unit.audit.span(chain, {"a", "b", "nobody"})
            assert AuditSpan(first=found[1], last=found[4], entries=3) == span
            assert None is await unit.audit.span(chain, {"nobody"})
            assert None is await unit.audit.span(chain, ())
