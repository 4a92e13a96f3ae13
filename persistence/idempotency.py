"""Which run an idempotency key made."""

from datetime import datetime

from sqlalchemy import bindparam, select
from sqlalchemy.dialects.postgresql import insert

from domain.ids import ProjectId, RunId
from persistence.session import Session
from persistence.tables import idempotency_keys

FIND = select(idempotency_keys.c.digest, idempotency_keys.c.run_id).where(
    idempotency_keys.c.project_id == bindparam("project_id"),
    idempotency_keys.c.key == bindparam("key"),
)
ADD = insert(idempotency_keys).on_conflict_do_nothing(index_elements=["project_id", "key"])


class Idempotency:
    """See domain.repositories.IdempotencyRepository."""

    def __init__(self, session: Session) -> None:
        self._session = session

    async def find(self, project_id: ProjectId, key: str) -> tuple[str, RunId] | None:
        row = await self._session.first(FIND, {"project_id": project_id, "key": key})
        return None if row is None else (row.digest, RunId(row.run_id))

    async def add(
        self, project_id: ProjectId, key: str, *, digest: str, run_id: RunId, at: datetime
    ) -> bool:
        columns = {
            "project_id": project_id,
            "key": key,
            "digest": digest,
            "run_id": run_id,
            "created_at": at,
        }
        return await self._session.write(ADD, columns) == 1
