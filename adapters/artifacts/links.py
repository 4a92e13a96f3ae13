"""Links to artifacts that are good for a while: signed by HMAC-SHA-256 with a key that is made of
the server's secret keys, and of nothing else."""

import binascii
import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from datetime import UTC, datetime
from hashlib import sha256
from typing import Final, Protocol

from domain.ids import ArtifactId, ProjectId
from domain.models.artifacts import Link

PURPOSE: Final = b"workbench artifact link"
CHARACTERS_MAX: Final = 300
_PARTS: Final = 4


class Keys(Protocol):
    """Where keys of 32 bytes come from; asked anew each time, since others may add to them."""

    def all(self) -> Sequence[bytes]: ...
    def make(self) -> bool: ...


class ArtifactLinks:
    """See domain.artifact_repositories.Links. Whatever key has signed, any that is known opens."""

    def __init__(self, keys: Keys) -> None:
        self._keys = keys

    def sign(self, link: Link) -> str | None:
        keys = self._read()
        if not keys:
            return None
        text = _text(link)
        return _sealed(f"{text}.{_signature(keys[0], text)}")

    def open(self, token: str) -> Link | None:
        text, _, given = _unsealed(token).rpartition(".")
        known = [_signature(key, text) for key in self._read()]
        if not any(hmac.compare_digest(signature, given) for signature in known):
            return None
        project_id, artifact_id, until = text.split(".")
        return Link(
            project_id=ProjectId(project_id),
            artifact_id=ArtifactId(artifact_id),
            expires_at=datetime.fromtimestamp(int(until), UTC),
        )

    def _read(self) -> Sequence[bytes]:
        """None where there are none, or they cannot be read."""
        try:
            keys = self._keys.all()
            return keys if keys or not self._keys.make() else self._keys.all()
        except (OSError, ValueError):
            return ()


def _text(link: Link) -> str:
    return f"{link.project_id}.{link.artifact_id}.{int(link.expires_at.timestamp())}"


def _signature(key: bytes, text: str) -> str:
    derived = hmac.new(key, PURPOSE, sha256).digest()
    return hmac.new(derived, text.encode(), sha256).hexdigest()


def _sealed(text: str) -> str:
    return urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _unsealed(token: str) -> str:
    """Nothing for what is none of ours."""
    if not token.isascii() or len(token) > CHARACTERS_MAX:
        return ""
    try:
        text = urlsafe_b64decode(token + "=" * (-len(token) % 4)).decode("ascii")
    except (binascii.Error, UnicodeDecodeError):
        return ""
    return text if text.count(".") == _PARTS - 1 and _sealed(text) == token else ""
