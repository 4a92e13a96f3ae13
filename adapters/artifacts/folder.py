"""Content in a folder of this machine: one file for each digest, whole or absent."""

import asyncio
import fcntl
import os
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Final

from adapters.artifacts.staging import READ_BYTES, in_thread, place_of, staged
from domain.errors import NotFound, StorageUnavailable
from domain.models.artifacts import Content

NEW_NAME: Final = "new"
LOCK_NAME: Final = "lock"


def open_store(folder: Path) -> "FolderStore":
    return FolderStore(folder)


class FolderStore:
    """See domain.artifact_repositories.ArtifactStore. Several servers may share the folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def put(self, pieces: AsyncIterator[bytes], bytes_max: int) -> Content:
        new = await in_thread(new_folder, self._folder)
        async with staged(new, pieces, bytes_max) as file:
            await in_thread(self._publish, file.path, file.content.sha256)
            return file.content

    async def read(self, sha256: str) -> AsyncGenerator[bytes, None]:
        try:
            file = await asyncio.to_thread(open, self._path(sha256), "rb")
        except FileNotFoundError:
            raise NotFound from None
        except OSError as error:
            raise StorageUnavailable(f"It cannot be read: {error.strerror}.") from error
        with file:
            while piece := await asyncio.to_thread(file.read, READ_BYTES):
                yield piece

    async def delete(self, sha256: str, *, unless_put_since: datetime) -> bool:
        return await in_thread(self._delete, sha256, unless_put_since.timestamp())

    def _publish(self, fresh: Path, sha256: str) -> None:
        """Move a staged file into place, also over an equal one: its time records the last put."""
        path = self._path(sha256)
        path.parent.mkdir(mode=0o700, exist_ok=True)
        with self._locked():
            os.utime(fresh)
            fresh.replace(path)
            _sync(path.parent)

    def _delete(self, sha256: str, since: float) -> bool:
        path = self._path(sha256)
        with self._locked():
            try:
                if path.stat().st_mtime >= since:
                    return False
                path.unlink()
            except FileNotFoundError:
                return True
            _sync(path.parent)
        return True

    def _path(self, sha256: str) -> Path:
        return self._folder / place_of(sha256)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """Lock the folder, across processes, so that nothing is put while it is being deleted."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(self._folder / LOCK_NAME, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)


def new_folder(folder: Path) -> Path:
    """Return the folder for incoming content, created if necessary."""
    new = folder / NEW_NAME
    new.mkdir(mode=0o700, parents=True, exist_ok=True)
    return new


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
