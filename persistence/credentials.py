"""Credentials as they are sealed, and how often those of each project were changed."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from itertools import groupby
from operator import attrgetter
from typing import Any, Final

from sqlalchemy import Row, bindparam, delete, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert

from domain.ids import PrincipalId, ProjectId
from domain.models.credentials import (
    Credential,
    CredentialHealth,
    CredentialPlace,
    CredentialSource,
    Sealed,
)
from persistence.provider_tables import credential_heads, provider_credentials
from persistence.session import Session

_kept: Final = provider_credentials.c
_place: Final = (_kept.project_id, _kept.provider, _kept.name)
_is_at: Final = (
    _kept.project_id == bindparam("at_project"),
    _kept.provider == bindparam("at_provider"),
    _kept.name == bindparam("at_name"),
)
_is_same: Final = (*_is_at, _kept.ciphertext == bindparam("seen_ciphertext"))

# PostgreSQL's form of ON CONFLICT is written for SQLite too.
_head: Final = insert(credential_heads)
LOCK: Final = _head.on_conflict_do_update(
    index_elements=["project_id"],
    set_={"revision": credential_heads.c.revision + 1},
).returning(credential_heads.c.revision)
_given: Final = insert(provider_credentials)
PUT: Final = _given.on_conflict_do_update(
    index_elements=["project_id", "provider", "name"],
    set_={
        name: _given.excluded[name]
        for name in provider_credentials.c.keys()  # noqa: SIM118 - columns are no mapping
        if name not in {"project_id", "provider", "name"}
    },
)
REMOVE: Final = delete(provider_credentials).where(*_is_at)
GET: Final = select(provider_credentials).where(*_is_at)
OF_PROJECTS: Final = (
    select(provider_credentials)
    .where(_kept.project_id.in_(bindparam("project_ids", expanding=True)))
    .order_by(*_place)
)
REVISIONS: Final = select(credential_heads)
REVISION: Final = REVISIONS.where(credential_heads.c.project_id == bindparam("of_project"))
NOTE: Final = (
    update(provider_credentials)
    .where(*_is_same)
    .values(health=bindparam("found"), checked_at=bindparam("found_at"))
)
SEALED_OTHERWISE: Final = (
    select(provider_credentials)
    .where(_kept.key_id != bindparam("key_id"))
    .order_by(*_place)
    .limit(bindparam("most"))
)
RESEAL: Final = (
    update(provider_credentials)
    .where(*_is_same)
    .values(key_id=bindparam("new_key_id"), ciphertext=bindparam("new_ciphertext"))
)


class Credentials:
    """See domain.provider_repositories.CredentialRepository."""

    def __init__(self, session: Session) -> None:
        self._session = session

    async def lock(self, project_id: ProjectId) -> int:
        row = await self._session.first(LOCK, {"project_id": project_id, "revision": 1})
        assert row is not None, "an upsert answers with its row"
        return int(row.revision)

    async def put(self, credential: Credential) -> None:
        place, sealed = credential.place, credential.sealed
        columns = {
            "project_id": place.project_id,
            "provider": place.provider,
            "name": place.name,
            "source": credential.source,
            "key_id": sealed.key_id,
            "ciphertext": sealed.ciphertext,
            "hint": credential.hint,
            "set_by": credential.set_by,
            "set_at": credential.set_at,
            "expires_at": credential.expires_at,
            "health": credential.health,
            "checked_at": credential.checked_at,
        }
        await self._session.write(PUT, columns)

    async def remove(self, place: CredentialPlace) -> bool:
        return await self._session.write(REMOVE, _at(place)) == 1

    async def get(self, place: CredentialPlace) -> Credential | None:
        row = await self._session.first(GET, _at(place))
        return None if row is None else _credential(row)

    async def of_projects(
        self, project_ids: Collection[ProjectId]
    ) -> Mapping[ProjectId, Sequence[Credential]]:
        rows = await self._session.all(OF_PROJECTS, {"project_ids": list(project_ids)})
        return {
            ProjectId(project_id): [_credential(row) for row in found]
            for project_id, found in groupby(rows, attrgetter("project_id"))
        }

    async def revision(self, project_id: ProjectId) -> int:
        row = await self._session.first(REVISION, {"of_project": project_id})
        return 0 if row is None else int(row.revision)

    async def revisions(self) -> Mapping[ProjectId, int]:
        rows = await self._session.all(REVISIONS, {})
        return {ProjectId(row.project_id): row.revision for row in rows}

    async def note(self, credential: Credential, health: CredentialHealth, at: datetime) -> bool:
        found = {**_as_seen(credential), "found": health, "found_at": at}
        return await self._session.write(NOTE, found) == 1

    async def sealed_otherwise(
        self, key_id: str, after: CredentialPlace | None, limit: int
    ) -> Sequence[Credential]:
        statement = SEALED_OTHERWISE
        if after is not None:
            seen = (after.project_id, after.provider, after.name)
            statement = statement.where(tuple_(*_place) > tuple_(*seen))
        rows = await self._session.all(statement, {"key_id": key_id, "most": limit})
        return [_credential(row) for row in rows]

    async def reseal(self, credential: Credential, sealed: Sealed) -> bool:
        renewed = {"new_key_id": sealed.key_id, "new_ciphertext": sealed.ciphertext}
        return await self._session.write(RESEAL, {**_as_seen(credential), **renewed}) == 1


def _at(place: CredentialPlace) -> dict[str, Any]:
    return {"at_project": place.project_id, "at_provider": place.provider, "at_name": place.name}


def _as_seen(credential: Credential) -> dict[str, Any]:
    return {**_at(credential.place), "seen_ciphertext": credential.sealed.ciphertext}


def _credential(row: Row[Any]) -> Credential:
    place = CredentialPlace(
        project_id=ProjectId(row.project_id), provider=row.provider, name=row.name
    )
    return Credential(
        place=place,
        source=CredentialSource(row.source),
        sealed=Sealed(key_id=row.key_id, ciphertext=row.ciphertext),
        hint=row.hint,
        set_by=PrincipalId(row.set_by),
        set_at=row.set_at,
        expires_at=row.expires_at,
        health=CredentialHealth(row.health),
        checked_at=row.checked_at,
    )
