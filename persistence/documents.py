"""Documents, by id, by path and by what they are about."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict
from typing import Any, Final

from sqlalchemy import Row, Text, bindparam, delete, func, select
from sqlalchemy.dialects.postgresql import insert

from domain.ids import DocumentId, FeatureId, ProjectId
from domain.models.features import Document, FileState, FrontMatter, Lineage
from domain.models.pages import Window
from persistence.feature_tables import documents, feature_documents
from persistence.session import Session

# PostgreSQL's form of ON CONFLICT is written for SQLite too.
_put: Final = insert(documents)
PUT: Final = _put.on_conflict_do_update(
    index_elements=["id"],
    set_={
        name: _put.excluded[name]
        for name in ("bytes", "modified_ns", "digest", "feature_slug", "front", "scanned_at")
    },
)
_one: Final = bindparam("one_id", type_=Text())
UNLINK: Final = delete(feature_documents).where(feature_documents.c.document_id == _one)
REMOVE: Final = delete(documents).where(documents.c.id == _one)
GET_MANY: Final = select(documents).where(documents.c.id.in_(bindparam("ids", expanding=True)))
_of_project: Final = (
    select(documents)
    .where(documents.c.project_id == bindparam("project_id"))
    .order_by(documents.c.path)
)
BY_PATHS: Final = _of_project.where(documents.c.path.in_(bindparam("paths", expanding=True)))
ABOUT: Final = select(documents).where(
    documents.c.project_id == bindparam("project_id"),
    documents.c.feature_slug.in_(bindparam("slugs", expanding=True)),
)
"""Sorted here: for the order by path SQLite would read all documents of the project."""
WITHIN: Final = _of_project.where(
    documents.c.path >= bindparam("first"), documents.c.path < bindparam("behind")
)
COUNT: Final = (
    select(func.count())
    .select_from(documents)
    .where(documents.c.project_id == bindparam("project_id"))
)
_linked: Final = select(feature_documents.c.document_id).where(
    feature_documents.c.feature_id == bindparam("feature_id")
)
PAGE: Final = (
    select(documents)
    .where(documents.c.id.in_(_linked), documents.c.path > bindparam("after"))
    .order_by(documents.c.path)
    .limit(bindparam("most"))
)


class Documents:
    """See domain.feature_repositories.DocumentRepository."""

    def __init__(self, session: Session) -> None:
        self._session = session

    async def put(self, documents: Sequence[Document]) -> None:
        if documents:
            await self._session.write(PUT, [_columns(each) for each in documents])

    async def remove(self, ids: Collection[DocumentId]) -> None:
        if ids:
            which = [{"one_id": each} for each in ids]
            await self._session.write(UNLINK, which)
            await self._session.write(REMOVE, which)

    async def get_many(self, ids: Collection[DocumentId]) -> Mapping[DocumentId, Document]:
        rows = await self._session.all(GET_MANY, {"ids": list(ids)})
        return {DocumentId(row.id): _document(row) for row in rows}

    async def by_paths(
        self, project_id: ProjectId, paths: Collection[str]
    ) -> Mapping[str, Document]:
        rows = await self._session.all(BY_PATHS, {"project_id": project_id, "paths": list(paths)})
        return {row.path: _document(row) for row in rows}

    async def within(self, project_id: ProjectId, folder: str) -> Sequence[Document]:
        if not folder:
            rows = await self._session.all(_of_project, {"project_id": project_id})
        else:
            # What begins with "docs/" sorts before "docs0": "0" follows "/".
            which = {"project_id": project_id, "first": f"{folder}/", "behind": f"{folder}0"}
            rows = await self._session.all(WITHIN, which)
        return [_document(row) for row in rows]

    async def about(self, project_id: ProjectId, slugs: Collection[str]) -> Sequence[Document]:
        rows = await self._session.all(ABOUT, {"project_id": project_id, "slugs": list(slugs)})
        return sorted(map(_document, rows), key=lambda each: each.path)

    async def page(self, feature_id: FeatureId, window: Window) -> Sequence[Document]:
        which = {"feature_id": feature_id, "after": window.after or "", "most": window.limit}
        return [_document(row) for row in await self._session.all(PAGE, which)]

    async def count(self, project_id: ProjectId) -> int:
        row = await self._session.first(COUNT, {"project_id": project_id})
        return 0 if row is None else int(row[0])


def _columns(document: Document) -> dict[str, Any]:
    return {
        "id": document.id,
        "project_id": document.project_id,
        "path": document.path,
        "feature_slug": document.front.feature_slug,
        "front": asdict(document.front),
        "scanned_at": document.scanned_at,
        **asdict(document.file),
    }


def _document(row: Row[Any]) -> Document:
    return Document(
        id=DocumentId(row.id),
        project_id=ProjectId(row.project_id),
        path=row.path,
        file=FileState(bytes=row.bytes, modified_ns=row.modified_ns, digest=row.digest),
        front=_front(row.front),
        scanned_at=row.scanned_at,
    )


def _front(stored: dict[str, Any]) -> FrontMatter:
    lineage = _tuples(stored["lineage"])
    return FrontMatter(**{**_tuples(stored), "lineage": Lineage(**lineage)})


def _tuples(stored: dict[str, Any]) -> dict[str, Any]:
    return {n: tuple(each) if isinstance(each, list) else each for n, each in stored.items()}
