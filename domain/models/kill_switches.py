"""Kill switches: while one is engaged, nothing that it is for is dispatched."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from domain.ids import PrincipalId, ProjectId


class KillSwitchScope(StrEnum):
    """What a kill switch is for."""

    SERVER = "SERVER"
    PROJECT = "PROJECT"
    PROVIDER = "PROVIDER"


@dataclass(frozen=True, slots=True, kw_only=True)
class SwitchTarget:
    """Which switch: of the server, of a project, of a provider everywhere or in one project."""

    scope: KillSwitchScope
    project_id: ProjectId | None = None
    provider: str | None = None

    @property
    def key(self) -> str:
        """One text a target; there is one switch for each."""
        return f"{self.scope}:{self.project_id or ''}:{self.provider or ''}"

    def covers(self, project_id: ProjectId, provider: str) -> bool:
        """Whether runs of the project on the provider are among what it is for."""
        return self.project_id in {None, project_id} and self.provider in {None, provider}


SERVER = SwitchTarget(scope=KillSwitchScope.SERVER)


@dataclass(frozen=True, slots=True, kw_only=True)
class KillSwitch:
    """A switch and who last moved it, when and why; nobody where it was never touched."""

    target: SwitchTarget
    is_engaged: bool = False
    reason: str | None = None
    set_by: PrincipalId | None = None
    set_at: datetime | None = None
