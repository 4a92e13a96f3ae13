"""The keys that credentials are sealed with: given by the settings, or in a file."""

import binascii
import os
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Protocol

from pydantic import SecretStr

KEY_BYTES: Final = 32
FILE_NAME: Final = "secret-keys"
FORM: Final = "32 bytes in base64 or hex, as `workbench keys make` prints them"


class SecretKeys(Protocol):
    """What a cipher asks for its keys."""

    def all(self) -> Sequence[bytes]: ...
    def make(self) -> bool: ...


def new_key() -> str:
    """A key nobody has had, in base64."""
    return urlsafe_b64encode(secrets.token_bytes(KEY_BYTES)).decode()


def key_of(text: str) -> bytes:
    """The key that a text stands for. Raises ValueError, without the text: it may be secret."""
    try:
        if len(text) == 2 * KEY_BYTES:
            return bytes.fromhex(text)
        plain = text.strip("=").replace("+", "-").replace("/", "_")
        key = urlsafe_b64decode(plain + "=" * (-len(plain) % 4))
    except (ValueError, binascii.Error):
        raise ValueError(f"no key: wanted are {FORM}") from None
    if len(key) != KEY_BYTES:
        raise ValueError(f"no key: wanted are {FORM}")
    return key


def keys_of(text: str | tuple[SecretStr, ...]) -> tuple[SecretStr, ...]:
    """With commas between, each looked at; the default is no text. Raises ValueError."""
    if isinstance(text, tuple):
        return text
    texts = [part.strip() for part in text.split(",") if part.strip()]
    for number, each in enumerate(texts, start=1):
        try:
            key_of(each)
        except ValueError as error:
            raise ValueError(f"key {number} is {error}") from None
    return tuple(SecretStr(each) for each in texts)


@dataclass(frozen=True, slots=True)
class GivenKeys:
    """Those of the settings: no more, no fewer."""

    keys: tuple[bytes, ...] = field(repr=False)

    def all(self) -> Sequence[bytes]:
        return self.keys

    def make(self) -> bool:
        return False


@dataclass(frozen=True, slots=True)
class KeyFile:
    """A key a line in a file of mode 0600, which is made when something is sealed first."""

    path: Path

    def all(self) -> Sequence[bytes]:
        """None where there is no file. Raises OSError, and ValueError for a line that is no key."""
        try:
            lines = self.path.read_text("ascii", "replace").splitlines()
        except FileNotFoundError:
            return ()
        return [self._key(number, line) for number, line in enumerate(lines, start=1) if line]

    def make(self) -> bool:
        """Of several who ask at once all get the same. Raises OSError."""
        fresh = self._written([new_key()])
        with suppress(FileExistsError):
            os.link(fresh, self.path)
        fresh.unlink()
        return True

    def add(self) -> None:
        """Put a new key before the others: from now on it seals. Raises OSError and ValueError."""
        known = [urlsafe_b64encode(key).decode() for key in self.all()]
        self._written([new_key(), *known]).replace(self.path)

    def _key(self, number: int, line: str) -> bytes:
        try:
            return key_of(line.strip())
        except ValueError as error:
            raise ValueError(f"{self.path}: line {number} is {error}") from None

    def _written(self, keys: Sequence[str]) -> Path:
        """A file beside ours, whole on the disk before it takes its place."""
        path = self.path.with_name(f"{FILE_NAME}.{secrets.token_hex(8)}")
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write("".join(f"{key}\n" for key in keys))
            file.flush()
            os.fsync(file.fileno())
        return path
