"""Features, the documents that describe them, and the sessions that worked on them."""

from datetime import datetime
from typing import Self

import strawberry

from domain.models import features as domain
from domain.models.features import DocumentType
from resolvers import features
from schema.cursors import list_cursor, list_key
from schema.ids import Node, document_id, feature_id, session_id
from schema.info import Info
from schema.paging import After, Connection, First


@strawberry.type(description="Where a document comes from and what came of it, as it says itself.")
class DocumentLineage:
    """Of its front matter."""

    family: str | None = strawberry.field(description="What it belongs to, as lineage_family.")
    parent: str | None = strawberry.field(description="What it comes from, as lineage_parent.")
    children: list[str] = strawberry.field(description="What came of it, as lineage_children.")
    type: str | None = strawberry.field(description="What it is in that line, as lineage_type.")

    @classmethod
    def of(cls, lineage: domain.Lineage) -> Self:
        return cls(
            family=lineage.family,
            parent=lineage.parent,
            children=list(lineage.children),
            type=lineage.type,
        )


@strawberry.type(
    description="A Markdown file of a project as it was when it was last read. What it says of "
    "itself is as it was given, whether that means anything here or not."
)
class Document(Node):
    """The file is the truth."""

    path: str = strawberry.field(description="The way to it from the project's root.")
    type: DocumentType = strawberry.field(
        description="What it is for; DOCUMENT where docType says nothing that is known here."
    )
    doc_type: str | None = strawberry.field(description="What it says that it is for.")
    title: str = strawberry.field(description="Its title, else its name.")
    status: str | None = strawberry.field(description="How far it is.")
    feature_slug: str | None = strawberry.field(description="The feature that it is about.")
    feature_family: str | None = strawberry.field(description="The family of that feature.")
    lineage: DocumentLineage = strawberry.field(description="Where it comes from.")
    linked_features: list[str] = strawberry.field(description="Other features that it names.")
    related: list[str] = strawberry.field(description="Files that it names.")
    prd_ref: str | None = strawberry.field(description="The requirements that it is based on.")
    plan_ref: str | None = strawberry.field(description="The plan that it belongs to.")
    linked_sessions: list[str] = strawberry.field(
        description="Sessions that it names, by the ids of their platforms."
    )
    digest: str = strawberry.field(description="SHA-256 of the file, in hex.")
    bytes: int = strawberry.field(description="How large the file is.")
    scanned_at: datetime = strawberry.field(description="When it was last read.")

    @classmethod
    def of(cls, document: domain.Document) -> Self:
        front = document.front
        return cls(
            id=document_id(document.id),
            path=document.path,
            type=front.type,
            doc_type=front.doc_type,
            title=document.title,
            status=front.status,
            feature_slug=front.feature_slug,
            feature_family=front.feature_family,
            lineage=DocumentLineage.of(front.lineage),
            linked_features=list(front.linked_features),
            related=list(front.related),
            prd_ref=front.prd_ref,
            plan_ref=front.plan_ref,
            linked_sessions=list(front.linked_sessions),
            digest=document.file.digest,
            bytes=document.file.bytes,
            scanned_at=document.scanned_at,
        )


@strawberry.type(description="A conversation with an agent that belongs to a feature.")
class Session(Node):
    """As its platform knows it."""

    provider: str | None = strawberry.field(
        description="The platform; null where only the id is known."
    )
    external_id: str = strawberry.field(description="The platform's name for it.")
    title: str | None = strawberry.field(description="What it was about.")
    url: str | None = strawberry.field(description="Where the platform shows it.")
    created_at: datetime = strawberry.field(description="When it was first named here.")

    @classmethod
    def of(cls, session: domain.Session) -> Self:
        return cls(
            id=session_id(session.id),
            provider=session.provider,
            external_id=session.external_id,
            title=session.title,
            url=session.url,
            created_at=session.created_at,
        )


@strawberry.type(description="What a project is working on.")
class Feature(Node):
    """With what its documents say of it."""

    value: strawberry.Private[domain.Feature]
    slug: str = strawberry.field(description="Its short name in the project.")
    title: str = strawberry.field(
        description="The one that it was given, else that of its first document, else its slug."
    )
    status: str | None = strawberry.field(
        description="How far it is, as its first document says that says anything of it."
    )
    family: str | None = strawberry.field(description="What it belongs to, likewise.")
    created_at: datetime = strawberry.field(description="When it was first named here.")
    updated_at: datetime = strawberry.field(
        description="When it, its documents or its sessions were last changed."
    )

    @strawberry.field(description="What describes it, by path.")
    async def documents(
        self, info: Info, first: First = None, after: After = None
    ) -> Connection[Document]:
        name = f"documents:{self.value.id}"
        key = list_key(after, name)
        page = await features.documents(info.context, self.value.id, first, key)
        return Connection.of(page, Document.of, lambda d: list_cursor(name, d.path))

    @strawberry.field(
        description="The sessions that worked on it, in the order in which they came."
    )
    async def sessions(
        self, info: Info, first: First = None, after: After = None
    ) -> Connection[Session]:
        name = f"sessions:{self.value.id}"
        page = await features.sessions(info.context, self.value.id, first, list_key(after, name))
        return Connection.of(page, Session.of, lambda s: list_cursor(name, s.id))

    @classmethod
    def of(cls, feature: domain.Feature) -> Self:
        return cls(
            value=feature,
            id=feature_id(feature.id),
            slug=feature.slug,
            title=feature.title,
            status=feature.status,
            family=feature.family,
            created_at=feature.created_at,
            updated_at=feature.updated_at,
        )
