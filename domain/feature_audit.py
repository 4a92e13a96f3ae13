"""What is told of features: see domain.audit. Pure.

Neither titles nor what documents say stand here: people write secrets into what they can.
"""

from collections.abc import Mapping
from datetime import datetime

from domain.ids import ProjectId
from domain.models.audit import (
    AuditAction,
    AuditRecord,
    AuditSubject,
    Caller,
    SubjectKind,
    chain_of,
)
from domain.models.features import Feature, FeatureScan


def upserted(feature: Feature, given: Mapping[str, int | None], caller: Caller) -> AuditRecord:
    """`given` is how many of what was named; None where that stays as it is."""
    return AuditRecord(
        chain=chain_of(feature.project_id),
        at=feature.updated_at,
        caller=caller,
        action=AuditAction.FEATURE_UPSERT,
        subject=AuditSubject(kind=SubjectKind.FEATURE, id=feature.id, name=feature.slug),
        after={"slug": feature.slug, **given},
    )


def scanned(
    project_id: ProjectId, folder: str, scan: FeatureScan, caller: Caller, at: datetime
) -> AuditRecord:
    """Of everything its number."""
    return AuditRecord(
        chain=chain_of(project_id),
        at=at,
        caller=caller,
        action=AuditAction.FEATURE_SCAN,
        subject=AuditSubject(kind=SubjectKind.PROJECT, id=project_id),
        after={
            "folder": folder,
            "added": len(scan.added),
            "changed": len(scan.changed),
            "unchanged": len(scan.unchanged),
            "removed": len(scan.removed),
            "refused": len(scan.refused),
            "features": len(scan.features),
            "complete": scan.is_complete,
        },
    )
