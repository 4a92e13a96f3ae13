"""Features, the documents that describe them, and the sessions that worked on them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import PurePosixPath
from typing import Final

from domain.ids import DocumentId, FeatureId, ProjectId, SessionId


class DocumentType(StrEnum):
    """What a document is for."""

    PRD = "PRD"
    IMPLEMENTATION_PLAN = "IMPLEMENTATION_PLAN"
    PROGRESS = "PROGRESS"
    PHASE_PLAN = "PHASE_PLAN"
    DESIGN_DOC = "DESIGN_DOC"
    SPEC = "SPEC"
    REPORT = "REPORT"
    DOCUMENT = "DOCUMENT"

    @property
    def precedence(self) -> int:
        """Of two documents of a feature the one with the lower number counts first."""
        return _FIRST.index(self) if self in _FIRST else len(_FIRST)


_FIRST: Final = (DocumentType.PRD, DocumentType.IMPLEMENTATION_PLAN, DocumentType.PROGRESS)


class LinkOrigin(StrEnum):
    """Who says that something belongs to a feature: a person or program, or a document itself."""

    GIVEN = "GIVEN"
    SCANNED = "SCANNED"


@dataclass(frozen=True, slots=True, kw_only=True)
class Lineage:
    """Where a document comes from and what came of it, in its own words."""

    family: str | None = None
    parent: str | None = None
    children: tuple[str, ...] = ()
    type: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FrontMatter:
    """What a document says of itself. Every text is as it was given, also where it means nothing
    here; None is what is not said."""

    doc_type: str | None = None
    status: str | None = None
    title: str | None = None
    feature_slug: str | None = None
    feature_family: str | None = None
    lineage: Lineage = Lineage()
    linked_features: tuple[str, ...] = ()
    related: tuple[str, ...] = ()
    prd_ref: str | None = None
    plan_ref: str | None = None
    linked_sessions: tuple[str, ...] = ()

    @property
    def type(self) -> DocumentType:
        """DOCUMENT also for a type that is not known here."""
        said = (self.doc_type or "").strip().upper().replace("-", "_").replace(" ", "_")
        return DocumentType(said) if said in DocumentType.__members__ else DocumentType.DOCUMENT


@dataclass(frozen=True, slots=True, kw_only=True)
class FileState:
    """What a file was when it was looked at: with the same size and time it is not read again."""

    bytes: int
    modified_ns: int
    digest: str
    """SHA-256 of its bytes, in hex."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A Markdown file of a project as it was when it was last read.

    `path` leads there from the project's root, with slashes. The file is the truth.
    """

    id: DocumentId
    project_id: ProjectId
    path: str
    file: FileState
    front: FrontMatter
    scanned_at: datetime

    @property
    def title(self) -> str:
        return self.front.title or PurePosixPath(self.path).stem


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A conversation with an agent, by the id that its platform has given it. `provider` is None
    where only the id is known."""

    id: SessionId
    project_id: ProjectId
    provider: str | None
    external_id: str
    title: str | None = None
    url: str | None = None
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Feature:
    """What a project is working on. What its documents say is derived from them at each scan."""

    id: FeatureId
    project_id: ProjectId
    slug: str
    given_title: str | None = None
    scanned_title: str | None = None
    status: str | None = None
    family: str | None = None
    created_at: datetime
    updated_at: datetime

    @property
    def title(self) -> str:
        """The one that somebody has given it, else that of its first document."""
        return self.given_title or self.scanned_title or self.slug


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundDocument:
    """A file in a folder. `front` is None where it is as it was, and so was not read for that."""

    path: str
    file: FileState
    front: FrontMatter | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentRefusal:
    """A file that was not taken, and why. The path is made fit to be shown."""

    path: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FolderReading:
    """What is in a folder. Where it is not `is_complete` a bound was reached, and what was not
    found may be there. `bytes_read` is of files alone."""

    found: Sequence[FoundDocument]
    refused: Sequence[DocumentRefusal]
    is_complete: bool
    bytes_read: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FeatureScan:
    """What a scan came to: paths of documents, and the slugs of features that are others now."""

    added: Sequence[str]
    changed: Sequence[str]
    unchanged: Sequence[str]
    removed: Sequence[str]
    refused: Sequence[DocumentRefusal]
    features: Sequence[str]
    is_complete: bool
    bytes_read: int
