"""`workbench doctor`: what a server needs on this machine, looked at and tried.

It changes nothing: what a first start would make is only said to be missing.
"""

import asyncio
import os
import stat
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Final

import orjson
import typer

from adapters.local.bubblewrap import find
from adapters.local.confinement import counts_processes
from adapters.notifier import backend_of
from cli.environment import innermost, settings_or_exit
from domain.errors import StorageUnavailable
from persistence.unit_of_work import Database
from serving.settings import Settings

EXIT_FAULTY: Final = 1
_PROBE_CHANNEL: Final = "workbench-doctor"
_OTHERS: Final = stat.S_IRWXG | stat.S_IRWXO


class Status(StrEnum):
    """`fail` keeps a server from working, `warn` from doing some of what it could."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """How one thing is, and what to do about it."""

    name: str
    status: Status
    message: str
    advice: str | None = None


def register(app: typer.Typer, _tokens: typer.Typer) -> None:
    """Add the command."""
    app.command("doctor")(doctor)


def doctor(
    *,
    as_json: Annotated[bool, typer.Option("--json", help="A line of JSON a finding.")] = False,
) -> None:
    """Look at what a server needs on this machine, and say what to do about what is missing."""
    settings = settings_or_exit()
    findings = [
        *_folder(settings.data_dir),
        *_database(settings),
        _secret_keys(settings),
        asyncio.run(_bus(settings.wake_url)),
        _sandbox(),
        _processes(),
    ]
    for finding in findings:
        typer.echo(orjson.dumps(asdict(finding)).decode() if as_json else _line(finding))
    if any(finding.status is Status.FAIL for finding in findings):
        sys.exit(EXIT_FAULTY)


def _line(finding: Finding) -> str:
    advice = f"\n{'':6}{finding.advice}" if finding.advice else ""
    return f"{finding.status:4}  {finding.name}: {finding.message}{advice}"


def _folder(path: Path) -> Iterator[Finding]:
    """The data directory and the files that are secret."""
    name = "data directory"
    if not path.exists():
        yield Finding(
            name=name,
            status=Status.WARN,
            message=f"{path} is not there",
            advice="`workbench serve` makes it",
        )
        return
    kept = [path, *(one for one in path.iterdir() if one.is_file())]
    faults = [fault for one in kept if (fault := _open_to_others(one))]
    yield from faults
    if not faults:
        yield Finding(name=name, status=Status.OK, message=f"{path} is private")


def _open_to_others(path: Path) -> Finding | None:
    found = path.stat()
    if found.st_uid != os.getuid():
        message, advice = f"{path} is somebody else's", "run the server as its owner"
    elif found.st_mode & _OTHERS:
        message = f"{path} is open to others"
        advice = f"chmod {'700' if path.is_dir() else '600'} {path}"
    else:
        return None
    return Finding(name="data directory", status=Status.FAIL, message=message, advice=advice)


def _database(settings: Settings) -> list[Finding]:
    name = "database"
    if settings.is_sqlite and not Path(settings.store_name).exists():
        message = f"{settings.store_name} is not there"
        advice = "`workbench serve` makes it"
        return [Finding(name=name, status=Status.WARN, message=message, advice=advice)]
    try:
        is_current = asyncio.run(_is_current(settings.store_url))
    except StorageUnavailable as error:
        message = f"{settings.store_name}: {innermost(error)}"
        advice = "see WORKBENCH_DATABASE_URL, and whether it is up"
        return [Finding(name=name, status=Status.FAIL, message=message, advice=advice)]
    return [
        Finding(name=name, status=Status.OK, message=f"{settings.store_name} answers"),
        _migrations(is_current=is_current),
    ]


async def _is_current(url: str) -> bool:
    store = Database.open(url, on_commit=lambda _: None)
    try:
        return await store.is_current()
    finally:
        await store.close()


def _migrations(*, is_current: bool) -> Finding:
    if is_current:
        return Finding(name="migrations", status=Status.OK, message="the tables are up to date")
    return Finding(
        name="migrations",
        status=Status.WARN,
        message="the tables are of another version",
        advice="`workbench migrate`, or the next `workbench serve`, brings them up to date",
    )


def _secret_keys(settings: Settings) -> Finding:
    """What credentials are sealed with."""
    name = "secret keys"
    try:
        keys = settings.sealing_keys.all()
    except (OSError, ValueError) as error:
        advice = "put back the file as it was, from where you keep a copy"
        return Finding(name=name, status=Status.FAIL, message=str(error), advice=advice)
    if keys:
        return Finding(name=name, status=Status.OK, message=f"{len(keys)} open credentials")
    if settings.is_sqlite:
        message = "none yet; a file is made when the first credential is set"
        return Finding(name=name, status=Status.OK, message=message)
    return Finding(
        name=name,
        status=Status.WARN,
        message="none, so that no credentials can be set",
        advice="set WORKBENCH_SECRET_KEYS; `workbench keys make` prints a key",
    )


async def _bus(url: str | None) -> Finding:
    """One message that nobody listens to."""
    if url is None:
        return Finding(name="bus", status=Status.OK, message="memory, for one server alone")
    scheme = url.partition(":")[0]
    try:
        backend = backend_of(url, lambda: None)
        try:
            await backend.publish(_PROBE_CHANNEL, "")
        finally:
            await backend.disconnect()
    except Exception as error:  # noqa: BLE001 - drivers raise anything
        return Finding(
            name="bus",
            status=Status.FAIL,
            message=f"{scheme}: {innermost(error)}",
            advice="see WORKBENCH_BUS_URL, and whether it is up",
        )
    return Finding(name="bus", status=Status.OK, message=f"{scheme} takes messages")


def _sandbox() -> Finding:
    found = find(os.environ.get("PATH", os.defpath))
    if found.works:
        return Finding(name="sandbox", status=Status.OK, message=f"{found.program} makes one")
    advice = "install bubblewrap"
    if found.program:
        advice = "let this user make user namespaces (kernel.unprivileged_userns_clone, AppArmor)"
    return Finding(
        name="sandbox",
        status=Status.WARN,
        message=f"{found.reason}; runs of projects that require one are refused",
        advice=advice,
    )


def _processes() -> Finding:
    name = "limits"
    if counts_processes():
        return Finding(name=name, status=Status.OK, message="time, memory, files and processes")
    return Finding(
        name=name,
        status=Status.WARN,
        message="the kernel does not limit how many processes root has",
        advice="run the server as a user of its own",
    )
