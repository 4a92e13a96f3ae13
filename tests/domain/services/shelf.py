"""A project with documents for the tests of services, and all that is done with them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from adapters.documents.folder import ProjectFolders
from adapters.finding import AutomatonFinder
from adapters.identifiers import Uuid7Maker
from domain.models.feature_commands import ScanFeatures, UpsertFeature
from domain.models.features import Document, Feature, FeatureScan, Session
from domain.models.pages import Window
from domain.models.project_events import ProjectFeatureChanged
from domain.models.projects import Project
from domain.services.feature_services import FeatureServices
from domain.services.redactors import Redactors
from tests.domain.services.conftest import Desk

ALL = Window(limit=100)
SECRET = "open-sesame-and-nothing-else"


@dataclass(frozen=True, kw_only=True)
class Shelf:
    """A project with documents, and all that is done with them."""

    desk: Desk
    project: Project
    services: FeatureServices

    @property
    def root(self) -> Path:
        return Path(self.project.root_path)

    def write(self, name: str, **front: str) -> str:
        """A document in docs; its path."""
        path = self.root / "docs" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        lines = "".join(f"{key}: {text}\n" for key, text in front.items())
        path.write_text(f"---\n{lines}---\n# {name}\n", encoding="utf-8")
        return f"docs/{name}"

    async def scan(self, folder: str = "docs") -> FeatureScan:
        command = ScanFeatures(project="main", folder=folder)
        return await self.services.scans.scan(command, self.project, self.desk.caller)

    async def upsert(self, slug: str = "search", **given: Any) -> Feature:
        command = UpsertFeature(project="main", slug=slug, **given)
        return await self.services.by_hand.upsert(command, self.project, self.desk.caller)

    async def feature(self, slug: str = "search") -> Feature:
        async with self.desk.store.snapshot() as unit:
            return (await unit.features.by_slugs(self.project.id, [slug]))[slug]

    async def paths(self, slug: str = "search") -> list[str]:
        feature = await self.feature(slug)
        async with self.desk.store.snapshot() as unit:
            return [each.path for each in await unit.documents.page(feature.id, ALL)]

    async def sessions(self, slug: str = "search") -> list[Session]:
        feature = await self.feature(slug)
        async with self.desk.store.snapshot() as unit:
            return list(await unit.features.sessions(feature.id, ALL))

    async def documents(self) -> Sequence[Document]:
        async with self.desk.store.snapshot() as unit:
            return await unit.documents.within(self.project.id, "")

    async def told(self) -> list[tuple[str, bool]]:
        """The features that the project's stream has told of, and whether they were new."""
        async with self.desk.store.snapshot() as unit:
            events = await unit.project_events.after(self.project.id, 0, 100)
        facts = [event.fact for event in events]
        return [(f.slug, f.is_new) for f in facts if isinstance(f, ProjectFeatureChanged)]


def shelf_of(desk: Desk, folder: Path) -> Shelf:
    """Of the desk's project, in a new folder below this one."""
    root = folder / "project"
    (root / "docs").mkdir(parents=True)
    services = FeatureServices(
        store=desk.store,
        clock=desk.clock,
        new_id=Uuid7Maker(),
        files=ProjectFolders(),
        redactors=Redactors([SECRET], AutomatonFinder),
    )
    return Shelf(desk=desk, project=replace(desk.project, root_path=str(root)), services=services)
