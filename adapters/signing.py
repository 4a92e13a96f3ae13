"""Signatures by Ed25519, with a key that comes from a secret text."""

import hashlib
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

PURPOSE: Final = "workbench audit key:"


class Ed25519Signer:
    """See domain.ports.Signer. The private key is the SHA-256 of the purpose and the text."""

    def __init__(self, text: str) -> None:
        seed = hashlib.sha256(f"{PURPOSE}{text}".encode()).digest()
        self._private = Ed25519PrivateKey.from_private_bytes(seed)
        self.key: Final = self._private.public_key().public_bytes_raw().hex()

    def sign(self, text: str) -> str:
        return self._private.sign(text.encode()).hex()

    def is_signed(self, text: str, *, key: str, signature: str) -> bool:
        try:
            public = Ed25519PublicKey.from_public_bytes(bytes.fromhex(key))
            public.verify(bytes.fromhex(signature), text.encode())
        except (InvalidSignature, ValueError):
            return False
        return True
