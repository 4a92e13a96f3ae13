"""What a project is set to, and the features that can be off."""

from dataclasses import dataclass
from enum import StrEnum

from domain.models.sandbox import SandboxSettings


class FeatureFlag(StrEnum):
    """A part of the workbench that can be off."""

    CONNECTORS = "CONNECTORS"
    ORCHESTRATION = "ORCHESTRATION"
    SDK_STEPS = "SDK_STEPS"


class ProviderFallback(StrEnum):
    """Where a run goes whose provider cannot be reached."""

    NEVER = "NEVER"
    LOCAL = "LOCAL"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectSettings:
    """What holds for all runs of a project; stored with it, and numbered by `version` from 1 on.

    Nobody approves what they asked for themselves unless `self_approval` says so. With
    `strict_approvers` accounts and tokens that one hand has made count as one person. With
    `resume_interrupted` workflow runs go on by themselves where a step was interrupted. Where
    `retention_days` or `cost_cents_per_run` is None there is no such limit.
    """

    default_provider: str
    fallback: ProviderFallback = ProviderFallback.NEVER
    self_approval: bool = False
    strict_approvers: bool = False
    resume_interrupted: bool = False
    disabled: frozenset[FeatureFlag] = frozenset()
    retention_days: int | None = None
    cost_cents_per_run: int | None = None
    sandbox: SandboxSettings = SandboxSettings()  # noqa: RUF009 - frozen
    version: int = 1
