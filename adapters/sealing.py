"""Secrets sealed by AES-256-GCM, each bound to its place (NIST SP 800-38D)."""

import hashlib
import os
from base64 import b64decode, b64encode
from collections.abc import Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Final, Protocol

from domain.digest import canonical
from domain.errors import SecretKeysMissing
from domain.models.credentials import CredentialPlace, NotOpened, Sealed
from domain.models.secrets import Secret

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

NONCE_BYTES: Final = 12
KEY_ID_CHARACTERS: Final = 16
PURPOSE: Final = "workbench credential"
IN_FILE: Final = "in the file secret-keys of the data directory"
NO_KEY: Final = (
    "This server has no key to seal secrets with. Its operator sets WORKBENCH_SECRET_KEYS; "
    "`workbench keys make` prints a key."
)


class Keys(Protocol):
    """Where keys of 32 bytes come from; asked anew each time, since others may add to them."""

    def all(self) -> Sequence[bytes]:
        """The first seals, all open; none where there are none. Raises OSError and ValueError."""
        ...

    def make(self) -> bool:
        """Make a first key; False where that is not ours to do. Raises OSError."""
        ...


class AesGcmCipher:
    """See domain.ports.Cipher. A text is stored as base64 of a nonce and what GCM makes of it."""

    def __init__(self, keys: Keys) -> None:
        self._keys = keys
        self._known: dict[str, bytes] = {}

    @property
    def key_id(self) -> str | None:
        keys = self._read()
        return key_id_of(keys[0]) if keys else None

    def seal(self, secret: Secret, place: CredentialPlace) -> Sealed:
        key = self._sealing_key()
        nonce = os.urandom(NONCE_BYTES)
        hidden = _aes(key).encrypt(nonce, secret.reveal().encode(), _bound_to(place))
        return Sealed(key_id=key_id_of(key), ciphertext=b64encode(nonce + hidden).decode())

    def open(self, sealed: Sealed, place: CredentialPlace) -> Secret:
        key = self._known.get(sealed.key_id) or self._found(sealed.key_id)
        try:
            stored = b64decode(sealed.ciphertext, validate=True)
            nonce, hidden = stored[:NONCE_BYTES], stored[NONCE_BYTES:]
            return Secret(_aes(key).decrypt(nonce, hidden, _bound_to(place)).decode())
        except (import_module("cryptography.exceptions").InvalidTag, ValueError):
            raise NotOpened("it is not what was sealed here") from None

    def _sealing_key(self) -> bytes:
        try:
            keys = self._keys.all()
            if not keys and self._keys.make():
                keys = self._keys.all()
        except (OSError, ValueError) as error:
            raise SecretKeysMissing(f"The keys cannot be read: {error}") from error
        if not keys:
            raise SecretKeysMissing(NO_KEY)
        return keys[0]

    def _found(self, key_id: str) -> bytes:
        """A key that was added since is found too. Raises NotOpened."""
        self._known = {key_id_of(key): key for key in self._read()}
        if not self._known:
            raise NotOpened(f"no key is here, neither in WORKBENCH_SECRET_KEYS nor {IN_FILE}")
        if key_id not in self._known:
            raise NotOpened(f"the key {key_id} that it was sealed with is not here")
        return self._known[key_id]

    def _read(self) -> Sequence[bytes]:
        try:
            return self._keys.all()
        except (OSError, ValueError) as error:
            raise NotOpened(f"the keys cannot be read: {error}") from error


def key_id_of(key: bytes) -> str:
    """By what a key is called where it may be seen."""
    return hashlib.sha256(b"workbench key id:" + key).hexdigest()[:KEY_ID_CHARACTERS]


def _bound_to(place: CredentialPlace) -> bytes:
    """What is not hidden, but has to be the same when it is opened."""
    return canonical(
        {
            "name": place.name,
            "project": place.project_id,
            "provider": place.provider,
            "purpose": PURPOSE,
        }
    ).encode()


def _aes(key: bytes) -> "AESGCM":
    """Read when something is sealed: a server that starts seals nothing."""
    made: AESGCM = import_module("cryptography.hazmat.primitives.ciphers.aead").AESGCM(key)
    return made
