"""Reading the documents of a project, and keeping its features as they say."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from domain import feature_audit
from domain.documents import Redact, Unusable, inner_path, masked
from domain.feature_repositories import DocumentFiles
from domain.models.audit import Caller
from domain.models.feature_commands import ScanFeatures
from domain.models.features import (
    Document,
    DocumentRefusal,
    FeatureScan,
    FolderReading,
    FoundDocument,
)
from domain.models.projects import Project
from domain.ports import Clock, IdMaker, Store
from domain.services.feature_records import FeatureRecords
from domain.services.redactors import Redactors

Known = Mapping[str, Document]


@dataclass(frozen=True, slots=True, kw_only=True)
class FeatureScans:
    """Whoever calls has checked that the actor may do it. Files are read outside of any unit, and
    what others have stored meanwhile stays."""

    store: Store
    clock: Clock
    new_id: IdMaker
    files: DocumentFiles
    redactors: Redactors

    async def scan(self, command: ScanFeatures, project: Project, caller: Caller) -> FeatureScan:
        """Raises InvalidInput, QuotaExceeded."""
        folder = inner_path(command.folder, "folder")
        async with self.store.snapshot() as unit:
            known = _by_path(await unit.documents.within(project.id, folder))
        states = {path: each.file for path, each in known.items()}
        reading = await self.files.look(project.root_path, folder, states)
        redact = self.redactors.of(project.id).text
        reading = await asyncio.to_thread(_masked, reading, redact)
        return await self._store(project, folder, known, reading, caller)

    async def _store(
        self,
        project: Project,
        folder: str,
        known: Known,
        reading: FolderReading,
        caller: Caller,
    ) -> FeatureScan:
        now = self.clock.now()
        async with self.store.transaction() as unit:
            await unit.features.lock(project.id)
            current = _by_path(await unit.documents.within(project.id, folder))
            records = FeatureRecords(
                unit=unit,
                project_id=project.id,
                new_id=self.new_id,
                actor=caller.principal.id,
                at=now,
            )
            news = [each for each in reading.found if _is_ours(each.path, known, current)]
            changed = [records.document(each, known.get(each.path)) for each in news]
            await records.put_documents([d for d in changed if d != known.get(d.path)])
            gone = [each for each in _gone(known, reading) if _is_ours(each.path, known, current)]
            await unit.documents.remove([each.id for each in gone])
            features = await records.derive(_touched(news, gone, known))
            slugs = [each.slug for each in features]
            scan = _told(reading, known, gone, slugs)
            unit.audit.add(feature_audit.scanned(project.id, folder, scan, caller, now))
        return scan


def _by_path(documents: Iterable[Document]) -> Known:
    return {each.path: each for each in documents}


def _masked(reading: FolderReading, redact: Redact) -> FolderReading:
    """As it may be stored and shown."""
    found: list[FoundDocument] = []
    refused = [replace(each, path=redact(each.path)) for each in reading.refused]
    for each in reading.found:
        try:
            found.append(masked(each, redact))
        except Unusable as error:
            refused.append(DocumentRefusal(path=redact(each.path), reason=str(error)))
    return replace(reading, found=found, refused=refused)


def _is_ours(path: str, known: Known, current: Known) -> bool:
    """Whether nobody has read it anew since this scan has begun."""
    return known.get(path) == current.get(path)


def _gone(known: Known, reading: FolderReading) -> Sequence[Document]:
    """What is there no more; nothing where that was not looked at to the end."""
    seen = {each.path for each in reading.found} | {each.path for each in reading.refused}
    return [each for each in known.values() if reading.is_complete and each.path not in seen]


def _touched(
    news: Sequence[FoundDocument], gone: Sequence[Document], known: Known
) -> frozenset[str]:
    """The slugs of features that have other documents now, or had them before."""
    after = [each for each in news if each.front is not None]
    before = [known[each.path] for each in after if each.path in known]
    fronts = [*(each.front for each in after), *(each.front for each in (*before, *gone))]
    return frozenset(f.feature_slug for f in fronts if f is not None and f.feature_slug)


def _told(
    reading: FolderReading, known: Known, gone: Sequence[Document], features: Sequence[str]
) -> FeatureScan:
    read = [each.path for each in reading.found if each.front is not None]
    return FeatureScan(
        added=[path for path in read if path not in known],
        changed=[path for path in read if path in known],
        unchanged=[each.path for each in reading.found if each.front is None],
        removed=[each.path for each in gone],
        refused=reading.refused,
        features=features,
        is_complete=reading.is_complete,
        bytes_read=reading.bytes_read,
    )
