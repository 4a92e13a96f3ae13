"""Signatures by Ed25519, with a key that comes from a secret text."""

import hashlib
from functools import cached_property
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

PURPOSE: Final = "workbench audit key:"


class Ed25519Signer:
    """See domain.proving.Signer. The private key is the SHA-256 of the purpose and the text."""

    def __init__(self, text: str) -> None:
        self._seed: Final = hashlib.sha256(f"{PURPOSE}{text}".encode()).digest()

    @property
    def key(self) -> str:
        return self._private.public_key().public_bytes_raw().hex()

    def sign(self, text: str) -> str:
        return self._private.sign(text.encode()).hex()

    def is_signed(self, text: str, *, key: str, signature: str) -> bool:
        try:
            public = _ed25519().Ed25519PublicKey.from_public_bytes(bytes.fromhex(key))
            public.verify(bytes.fromhex(signature), text.encode())
        except (import_module("cryptography.exceptions").InvalidSignature, ValueError):
            return False
        return True

    @cached_property
    def _private(self) -> "Ed25519PrivateKey":
        private: Ed25519PrivateKey = _ed25519().Ed25519PrivateKey.from_private_bytes(self._seed)
        return private


def _ed25519() -> Any:  # noqa: ANN401 - a module
    """Read when something is signed: it takes 6 MiB, and a server that starts signs nothing."""
    return import_module("cryptography.hazmat.primitives.asymmetric.ed25519")
