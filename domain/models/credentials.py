"""Credentials: secrets of projects for their providers, sealed, and what may be told of them."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from domain.ids import PrincipalId, ProjectId
from domain.models.secrets import Secret

HINT_CHARACTERS: Final = 4
HINTED_FROM: Final = 12
"""Of a shorter secret its end would tell too much."""
EXPIRY_WARNING: Final = timedelta(days=7)


class CredentialSource(StrEnum):
    """Where the text of a credential comes from whenever it is needed."""

    VALUE = "VALUE"
    ENVIRONMENT = "ENVIRONMENT"
    FILE = "FILE"


class CredentialHealth(StrEnum):
    """What is known of a credential that is set."""

    UNKNOWN = "UNKNOWN"
    HEALTHY = "HEALTHY"
    REJECTED = "REJECTED"
    EXPIRING = "EXPIRING"
    EXPIRED = "EXPIRED"
    UNREADABLE = "UNREADABLE"


@dataclass(frozen=True, slots=True, kw_only=True)
class CredentialPlace:
    """Where a credential belongs. What is sealed for one place opens at no other."""

    project_id: ProjectId
    provider: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Sealed:
    """A secret as it is stored; `key_id` tells which key opens it."""

    key_id: str
    ciphertext: str = field(repr=False)


class NotOpened(Exception):
    """What was sealed cannot be had back now; the text says why, and tells no secret."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Credential:
    """A credential that is set. What is sealed is its text, or where that is read from."""

    place: CredentialPlace
    source: CredentialSource
    sealed: Sealed
    hint: str | None
    set_by: PrincipalId
    set_at: datetime
    expires_at: datetime | None = None
    health: CredentialHealth = CredentialHealth.UNKNOWN
    checked_at: datetime | None = None

    def health_at(self, now: datetime) -> CredentialHealth:
        """What its end says goes before what was found when it was last tried."""
        if self.expires_at is not None and self.expires_at <= now:
            return CredentialHealth.EXPIRED
        if self.health in {CredentialHealth.REJECTED, CredentialHealth.UNREADABLE}:
            return self.health
        if self.expires_at is not None and self.expires_at <= now + EXPIRY_WARNING:
            return CredentialHealth.EXPIRING
        return self.health


def hint_of(secret: Secret) -> str | None:
    """The last characters by which its owner knows it again; None where they say too much."""
    text = secret.reveal()
    end = text[-HINT_CHARACTERS:]
    return end if len(text) >= HINTED_FROM and end.isprintable() else None
