"""`workbench audit verify`, `export` and `attest`, on the server's own records."""

import asyncio
import getpass
import sys
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Annotated, Final

import orjson
import typer

from adapters.clock import SystemClock
from adapters.signing import Ed25519Signer
from cli.environment import exit_if_refused, prepared, settings_or_exit
from domain.audit import exported
from domain.errors import InvalidInput
from domain.ids import ChainId, ProjectId
from domain.models.audit import SERVER_CHAIN, Attestation, chain_of
from domain.services.attestor import attestation
from domain.services.audit_proof import AuditProof, Proof, line_of
from persistence.unit_of_work import Database
from serving.audit_keys import audit_key
from serving.settings import Settings

EXIT_NOT_WHOLE: Final = 1

Project = Annotated[
    str | None, typer.Option(help="Slug of the project; all, and the server's own, if absent.")
]


def register(app: typer.Typer, _tokens: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(no_args_is_help=True, help="The audit log of a server.")
    group.command("verify")(verify)
    group.command("export")(export)
    group.command("attest")(attest)
    app.add_typer(group, name="audit")


def verify(
    project: Project = None,
    *,
    key: Annotated[
        list[str] | None,
        typer.Option(help="A public key to trust besides the server's own; again for more."),
    ] = None,
    attestations: Annotated[
        Path | None,
        typer.Option(help="A file of attestations that was kept elsewhere, to compare with."),
    ] = None,
) -> None:
    """Prove that the audit log is whole, or name the first entry that is not as it was."""
    settings = settings_or_exit()
    with exit_if_refused(settings):
        kept = {} if attestations is None else _read(attestations)
        asyncio.run(_verify(settings, project, frozenset(key or ()), kept))


def export(project: Project = None) -> None:
    """Print the audit log with its proof, a line of JSON an entry."""
    settings = settings_or_exit()
    with exit_if_refused(settings):
        asyncio.run(_export(settings, project))


def attest(project: Project = None) -> None:
    """Sign how far the audit log has come, and print what was signed, to be kept elsewhere."""
    settings = settings_or_exit()
    with exit_if_refused(settings):
        asyncio.run(_attest(settings, project))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Log:
    """An audit log that is open, and what its chains are called."""

    store: Database
    signer: Ed25519Signer
    names: Mapping[ChainId, str]
    chains: list[ChainId]


async def _verify(
    settings: Settings,
    project: str | None,
    keys: frozenset[str],
    kept: Mapping[ChainId, list[Attestation]],
) -> None:
    async with _opened(settings, project) as log:
        proving = AuditProof(
            store=log.store, signer=log.signer, read=orjson.loads, keys=keys, kept=kept
        )
        chains = log.chains if project else dict.fromkeys([*log.chains, *kept])
        proofs = [await proving.verify(chain) for chain in chains]
        for proof in proofs:
            _tell(proof, log.names.get(proof.chain, proof.chain))
    if any(proof.fault for proof in proofs):
        sys.exit(EXIT_NOT_WHOLE)
    total = sum(proof.entries for proof in proofs)
    typer.echo(f"{total} entries of {len(proofs)} chains are whole; key {log.signer.key}")


def _tell(proof: Proof, name: str) -> None:
    if proof.fault is not None:
        typer.echo(f"{name}: entry {proof.fault.sequence} {proof.fault.what}", err=True)
    else:
        typer.echo(f"{name}: {proof.entries} entries, attested up to {proof.attested}")


async def _export(settings: Settings, project: str | None) -> None:
    """That it is exported is an entry itself, and the export ends with it."""
    async with _opened(settings, project) as log:
        proving = AuditProof(store=log.store, signer=log.signer, read=orjson.loads)
        for chain in log.chains:
            async with log.store.transaction() as unit:
                unit.audit.add(exported(chain, getpass.getuser(), SystemClock().now()))
            await _attested(log, [chain])
            async for line in proving.export(chain):
                sys.stdout.write(f"{line}\n")


async def _attest(settings: Settings, project: str | None) -> None:
    async with _opened(settings, project) as log:
        for made in await _attested(log, log.chains):
            typer.echo(line_of(made))


async def _attested(log: _Log, chains: Iterable[ChainId]) -> list[Attestation]:
    """Attest these chains as they are now, again or not."""
    async with log.store.snapshot() as unit:
        heads = [await unit.audit.head(chain) for chain in chains]
    now = SystemClock().now()
    made = [attestation(head, log.signer, now) for head in heads if head and head.sequence > 0]
    async with log.store.transaction() as unit:
        for each in made:
            await unit.audit.attest(each)
    return made


@asynccontextmanager
async def _opened(settings: Settings, project: str | None) -> AsyncIterator[_Log]:
    """Raises StorageUnavailable, and InvalidInput for a project that is not there."""
    prepared(settings)
    store = Database.open(settings.store_url, on_commit=lambda _: None)
    try:
        await store.migrate()
        async with store.snapshot() as unit:
            chains = list(await unit.audit.chains())
            found = await unit.projects.get_many([ProjectId(chain) for chain in chains])
        names = {chain_of(key): each.slug for key, each in found.items()}
        names[SERVER_CHAIN] = "server"
        if project is not None:
            chains = [chain for chain, slug in names.items() if slug == project]
            if not chains:
                raise InvalidInput(f"there is no project {project!r}")
        signer = Ed25519Signer(audit_key(settings))
        yield _Log(store=store, signer=signer, names=names, chains=chains)
    finally:
        await store.close()


def _read(path: Path) -> dict[ChainId, list[Attestation]]:
    """Lines as `attest` and `export` print them; others are passed over. Raises InvalidInput."""
    found: dict[ChainId, list[Attestation]] = {}
    for line in path.read_bytes().splitlines():
        try:
            told = orjson.loads(line).get("attestation")
            if told is not None:
                told["at"] = datetime.fromisoformat(told["at"])
                found.setdefault(ChainId(told["chain"]), []).append(Attestation(**told))
        except (orjson.JSONDecodeError, AttributeError, KeyError, TypeError, ValueError):
            raise InvalidInput(f"{path} holds a line that is no attestation") from None
    return found
