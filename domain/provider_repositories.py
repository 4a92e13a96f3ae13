"""What projects have set for their providers, as protocols: see domain.repositories."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from domain.ids import ProjectId
from domain.models.credentials import Credential, CredentialHealth, CredentialPlace, Sealed
from domain.models.provider_configs import ProviderConfig


class ProviderConfigRepository(Protocol):
    async def get(self, project_id: ProjectId, provider: str) -> ProviderConfig | None:
        """None where nothing was ever configured."""
        ...

    async def put(self, config: ProviderConfig) -> bool:
        """Store a config under its revision; False where another one is not behind that of the
        revision before (0: none is there)."""
        ...

    async def of_projects(
        self, project_ids: Collection[ProjectId]
    ) -> Mapping[ProjectId, Sequence[ProviderConfig]]:
        """By provider; a project without any is left out."""
        ...


class CredentialRepository(Protocol):
    """Every change of a project's credentials raises the project's revision, whose row stays locked
    to the end of the unit: of two who change them at once one comes after the other."""

    async def lock(self, project_id: ProjectId) -> int:
        """Raise the project's revision and answer it. To be called before what is to be changed is
        read."""
        ...

    async def put(self, credential: Credential) -> None:
        """Set it, or replace the one at its place. Under the lock."""
        ...

    async def remove(self, place: CredentialPlace) -> bool:
        """False where none is set. Under the lock."""
        ...

    async def get(self, place: CredentialPlace) -> Credential | None: ...
    async def of_projects(
        self, project_ids: Collection[ProjectId]
    ) -> Mapping[ProjectId, Sequence[Credential]]:
        """By provider and name; a project without any is left out."""
        ...

    async def revision(self, project_id: ProjectId) -> int:
        """0 where none was ever set."""
        ...

    async def revisions(self) -> Mapping[ProjectId, int]:
        """Of every project whose credentials were ever changed."""
        ...

    async def note(self, credential: Credential, health: CredentialHealth, at: datetime) -> bool:
        """What was found when it was tried; False where it has been replaced meanwhile."""
        ...

    async def sealed_otherwise(
        self, key_id: str, after: CredentialPlace | None, limit: int
    ) -> Sequence[Credential]:
        """Those that another key has sealed, in the order of their places."""
        ...

    async def reseal(self, credential: Credential, sealed: Sealed) -> bool:
        """The same secret under another key; False where it has been replaced meanwhile. Raises no
        revision: nothing has changed for whoever uses it."""
        ...
