"""Taking content in: into a file of our own until it is whole and its digest is known."""

# Works on descriptors.
# ruff: noqa: PTH123

import asyncio
import hashlib
import os
import re
import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final, TypeVar

from domain.errors import NotFound, StorageUnavailable
from domain.models.artifacts import Content, ContentTooLarge

T = TypeVar("T")

READ_BYTES: Final = 256 * 1024
_SHA256: Final = re.compile("[0-9a-f]{64}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Staged:
    """A whole file, on the disk, that nobody else knows yet."""

    path: Path
    content: Content


def place_of(sha256: str) -> str:
    """Where content lies below whatever holds it all. Raises NotFound for what is no digest."""
    if _SHA256.fullmatch(sha256) is None:
        raise NotFound
    return f"{sha256[:2]}/{sha256}"


@asynccontextmanager
async def staged(
    folder: Path, pieces: AsyncIterator[bytes], bytes_max: int
) -> AsyncIterator[Staged]:
    """Gone when it is left, unless it was moved. Raises ContentTooLarge, StorageUnavailable, and
    what the pieces raise."""
    path = folder / secrets.token_hex(16)
    try:
        content = await _written(path, pieces, bytes_max)
        yield Staged(path=path, content=content)
    finally:
        path.unlink(missing_ok=True)


async def in_thread(work: Callable[..., T], *given: object) -> T:
    """Work on files. What goes wrong with those is StorageUnavailable; what the pieces raise may be
    an OSError too, and is none of ours."""
    try:
        return await asyncio.to_thread(work, *given)
    except OSError as error:
        raise StorageUnavailable(f"Artifacts cannot be kept: {error.strerror}.") from error


async def _written(path: Path, pieces: AsyncIterator[bytes], bytes_max: int) -> Content:
    digest, size = hashlib.sha256(), 0
    with await in_thread(_made, path) as file:
        async for piece in pieces:
            size += len(piece)
            if size > bytes_max:
                raise ContentTooLarge
            digest.update(piece)
            await in_thread(file.write, piece)
        await in_thread(_settle, file)
    return Content(sha256=digest.hexdigest(), size=size)


def _made(path: Path) -> BinaryIO:
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
    return open(os.open(path, flags, 0o600), "wb")


def _settle(file: BinaryIO) -> None:
    file.flush()
    os.fsync(file.fileno())
