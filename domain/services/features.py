"""Making features by hand."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from domain import feature_audit
from domain.documents import FEATURE_SLUG, Redact, Unusable, inner_path, masked
from domain.errors import InvalidInput
from domain.feature_repositories import DocumentFiles
from domain.ids import DocumentId, SessionId
from domain.limits import (
    DOCUMENTS_GIVEN_MAX,
    FEATURE_TITLE_CHARACTERS_MAX,
    NAME_CHARACTERS_MAX,
    REASON_CHARACTERS_MAX,
    SESSIONS_GIVEN_MAX,
)
from domain.models.audit import Caller
from domain.models.feature_commands import GivenSession, UpsertFeature
from domain.models.features import DocumentRefusal, Feature, FoundDocument, LinkOrigin, Session
from domain.models.projects import Project
from domain.ports import Clock, IdMaker, Store
from domain.services.feature_records import FeatureRecords
from domain.services.redactors import Redactors
from domain.validation import check_text


@dataclass(frozen=True, slots=True, kw_only=True)
class Features:
    """Whoever calls has checked that the actor may do it."""

    store: Store
    clock: Clock
    new_id: IdMaker
    files: DocumentFiles
    redactors: Redactors

    async def upsert(self, command: UpsertFeature, project: Project, caller: Caller) -> Feature:
        """Make the feature or change it; its documents are read now. Done twice it does what it
        does once.

        Raises InvalidInput, QuotaExceeded.
        """
        _check(command)
        redact = self.redactors.of(project.id).text
        found = await self._read(command, project, redact)
        now = self.clock.now()
        async with self.store.transaction() as unit:
            await unit.features.lock(project.id)
            records = FeatureRecords(
                unit=unit,
                project_id=project.id,
                new_id=self.new_id,
                actor=caller.principal.id,
                at=now,
            )
            wanted = await _wanted(records, command, redact)
            documents, touched = await _documents(records, found)
            sessions = await _sessions(records, command.sessions or (), redact)
            derived = await records.derive(touched | {wanted.slug}, wanted)
            await unit.features.link(
                wanted.id,
                LinkOrigin.GIVEN,
                None if command.documents is None else documents,
                None if command.sessions is None else sessions,
            )
            feature = next(each for each in derived if each.id == wanted.id)
            unit.audit.add(feature_audit.upserted(feature, _counts(command), caller))
        return feature

    async def _read(
        self, command: UpsertFeature, project: Project, redact: Redact
    ) -> Sequence[FoundDocument]:
        """Raises InvalidInput with the path of the document that cannot be taken."""
        found = []
        for index, given in enumerate(command.documents or ()):
            field = ("documents", str(index), "path")
            path = inner_path(given, *field)
            read = await self.files.document(project.root_path, path)
            if isinstance(read, DocumentRefusal):
                raise InvalidInput(read.reason, *field)
            try:
                found.append(await asyncio.to_thread(masked, read, redact))
            except Unusable as error:
                raise InvalidInput(str(error), *field) from error
        return list({each.path: each for each in found}.values())


async def _wanted(records: FeatureRecords, command: UpsertFeature, redact: Redact) -> Feature:
    """The feature, with the title that somebody gives it."""
    known = await records.unit.features.by_slugs(records.project_id, [command.slug])
    feature = known.get(command.slug) or records.new_feature(command.slug)
    if command.title is None:
        return feature
    return replace(feature, given_title=redact(command.title).strip())


async def _documents(
    records: FeatureRecords, found: Sequence[FoundDocument]
) -> tuple[Sequence[DocumentId], frozenset[str]]:
    """Store what was read; and the slugs of features whose documents are others for that."""
    paths = [each.path for each in found]
    known = await records.unit.documents.by_paths(records.project_id, paths)
    made = [records.document(each, known.get(each.path)) for each in found]
    news = [d for d in made if d.path not in known or d.file.digest != known[d.path].file.digest]
    await records.put_documents(news)
    before = [known[each.path] for each in news if each.path in known]
    slugs = {each.front.feature_slug for each in (*news, *before)}
    return [each.id for each in made], frozenset(slug for slug in slugs if slug)


async def _sessions(
    records: FeatureRecords, given: Sequence[GivenSession], redact: Redact
) -> Sequence[SessionId]:
    """Store them; what is not said of one stays as it is."""
    named = [_clean(each, redact) for each in given]
    known = {
        (each.external_id, each.provider): each
        for each in await records.unit.features.sessions_named(
            records.project_id, {each.external_id for each in named}
        )
    }
    for each in named:
        key = each.external_id, each.provider
        before: Session = known.get(key) or records.new_session(*key)
        known[key] = replace(before, title=each.title or before.title, url=each.url or before.url)
    wanted = {(each.external_id, each.provider): None for each in named}
    stored = [known[key] for key in wanted]
    await records.put_sessions(stored)
    return [each.id for each in stored]


def _clean(given: GivenSession, redact: Redact) -> GivenSession:
    return GivenSession(
        external_id=redact(given.external_id.strip()),
        provider=redact(given.provider.strip()) or None if given.provider else None,
        title=redact(given.title.strip()) or None if given.title else None,
        url=redact(given.url) if given.url else None,
    )


def _counts(command: UpsertFeature) -> dict[str, int | None]:
    """How many of what was given; None where that stays as it is."""
    return {
        "documents": None if command.documents is None else len(command.documents),
        "sessions": None if command.sessions is None else len(command.sessions),
    }


def _check(command: UpsertFeature) -> None:
    if not FEATURE_SLUG.fullmatch(command.slug):
        message = "A feature's slug has 1 to 64 letters, digits, and . _ - between them."
        raise InvalidInput(message, "slug")
    check_text(command.title, FEATURE_TITLE_CHARACTERS_MAX, "title")
    if command.title is not None and not command.title.strip():
        raise InvalidInput("The title is empty.", "title")
    if len(command.documents or ()) > DOCUMENTS_GIVEN_MAX:
        raise InvalidInput(f"More than {DOCUMENTS_GIVEN_MAX} documents.", "documents")
    if len(command.sessions or ()) > SESSIONS_GIVEN_MAX:
        raise InvalidInput(f"More than {SESSIONS_GIVEN_MAX} sessions.", "sessions")
    for index, session in enumerate(command.sessions or ()):
        _check_session(session, "sessions", str(index))


def _check_session(session: GivenSession, *path: str) -> None:
    if not session.external_id.strip():
        raise InvalidInput("A session is known by its id.", *path, "externalId")
    check_text(session.external_id, REASON_CHARACTERS_MAX, *path, "externalId")
    check_text(session.provider, NAME_CHARACTERS_MAX, *path, "provider")
    check_text(session.title, FEATURE_TITLE_CHARACTERS_MAX, *path, "title")
    check_text(session.url, REASON_CHARACTERS_MAX, *path, "url")
    if session.url and not _is_link(session.url):
        raise InvalidInput("A link begins with http:// or https://.", *path, "url")


def _is_link(url: str) -> bool:
    """What a page may lead to: no script, and no password."""
    try:
        parts = urlsplit(url)
        is_plain = parts.username is None and parts.password is None
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and bool(parts.hostname) and is_plain
