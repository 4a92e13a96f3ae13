"""Small JSON files that are whole or absent, whatever dies when."""

# Works on descriptors.
# ruff: noqa: PTH108, PTH123

import json
import os
import shutil
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from adapters.local.protocol import CLOSED_NAME, EXIT_NAME

_SYNCING: Final = ThreadPoolExecutor(3, thread_name_prefix="sync")
"""Makes no thread before it is needed, as it is in a supervisor alone."""

Record = dict[str, Any]


def write_record(path: Path, record: Record, *, durable: bool) -> None:
    """Write and rename. `durable` survives a power cut, for the price of two fsyncs."""
    fresh = path.with_name(f"{path.name}.new")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
    with open(descriptor, "wb") as file:
        file.write(json.dumps(record).encode("ascii"))
        file.flush()
        if durable:
            os.fsync(descriptor)
    fresh.rename(path)
    if durable:
        sync_folder(path.parent)


def write_in_place(path: Path, record: Record, *folders: Path) -> None:
    """Durable with one commit of the file system, where a rename costs two; and so are the names
    in its folder and in `folders`. All are waited for at once: one after the other each would have
    the disk flushed anew. A torn one reads as absent, so this is for a record after which the next
    step is taken only once it is on disk."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
    with open(descriptor, "wb") as file:
        file.write(json.dumps(record).encode("ascii"))
        file.flush()
        syncing = [_SYNCING.submit(os.fsync, descriptor)]
        syncing += [_SYNCING.submit(sync_folder, each) for each in (path.parent, *folders)]
        wait(syncing)
    for each in syncing:
        each.result()


def read_record(path: Path) -> Record | None:
    """None where there is none, or where a disk error left no JSON object."""
    try:
        record = json.loads(path.read_bytes())
    except (FileNotFoundError, ValueError):
        return None
    return record if isinstance(record, dict) else None


def sync_folder(path: Path) -> None:
    """Make the names in a folder survive a power cut."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_soon(path: Path) -> None:
    """Have a record reach the disk without waiting for it. It may be gone by then."""
    _SYNCING.submit(_sync_record, path)


def _sync_record(path: Path) -> None:
    with suppress(OSError):
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        sync_folder(path.parent)


def close_run(spool: Path, run_id: str, why: str, *, durable: bool) -> None:
    """From now on this run does not start, or not again. It need not be durable where only what is
    on its way already could start it: that goes with the power, as the mark may."""
    folder = spool / CLOSED_NAME
    folder.mkdir(mode=0o700, exist_ok=True)
    write_record(folder / run_id, {"why": why}, durable=durable)


def closed_why(spool: Path, run_id: str) -> str | None:
    """Why the run may not start; None where it may."""
    record = read_record(spool / CLOSED_NAME / run_id)
    return None if record is None else str(record.get("why"))


def forget_closed(spool: Path, *, before: float) -> None:
    """Remove marks made before a time, in seconds since 1970: nobody asks for those runs again."""
    try:
        marks = list(os.scandir(spool / CLOSED_NAME))
    except FileNotFoundError:
        return
    for mark in marks:
        if mark.stat(follow_symlinks=False).st_mtime < before:
            os.unlink(mark.path)


def forget_ended(spool: Path, *, before: float) -> None:
    """Remove runs that ended before a time, in seconds since 1970, and that nobody released: their
    server died after it had stored the end, or never came back."""
    for end in spool.glob(f"*/{EXIT_NAME}"):
        if end.stat().st_mtime < before:
            remove_run(end.parent)


def remove_run(folder: Path) -> None:
    """Remove a run's folder, as far as it goes: the run itself may have locked parts of it."""
    shutil.rmtree(folder, ignore_errors=True)
