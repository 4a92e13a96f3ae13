"""Stages incoming content in a private file until it is whole and its digest is known."""

# ruff: noqa: PTH123 - Path.open takes no descriptor.

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
    """A whole file on disk that nobody else refers to yet."""

    path: Path
    content: Content


def place_of(sha256: str) -> str:
    """Return the path of content relative to its store. Raises NotFound for an invalid digest."""
    if _SHA256.fullmatch(sha256) is None:
        raise NotFound
    return f"{sha256[:2]}/{sha256}"


@asynccontextmanager
async def staged(
    folder: Path, pieces: AsyncIterator[bytes], bytes_max: int
) -> AsyncIterator[Staged]:
    """Write the pieces to a new file, which is removed on exit unless it was moved.

    Raises ContentTooLarge, StorageUnavailable, and what iterating `pieces` raises.
    """
    path = folder / secrets.token_hex(16)
    try:
        content = await _written(path, pieces, bytes_max)
        yield Staged(path=path, content=content)
    finally:
        path.unlink(missing_ok=True)


async def in_thread(work: Callable[..., T], *given: object) -> T:
    """Do file work in a thread. Raises StorageUnavailable for its OSErrors.

    Only `work` is covered: an OSError of the pieces comes from an adapter and is passed on.
    """
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
