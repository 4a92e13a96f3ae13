"""Links that are good for a while: signed by HMAC-SHA-256 with a key that is made of the server's
secret keys, and of nothing else."""

import binascii
import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from datetime import UTC, datetime
from hashlib import sha256
from typing import Final, Protocol, assert_never

from domain.ids import ArtifactId, PrincipalId, ProjectId, TokenId, WorkflowRunId
from domain.models.links import ArtifactTarget, Link, ReportTarget, Target
from domain.models.reports import ReportFormat

PURPOSE: Final = b"workbench download link"
CHARACTERS_MAX: Final = 600
ARTIFACT: Final = "ARTIFACT"
_PARTS: Final = 7


class Keys(Protocol):
    """Where keys of 32 bytes come from; asked anew each time, since others may add to them."""

    def all(self) -> Sequence[bytes]: ...
    def make(self) -> bool: ...


class SignedLinks:
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
        kind, subject, project_id, until, token_id, member_id = text.split(".")
        return Link(
            target=_target(kind, subject),
            project_id=ProjectId(project_id),
            expires_at=datetime.fromtimestamp(int(until), UTC),
            token_id=TokenId(token_id) if token_id else None,
            member_id=PrincipalId(member_id) if member_id else None,
        )

    def _read(self) -> Sequence[bytes]:
        """Empty where there are none, or they cannot be read."""
        try:
            keys = self._keys.all()
            return keys if keys or not self._keys.make() else self._keys.all()
        except (OSError, ValueError):
            return ()


def _text(link: Link) -> str:
    """Ids hold no dots."""
    until = str(int(link.expires_at.timestamp()))
    who = (link.token_id or "", link.member_id or "")
    return ".".join((*_named(link.target), link.project_id, until, *who))


def _named(target: Target) -> tuple[str, str]:
    match target:
        case ArtifactTarget():
            return ARTIFACT, target.artifact_id
        case ReportTarget():
            return target.report_format, target.workflow_run_id
        case _:
            assert_never(target)


def _target(kind: str, subject: str) -> Target:
    if kind == ARTIFACT:
        return ArtifactTarget(artifact_id=ArtifactId(subject))
    return ReportTarget(workflow_run_id=WorkflowRunId(subject), report_format=ReportFormat(kind))


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
