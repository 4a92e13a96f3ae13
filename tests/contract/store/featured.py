"""Features, documents and sessions of the scene's project, to be stored."""

from dataclasses import replace
from typing import Any, Final

from domain.ids import DocumentId, FeatureId, SessionId
from domain.models.features import Document, Feature, FileState, FrontMatter, Lineage, Session
from tests.contract.store.scene import MAIN, NOW, Scene

FRONT: Final = FrontMatter(
    doc_type="prd",
    status="draft",
    title="PRD: ünique ✓",
    feature_slug="search-v1",
    feature_family="search",
    lineage=Lineage(family="search", parent="docs/a.md", children=("b", "c"), type="phase"),
    linked_features=("index-v1",),
    related=("docs/r.md",),
    prd_ref="docs/prd.md",
    plan_ref="plan",
    linked_sessions=("s-1", "s-2"),
)


def feature(scene: Scene, slug: str = "search", **changes: Any) -> Feature:
    made = Feature(
        id=FeatureId(scene.new_id()), project_id=MAIN, slug=slug, created_at=NOW, updated_at=NOW
    )
    return replace(made, **changes)


def document(scene: Scene, path: str = "docs/a.md", **changes: Any) -> Document:
    made = Document(
        id=DocumentId(scene.new_id()),
        project_id=MAIN,
        path=path,
        file=FileState(bytes=12, modified_ns=2**60, digest="d" * 64),
        front=FRONT,
        scanned_at=NOW,
    )
    return replace(made, **changes)


def session(scene: Scene, external_id: str = "s-1", **changes: Any) -> Session:
    made = Session(
        id=SessionId(scene.new_id()),
        project_id=MAIN,
        provider=None,
        external_id=external_id,
        created_at=NOW,
    )
    return replace(made, **changes)


async def stored(scene: Scene) -> tuple[Feature, Document, Session]:
    """One of each."""
    made = feature(scene), document(scene), session(scene)
    async with scene.store.transaction() as unit:
        await unit.features.put(made[0])
        await unit.documents.put([made[1]])
        await unit.features.put_sessions([made[2]])
    return made
