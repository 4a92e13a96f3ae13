"""The data directory: private to its owner, and one slot in it for each server process."""

import fcntl
import os
import secrets
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

SLOTS_MAX: Final = 16


class DirectoryInUse(Exception):
    """Another server is using this data directory."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """A node's place in the data directory, held by a lock for the life of the process.

    A server that starts again gets the same identity back, and so knows which leases were its own.
    """

    node: str
    lock_fd: int


@dataclass(frozen=True, slots=True)
class DataDirectory:
    """Files of mode 0600 in folders of mode 0700."""

    path: Path

    @property
    def spool(self) -> Path:
        return self.path / "spool"

    @property
    def artifacts(self) -> Path:
        """Content, or what is on its way to a bucket."""
        return self.path / "artifacts"

    @property
    def token_file(self) -> Path:
        return self.path / "token"

    @property
    def database(self) -> Path:
        return self.path / "workbench.db"

    def prepare(self) -> None:
        """Make the folders. Raises OSError where that cannot be done."""
        for folder in (self.path, self.spool):
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)

    def keep_database_private(self) -> None:
        """Make its file, if there is none: SQLite would let all read it. What SQLite puts beside
        it gets the same mode. Raises OSError."""
        if not self.database.exists():
            self.database.touch(mode=0o600)

    def audit_key(self) -> str:
        """The secret that the audit log's key is made of; made when it is first asked for.

        Of several that ask at once all get the same. Raises OSError.
        """
        path = self.path / "audit-key"
        if not path.exists():
            fresh = self.path / f"audit-key.{secrets.token_hex(8)}"
            _write_private(fresh, secrets.token_hex(32))
            with suppress(FileExistsError):
                os.link(fresh, path)
            fresh.unlink()
        return path.read_text().strip()

    def take_slot(self, *, slots: int = SLOTS_MAX) -> Slot:
        """The first free one of this many. Raises DirectoryInUse."""
        for number in range(slots):
            fd = os.open(self.path / f"node-{number}.lock", os.O_RDWR | os.O_CREAT, 0o600)
            try:
                fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                os.close(fd)
                continue
            return Slot(node=_identity(fd), lock_fd=fd)
        raise DirectoryInUse(
            f"{self.path} is in use by another server; WORKBENCH_DATA_DIR sets another"
        )

    def token(self) -> str | None:
        """The token that was made at the first start, if one was."""
        return self.token_file.read_text().strip() if self.token_file.exists() else None

    def keep_token(self, text: str) -> None:
        """Write the token where only its owner can read it."""
        _write_private(self.token_file, text)


def _write_private(path: Path, text: str) -> None:
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(fd, "w") as file:
        file.write(text + "\n")


def _identity(fd: int) -> str:
    known = os.pread(fd, 64, 0).decode("ascii", "replace").strip()
    if known:
        return known
    fresh = secrets.token_hex(16)
    os.pwrite(fd, fresh.encode(), 0)
    return fresh
