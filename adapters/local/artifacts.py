"""Files that runs leave in their project's folder: found by globs, and read without leaving it."""

# Works on real paths, by string, and on descriptors.
# ruff: noqa: PTH116, PTH206, PTH112, PTH113, PTH118

import asyncio
import mimetypes
import os
import stat
from collections.abc import AsyncGenerator, Collection, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from io import FileIO
from typing import Final

from domain.errors import ProviderRefused
from domain.models.artifacts import ArtifactFault, ContentChanged
from domain.models.providers import ProviderArtifact

ANY_DEPTH: Final = "**"
FILES_MAX: Final = 20_000
LOOKED_AT_MAX: Final = 200_000
"""So many names are looked at, and so many files listed, for all globs of a run."""
LEVELS_MAX: Final = 100
READ_BYTES: Final = 256 * 1024
_OUTWARD: Final = ("", ".", "..")
_MEDIA_TYPES: Final = mimetypes.MimeTypes()

Parts = Sequence[str]


class _Enough(Exception):
    """There is more than is looked through."""


@dataclass(slots=True, kw_only=True)
class _Search:
    """One run's files, each once, by the name that it was first found by."""

    root: str
    hidden: Collection[str]
    with_folders: bool = True
    found: dict[str, ProviderArtifact] = field(default_factory=dict)
    looked_at: int = 0

    def look(self, folder: str, name: str, parts: Parts) -> None:
        """What matches below a folder, which is a real path; `name` is how it was come to."""
        part, rest = parts[0], parts[1:]
        if name.count(os.sep) >= LEVELS_MAX:
            raise _Enough
        if part == ANY_DEPTH and rest:
            self.look(folder, name, rest)
        for entry in self._entries(folder, name):
            self._step(entry, os.path.join(name, entry.name), (part, rest))

    def _step(self, entry: os.DirEntry[str], name: str, wanted: tuple[str, Parts]) -> None:
        part, rest = wanted
        if part == ANY_DEPTH:
            is_real_folder = entry.is_dir(follow_symlinks=False)
            if is_real_folder and not self._is_hidden(entry.path):
                self.look(entry.path, name, (ANY_DEPTH, *rest))
            elif not rest and not is_real_folder:
                self._take(entry.path, name, with_folders=False)
        elif fnmatchcase(entry.name, part):
            if rest:
                self._enter(entry.path, name, rest)
            else:
                self._take(entry.path, name, with_folders=self.with_folders)

    def _enter(self, path: str, name: str, rest: Parts) -> None:
        real = os.path.realpath(path)
        if os.path.isdir(real) and self._is_inside(real, name):
            self.look(real, name, rest)

    def _take(self, path: str, name: str, *, with_folders: bool) -> None:
        """A folder stands for all that is in it, unless that is looked at anyhow."""
        real = os.path.realpath(path)
        if os.path.lexists(real) and not self._is_inside(real, name):
            return
        if with_folders and os.path.isdir(real):
            self.look(real, name, (ANY_DEPTH,))
        elif os.path.isfile(real):
            size = os.stat(real).st_size
            self._add(real, name, size=size)

    def _is_inside(self, real: str, name: str) -> bool:
        if os.path.commonpath([self.root, real]) == self.root and not self._is_hidden(real):
            return True
        self._add(real, name, fault=ArtifactFault.OUTSIDE)
        return False

    def _is_hidden(self, real: str) -> bool:
        return any(real == path or real.startswith(path + os.sep) for path in self.hidden)

    def _entries(self, folder: str, name: str) -> list[os.DirEntry[str]]:
        try:
            entries = sorted(os.scandir(folder), key=lambda entry: os.fsencode(entry.name))
        except OSError:
            self._add(folder, name or ".", fault=ArtifactFault.UNREADABLE)
            return []
        self.looked_at += len(entries)
        if self.looked_at > LOOKED_AT_MAX:
            raise _Enough
        return entries

    def _add(
        self, real: str, name: str, *, size: int | None = None, fault: ArtifactFault | None = None
    ) -> None:
        if len(self.found) >= FILES_MAX:
            raise _Enough
        self.found.setdefault(
            real,
            ProviderArtifact(
                name=name,
                reference=os.path.relpath(real, self.root) if fault is None else "",
                media_type=_MEDIA_TYPES.guess_type(name, strict=True)[0],
                size_bytes=size,
                fault=fault,
            ),
        )


def find(root: str, globs: Sequence[str], hidden: Collection[str]) -> list[ProviderArtifact]:
    """Files below the root that match, sorted by their names for each glob. What leads out of it,
    or into what is hidden, is told as a fault; `**` enters no links."""
    search = _Search(root=os.path.realpath(root), hidden=hidden)
    try:
        for glob in globs:
            parts = [part for part in glob.split("/") if part not in _OUTWARD]
            search.with_folders = ANY_DEPTH not in parts
            if parts and ".." not in glob.split("/"):
                search.look(search.root, "", parts)
    except _Enough:
        fault = ArtifactFault.TOO_MANY
        return [*search.found.values(), ProviderArtifact(name=".", reference="", fault=fault)]
    return list(search.found.values())


async def read(root: str, reference: str) -> AsyncGenerator[bytes, None]:
    """A file by its path below the root, which was real when it was found; no link on the way is
    followed now. Raises ContentChanged, ProviderRefused."""
    file = await asyncio.to_thread(_opened, root, reference)
    with file:
        before = _state(file)
        while piece := await asyncio.to_thread(file.read, READ_BYTES):
            yield piece
        if _state(file) != before or file.tell() != before[0]:
            raise ContentChanged


def _opened(root: str, reference: str) -> FileIO:
    try:
        return FileIO(_descriptor(os.path.realpath(root), reference.split(os.sep)), "rb")
    except OSError as error:
        raise ProviderRefused(f"It cannot be read: {error.strerror}.") from error


def _descriptor(root: str, parts: Parts) -> int:
    folder = os.open(root, os.O_RDONLY | os.O_DIRECTORY)
    try:
        for part in parts[:-1]:
            flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW
            inner = os.open(part, flags, dir_fd=folder)
            os.close(folder)
            folder = inner
        flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK
        descriptor = os.open(parts[-1], flags, dir_fd=folder)
    finally:
        os.close(folder)
    if stat.S_ISREG(os.fstat(descriptor).st_mode):
        return descriptor
    os.close(descriptor)
    raise ProviderRefused("It is no file any more.")


def _state(file: FileIO) -> tuple[int, int, int]:
    told = os.fstat(file.fileno())
    return told.st_size, told.st_mtime_ns, told.st_ctime_ns
