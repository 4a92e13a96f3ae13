"""Reads the documents that are put before an agent's prompt."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from domain.briefing import Briefing, Paper, brief
from domain.documents import Redact, ordered
from domain.errors import InvalidInput, NotFound
from domain.feature_repositories import DocumentFiles
from domain.limits import BRIEFING_BYTES_DEFAULT, PROMPT_BYTES_MAX
from domain.models.features import Document
from domain.models.pages import Window
from domain.models.projects import Project
from domain.ports import Store
from domain.services.redactors import Redactors

DOCUMENTS_MAX: Final = 1000
"""Documents of one feature that are considered at most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Briefings:
    """Stores nothing: whoever sends a briefing stores its record."""

    store: Store
    files: DocumentFiles
    redactors: Redactors

    async def of(
        self,
        project: Project,
        slug: str,
        paths: Sequence[str] | None = None,
        most: int = BRIEFING_BYTES_DEFAULT,
    ) -> Briefing:
        """Of a feature, by all of its documents or by those at these paths, at most so many bytes.

        Every file has to be what was scanned; secrets in it are masked. No more is read than can
        go along. Raises NotFound for a feature that is not there, InvalidInput with the path of
        what is wrong.
        """
        if not 1 <= most <= PROMPT_BYTES_MAX:
            raise InvalidInput(f"From 1 to {PROMPT_BYTES_MAX} bytes.", "bytesMax")
        documents = ordered(_chosen(await self._documents(project, slug), paths))
        redact = self.redactors.of(project.id).text
        papers: list[Paper] = []
        taken = 0
        for document in documents:
            if taken > most:
                break
            papers.append(await self._paper(project, document, redact))
            taken += len(papers[-1].text.encode())
        briefing = brief(papers, most)
        unread = [each.path for each in documents[len(papers) :]]
        return replace(briefing, left_out=[*briefing.left_out, *unread])

    async def _documents(self, project: Project, slug: str) -> Sequence[Document]:
        async with self.store.snapshot() as unit:
            found = await unit.features.by_slugs(project.id, [slug])
            if slug not in found:
                raise NotFound(f"There is no feature {slug!r} in the project.")
            return await unit.documents.page(found[slug].id, Window(limit=DOCUMENTS_MAX))

    async def _paper(self, project: Project, document: Document, redact: Redact) -> Paper:
        text = await self.files.text(project.root_path, document.path, document.file.digest)
        if text is None:
            message = f"{document.path} is not what was scanned. Scan it again."
            raise InvalidInput(message, "documents", document.path)
        masked = await asyncio.to_thread(redact, text)
        return Paper(
            path=document.path,
            type=document.front.type,
            digest=document.file.digest,
            text=masked,
        )


def _chosen(documents: Sequence[Document], paths: Sequence[str] | None) -> Sequence[Document]:
    if paths is None:
        return documents
    known = {each.path: each for each in documents}
    for path in paths:
        if path not in known:
            raise InvalidInput(f"{path} is no document of the feature.", "documents", path)
    return [known[path] for path in dict.fromkeys(paths)]
