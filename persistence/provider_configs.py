"""Configs of providers, one a project and provider, written by compare-and-set."""

from collections.abc import Collection, Mapping, Sequence
from itertools import groupby
from operator import attrgetter
from typing import Any, Final

from sqlalchemy import Row, bindparam, select, update
from sqlalchemy.dialects.postgresql import insert

from domain.ids import PrincipalId, ProjectId
from domain.models.provider_configs import ProviderConfig
from persistence.provider_tables import provider_configs
from persistence.session import Session

# PostgreSQL's form of ON CONFLICT is written for SQLite too.
ADD: Final = insert(provider_configs).on_conflict_do_nothing(
    index_elements=["project_id", "provider"]
)
CHANGE: Final = (
    update(provider_configs)
    .where(
        provider_configs.c.project_id == bindparam("of_project"),
        provider_configs.c.provider == bindparam("of_provider"),
        provider_configs.c.revision == bindparam("seen_revision"),
    )
    .values(
        {name: bindparam(name) for name in ("config", "enabled", "revision", "set_by", "set_at")}
    )
)
GET: Final = select(provider_configs).where(
    provider_configs.c.project_id == bindparam("project_id"),
    provider_configs.c.provider == bindparam("provider"),
)
OF_PROJECTS: Final = (
    select(provider_configs)
    .where(provider_configs.c.project_id.in_(bindparam("project_ids", expanding=True)))
    .order_by(provider_configs.c.project_id, provider_configs.c.provider)
)


class ProviderConfigs:
    """See domain.provider_repositories.ProviderConfigRepository."""

    def __init__(self, session: Session) -> None:
        self._session = session

    async def get(self, project_id: ProjectId, provider: str) -> ProviderConfig | None:
        which = {"project_id": project_id, "provider": provider}
        row = await self._session.first(GET, which)
        return None if row is None else _config(row)

    async def put(self, config: ProviderConfig) -> bool:
        columns = {
            "config": config.config,
            "enabled": config.is_enabled,
            "revision": config.revision,
            "set_by": config.set_by,
            "set_at": config.set_at,
        }
        if config.revision == 1:
            place = {"project_id": config.project_id, "provider": config.provider}
            return await self._session.write(ADD, {**columns, **place}) == 1
        seen = {
            "of_project": config.project_id,
            "of_provider": config.provider,
            "seen_revision": config.revision - 1,
        }
        return await self._session.write(CHANGE, {**columns, **seen}) == 1

    async def of_projects(
        self, project_ids: Collection[ProjectId]
    ) -> Mapping[ProjectId, Sequence[ProviderConfig]]:
        rows = await self._session.all(OF_PROJECTS, {"project_ids": list(project_ids)})
        return {
            ProjectId(project_id): [_config(row) for row in found]
            for project_id, found in groupby(rows, attrgetter("project_id"))
        }


def _config(row: Row[Any]) -> ProviderConfig:
    return ProviderConfig(
        project_id=ProjectId(row.project_id),
        provider=row.provider,
        config=row.config,
        is_enabled=row.enabled,
        revision=row.revision,
        set_by=PrincipalId(row.set_by),
        set_at=row.set_at,
    )
