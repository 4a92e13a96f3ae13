"""What a project has set for one of its providers, and nothing of it secret."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from domain.ids import PrincipalId, ProjectId


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderConfig:
    """The config holds what the provider's schema allows. The revision rises by 1 with every
    change, from 1."""

    project_id: ProjectId
    provider: str
    config: Mapping[str, Any]
    is_enabled: bool
    revision: int
    set_by: PrincipalId
    set_at: datetime
