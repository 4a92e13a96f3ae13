"""What is stored of a project's features, inside one unit and under their lock."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from domain.documents import described
from domain.errors import QuotaExceeded
from domain.ids import DocumentId, FeatureId, PrincipalId, ProjectId, SessionId
from domain.limits import (
    DOCUMENTS_PER_PROJECT_MAX,
    FEATURES_PER_PROJECT_MAX,
    SESSIONS_PER_PROJECT_MAX,
)
from domain.models.features import Document, Feature, FoundDocument, LinkOrigin, Session
from domain.models.project_events import ProjectFeatureChanged
from domain.ports import IdMaker, UnitOfWork


@dataclass(frozen=True, slots=True, kw_only=True)
class FeatureRecords:
    """Made for one change by one actor, after the lock was taken."""

    unit: UnitOfWork
    project_id: ProjectId
    new_id: IdMaker
    actor: PrincipalId
    at: datetime

    def document(self, found: FoundDocument, before: Document | None) -> Document:
        """A file that was found, as it is to be stored."""
        if before is not None and found.front is None:
            return replace(before, file=found.file)
        assert found.front is not None, "a file that is not known is read"
        return Document(
            id=before.id if before else DocumentId(self.new_id()),
            project_id=self.project_id,
            path=found.path,
            file=found.file,
            front=found.front,
            scanned_at=self.at,
        )

    async def put_documents(self, documents: Sequence[Document]) -> None:
        """Raises QuotaExceeded."""
        await self.unit.documents.put(documents)
        if await self.unit.documents.count(self.project_id) > DOCUMENTS_PER_PROJECT_MAX:
            raise QuotaExceeded(f"A project has at most {DOCUMENTS_PER_PROJECT_MAX} documents.")

    async def derive(
        self, slugs: Collection[str], given: Feature | None = None
    ) -> Sequence[Feature]:
        """Make these features what their documents say, those that are new too, and tell of each.
        `given` is one of them as somebody wants it.

        Raises QuotaExceeded.
        """
        known = await self.unit.features.by_slugs(self.project_id, slugs)
        documents = await self.unit.documents.about(self.project_id, slugs)
        named = {name for each in documents for name in each.front.linked_sessions}
        sessions = await self.sessions(named)
        derived = []
        for slug in sorted(slugs):
            own = [each for each in documents if each.front.feature_slug == slug]
            before = known.get(slug) or self.new_feature(slug)
            if given is not None and given.slug == slug:
                before = given
            after = replace(described(before, own), updated_at=self.at)
            await self._keep(after, own, sessions)
            self._tell(after, is_new=slug not in known)
            derived.append(after)
        await self._check_count(len(slugs) - len(known))
        return derived

    async def sessions(self, external_ids: Collection[str]) -> Mapping[str, SessionId]:
        """By the ids of their platforms; those that nobody knew are made. Raises QuotaExceeded."""
        if not external_ids:
            return {}
        known = await self.unit.features.sessions_named(self.project_id, external_ids)
        ids = {each.external_id: each.id for each in reversed(known)}
        new = [self.new_session(name) for name in sorted(set(external_ids) - ids.keys())]
        await self.put_sessions(new)
        return {**ids, **{each.external_id: each.id for each in new}}

    def new_session(self, external_id: str, provider: str | None = None) -> Session:
        return Session(
            id=SessionId(self.new_id()),
            project_id=self.project_id,
            provider=provider,
            external_id=external_id,
            created_at=self.at,
        )

    async def put_sessions(self, sessions: Sequence[Session]) -> None:
        """Raises QuotaExceeded."""
        await self.unit.features.put_sessions(sessions)
        if await self.unit.features.count_sessions(self.project_id) > SESSIONS_PER_PROJECT_MAX:
            raise QuotaExceeded(f"A project has at most {SESSIONS_PER_PROJECT_MAX} sessions.")

    def new_feature(self, slug: str) -> Feature:
        return Feature(
            id=FeatureId(self.new_id()),
            project_id=self.project_id,
            slug=slug,
            created_at=self.at,
            updated_at=self.at,
        )

    async def _keep(
        self, feature: Feature, own: Sequence[Document], sessions: Mapping[str, SessionId]
    ) -> None:
        await self.unit.features.put(feature)
        talks = [sessions[name] for each in own for name in each.front.linked_sessions]
        papers = [each.id for each in own]
        await self.unit.features.link(feature.id, LinkOrigin.SCANNED, papers, talks)

    def _tell(self, feature: Feature, *, is_new: bool) -> None:
        fact = ProjectFeatureChanged(feature_id=feature.id, slug=feature.slug, is_new=is_new)
        self.unit.project_events.add(self.project_id, fact, actor=self.actor, at=self.at)

    async def _check_count(self, new: int) -> None:
        if new and await self.unit.features.count(self.project_id) > FEATURES_PER_PROJECT_MAX:
            raise QuotaExceeded(f"A project has at most {FEATURES_PER_PROJECT_MAX} features.")
