"""What is told of providers being configured and of their credentials: see domain.audit. Pure.

A config is told by its digest, since people write secrets into what they can; of a credential
neither its text nor how long that is.
"""

from datetime import datetime

from domain.digest import sha256
from domain.ids import ProjectId
from domain.models.audit import (
    SERVER_CHAIN,
    AuditAction,
    AuditRecord,
    AuditSubject,
    Caller,
    Facts,
    SubjectKind,
    chain_of,
    instant,
)
from domain.models.credentials import Credential, CredentialPlace
from domain.models.provider_configs import ProviderConfig
from domain.models.providers import Health


def provider_subject(project_id: ProjectId, provider: str) -> AuditSubject:
    return AuditSubject(kind=SubjectKind.PROVIDER, id=f"{project_id}:{provider}", name=provider)


def credential_subject(place: CredentialPlace) -> AuditSubject:
    key = f"{place.project_id}:{place.provider}:{place.name}"
    return AuditSubject(kind=SubjectKind.CREDENTIAL, id=key, name=place.name)


def configured(
    before: ProviderConfig | None, after: ProviderConfig, canonical: str, caller: Caller
) -> AuditRecord:
    """`canonical` is the new config as JSON with sorted keys."""
    return AuditRecord(
        chain=chain_of(after.project_id),
        at=after.set_at,
        caller=caller,
        action=AuditAction.PROVIDER_CONFIGURE,
        subject=provider_subject(after.project_id, after.provider),
        before=None if before is None else _config(before),
        after={**_config(after), "digest": sha256(canonical)},
    )


def credential_set(before: Credential | None, after: Credential, caller: Caller) -> AuditRecord:
    return AuditRecord(
        chain=chain_of(after.place.project_id),
        at=after.set_at,
        caller=caller,
        action=AuditAction.CREDENTIAL_SET,
        subject=credential_subject(after.place),
        before=_credential(before),
        after=_credential(after),
    )


def credential_deleted(before: Credential, caller: Caller, at: datetime) -> AuditRecord:
    return AuditRecord(
        chain=chain_of(before.place.project_id),
        at=at,
        caller=caller,
        action=AuditAction.CREDENTIAL_DELETE,
        subject=credential_subject(before.place),
        before=_credential(before),
        after=_credential(None),
    )


def checked(project_id: ProjectId, provider: str, health: Health, caller: Caller) -> AuditRecord:
    """What it said is the provider's text, and not here."""
    return AuditRecord(
        chain=chain_of(project_id),
        at=health.checked_at,
        caller=caller,
        action=AuditAction.PROVIDER_CHECK,
        subject=provider_subject(project_id, provider),
        after={"status": health.status},
    )


def keys_rotated(key_id: str, resealed: int, user: str, at: datetime) -> AuditRecord:
    """From the terminal of the server's machine: no more is known than a user of the system."""
    return AuditRecord(
        chain=SERVER_CHAIN,
        at=at,
        caller=None,
        action=AuditAction.KEYS_ROTATE,
        subject=AuditSubject(kind=SubjectKind.SECRET_KEYS, id=key_id),
        after={"resealed": resealed, "systemUser": user},
    )


def _config(config: ProviderConfig) -> Facts:
    return {"revision": config.revision, "enabled": config.is_enabled}


def _credential(credential: Credential | None) -> Facts:
    if credential is None:
        return {"isSet": False}
    end = credential.expires_at
    return {
        "isSet": True,
        "provider": credential.place.provider,
        "source": credential.source,
        "expiresAt": None if end is None else instant(end),
    }
