"""What is stored of features, and how documents are read, as protocols: see domain.repositories."""

from collections.abc import Collection, Mapping, Sequence
from typing import Protocol

from domain.ids import DocumentId, FeatureId, ProjectId, SessionId
from domain.models.features import (
    Document,
    DocumentRefusal,
    Feature,
    FileState,
    FolderReading,
    FoundDocument,
    LinkOrigin,
    Session,
)
from domain.models.pages import Window


class FeatureRepository(Protocol):
    """Whoever changes something of a project's features, documents or sessions locks them first,
    so that of two one comes after the other."""

    async def lock(self, project_id: ProjectId) -> None:
        """Held to the end of the unit."""
        ...

    async def put(self, feature: Feature) -> None:
        """Store it, or replace the one with its id. Under the lock."""
        ...

    async def get_many(self, ids: Collection[FeatureId]) -> Mapping[FeatureId, Feature]: ...
    async def by_slugs(
        self, project_id: ProjectId, slugs: Collection[str]
    ) -> Mapping[str, Feature]:
        """A slug that no feature has is left out."""
        ...

    async def page(self, project_id: ProjectId, window: Window) -> Sequence[Feature]:
        """Ordered by slug, which is the key."""
        ...

    async def count(self, project_id: ProjectId) -> int: ...
    async def link(
        self,
        feature_id: FeatureId,
        origin: LinkOrigin,
        documents: Collection[DocumentId] | None,
        sessions: Collection[SessionId] | None,
    ) -> None:
        """Replace what belongs to it by this origin; None leaves it. Under the lock."""
        ...

    async def put_sessions(self, sessions: Sequence[Session]) -> None:
        """Store them, or replace those with their ids. Under the lock."""
        ...

    async def sessions(self, feature_id: FeatureId, window: Window) -> Sequence[Session]:
        """In the order in which they were made; the key is the id."""
        ...

    async def sessions_named(
        self, project_id: ProjectId, external_ids: Collection[str]
    ) -> Sequence[Session]:
        """Those that platforms call so, in the order in which they were made."""
        ...

    async def count_sessions(self, project_id: ProjectId) -> int: ...
    async def get_sessions(self, ids: Collection[SessionId]) -> Mapping[SessionId, Session]: ...


class DocumentRepository(Protocol):
    """What changes here is changed under the lock of the project's features."""

    async def put(self, documents: Sequence[Document]) -> None:
        """Store them, or replace those with their ids."""
        ...

    async def remove(self, ids: Collection[DocumentId]) -> None:
        """With their links."""
        ...

    async def get_many(self, ids: Collection[DocumentId]) -> Mapping[DocumentId, Document]: ...
    async def by_paths(
        self, project_id: ProjectId, paths: Collection[str]
    ) -> Mapping[str, Document]: ...
    async def within(self, project_id: ProjectId, folder: str) -> Sequence[Document]:
        """All below a folder, by path; an empty one is the project's root."""
        ...

    async def about(self, project_id: ProjectId, slugs: Collection[str]) -> Sequence[Document]:
        """Those whose front matter names one of these features, by path."""
        ...

    async def page(self, feature_id: FeatureId, window: Window) -> Sequence[Document]:
        """Those of a feature, by path, which is the key."""
        ...

    async def count(self, project_id: ProjectId) -> int: ...


class DocumentFiles(Protocol):
    """Files of projects on this machine. Nothing outside a project's root is ever read, and no
    symlink followed that leads out of it. Bounded by domain.limits."""

    async def look(
        self, root_path: str, folder: str, known: Mapping[str, FileState]
    ) -> FolderReading:
        """The Markdown files below a folder, in the order of their paths. Those of `known` that
        have the same size and time are not read. Raises InvalidInput for what is no folder of the
        project."""
        ...

    async def document(self, root_path: str, path: str) -> FoundDocument | DocumentRefusal:
        """One Markdown file, read anew."""
        ...

    async def text(self, root_path: str, path: str, digest: str) -> str | None:
        """All of a file, where it still is what has this SHA-256; None where it is not."""
        ...
