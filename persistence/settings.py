"""Settings of projects as they are stored: by name, what is missing being as it was before."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from sqlalchemy import Row

from domain.models.sandbox import SandboxSettings
from domain.models.settings import FeatureFlag, ProjectSettings, ProviderFallback


def read(row: Row[Any]) -> ProjectSettings:
    """From the row of a project."""
    stored = row.settings
    return ProjectSettings(
        default_provider=row.default_provider,
        fallback=ProviderFallback(stored.get("fallback", ProviderFallback.NEVER)),
        self_approval=stored.get("selfApproval", False),
        strict_approvers=stored.get("strictApprovers", False),
        resume_interrupted=stored.get("resumeInterrupted", False),
        disabled=frozenset(map(FeatureFlag, stored.get("disabled", ()))),
        retention_days=stored.get("retentionDays"),
        cost_cents_per_run=stored.get("costCentsPerRun"),
        sandbox=SandboxSettings(**stored.get("sandbox", {})),
        version=row.settings_version,
    )


def columns(settings: ProjectSettings) -> Mapping[str, Any]:
    """Of the row of a project."""
    return {
        "default_provider": settings.default_provider,
        "settings": {
            "fallback": settings.fallback,
            "selfApproval": settings.self_approval,
            "strictApprovers": settings.strict_approvers,
            "resumeInterrupted": settings.resume_interrupted,
            "disabled": sorted(settings.disabled),
            "retentionDays": settings.retention_days,
            "costCentsPerRun": settings.cost_cents_per_run,
            "sandbox": asdict(settings.sandbox),
        },
        "settings_version": settings.version,
    }
