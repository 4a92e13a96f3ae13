"""Reading the documents in a folder of a project, in a thread."""

import asyncio
import os
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from importlib import import_module
from pathlib import PurePosixPath
from typing import Final

from adapters.documents.places import opened
from domain.documents import SUFFIXES, Unusable
from domain.errors import InvalidInput
from domain.limits import (
    DOCUMENT_BYTES_MAX,
    DOCUMENT_PATH_CHARACTERS_MAX,
    SCAN_BYTES_MAX,
    SCAN_ENTRIES_MAX,
    SCAN_FILES_MAX,
)
from domain.models.features import (
    DocumentRefusal,
    FileState,
    FolderReading,
    FoundDocument,
    FrontMatter,
)

DEPTH_MAX: Final = 50
"""Deepest nesting of folders that is scanned."""


class ProjectFolders:
    """See domain.feature_repositories.DocumentFiles."""

    async def look(
        self, root_path: str, folder: str, known: Mapping[str, FileState]
    ) -> FolderReading:
        return await asyncio.to_thread(_look, root_path, folder, known)

    async def document(self, root_path: str, path: str) -> FoundDocument | DocumentRefusal:
        return await asyncio.to_thread(_document, root_path, path)

    async def text(self, root_path: str, path: str, digest: str) -> str | None:
        return await asyncio.to_thread(_text, root_path, path, digest)


@dataclass(slots=True)
class Reading:
    """A folder while it is being read."""

    root: str
    known: Mapping[str, FileState]
    found: list[FoundDocument] = field(default_factory=list)
    refused: list[DocumentRefusal] = field(default_factory=list)
    bytes_read: int = 0

    @property
    def has_room(self) -> bool:
        """Whether another file may be read."""
        seen = len(self.found) + len(self.refused)
        return seen < SCAN_FILES_MAX and self.bytes_read + DOCUMENT_BYTES_MAX <= SCAN_BYTES_MAX

    def take(self, path: str) -> None:
        """Add a file to the result; read it only if its size or time has changed."""
        try:
            self.found.append(self._read(path))
        except Unusable as refused:
            self.refused.append(DocumentRefusal(path=shown(path), reason=str(refused)))
        except OSError as error:
            reason = f"It cannot be read: {error.strerror}."
            self.refused.append(DocumentRefusal(path=shown(path), reason=reason))

    def _read(self, path: str) -> FoundDocument:
        if not path.isprintable() or len(path) > DOCUMENT_PATH_CHARACTERS_MAX:
            raise Unusable("Its path has characters that are not visible, or too many.")
        with opened(self.root, path) as file:
            looked = _looked_at(file)
            before = self.known.get(path)
            if before and (before.bytes, before.modified_ns) == (
                looked.st_size,
                looked.st_mtime_ns,
            ):
                return FoundDocument(path=path, file=before, front=None)
            content = _content(file)
        self.bytes_read += len(content)
        state = FileState(
            bytes=len(content),
            modified_ns=looked.st_mtime_ns,
            digest=sha256(content).hexdigest(),
        )
        if before and before.digest == state.digest:
            return FoundDocument(path=path, file=state, front=None)
        return FoundDocument(path=path, file=state, front=_front(content))


def shown(path: str) -> str:
    """Convert a path to a text that can be stored and printed."""
    text = os.fsencode(path).decode(errors="backslashreplace")[:DOCUMENT_PATH_CHARACTERS_MAX]
    return text if text.isprintable() else ascii(text)


def _look(root: str, folder: str, known: Mapping[str, FileState]) -> FolderReading:
    reading = Reading(root, known)
    is_complete = True
    try:
        with opened(root, folder, is_folder=True) as start:
            paths, is_complete = _listed(start, folder)
    except (Unusable, OSError) as error:
        raise InvalidInput("There is no such folder in the project.", "folder") from error
    for path in paths:
        if not reading.has_room:
            is_complete = False
            break
        reading.take(path)
    return FolderReading(
        found=reading.found,
        refused=reading.refused,
        is_complete=is_complete,
        bytes_read=reading.bytes_read,
    )


def _listed(start: int, folder: str) -> tuple[list[str], bool]:
    """Return the Markdown files below a folder, sorted by path, and whether those are all.

    Hidden files and folders are left out, and links to folders are not followed.
    """
    paths: list[str] = []
    entries = 0
    for below, folders, files in _walked(start):
        entries += len(folders) + len(files)
        if entries > SCAN_ENTRIES_MAX or below.count("/") > DEPTH_MAX:
            return sorted(paths), False
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        paths += [
            str(PurePosixPath(folder, below, name))
            for name in files
            if PurePosixPath(name).suffix.lower() in SUFFIXES and not name.startswith(".")
        ]
    return sorted(paths), True


def _walked(start: int) -> Iterator[tuple[str, list[str], list[str]]]:
    """Walk by descriptors, so that a link swapped in meanwhile cannot lead out."""
    for below, folders, files, _ in os.fwalk(".", dir_fd=start, follow_symlinks=False):
        yield below, folders, files


def _looked_at(file: int) -> os.stat_result:
    looked = os.fstat(file)
    if not stat.S_ISREG(looked.st_mode):
        raise Unusable("It is no file.")
    if looked.st_size > DOCUMENT_BYTES_MAX:
        raise Unusable(f"It has more than {DOCUMENT_BYTES_MAX} bytes.")
    return looked


def _content(file: int) -> bytes:
    """Read the whole file. Raises Unusable where it has grown past the bound meanwhile."""
    with os.fdopen(file, "rb", closefd=False) as reader:
        content = reader.read(DOCUMENT_BYTES_MAX + 1)
    if len(content) > DOCUMENT_BYTES_MAX:
        raise Unusable(f"It has more than {DOCUMENT_BYTES_MAX} bytes.")
    return content


def _decoded(content: bytes) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Unusable("It is not UTF-8.") from None


def _front(content: bytes) -> FrontMatter:
    # Imported late: a server that scans nothing needs no YAML parser.
    front_matter = import_module("adapters.documents.front_matter")
    front: FrontMatter = front_matter.read(_decoded(content))
    return front


def _document(root: str, path: str) -> FoundDocument | DocumentRefusal:
    reading = Reading(root, {})
    if PurePosixPath(path).suffix.lower() not in SUFFIXES:
        return DocumentRefusal(path=shown(path), reason="It is no Markdown file.")
    reading.take(path)
    return reading.found[0] if reading.found else reading.refused[0]


def _text(root: str, path: str, digest: str) -> str | None:
    try:
        with opened(root, path) as file:
            _looked_at(file)
            content = _content(file)
        return _decoded(content) if sha256(content).hexdigest() == digest else None
    except (Unusable, OSError):
        return None
