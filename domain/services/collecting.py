"""Collects the artifacts of a run that has ended, before its end is stored."""

import asyncio
import logging
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

from domain.artifact_repositories import ArtifactStore
from domain.errors import (
    CapabilityMissing,
    ProviderRefused,
    ProviderUnavailable,
    StorageUnavailable,
    WorkbenchError,
)
from domain.ids import ArtifactId
from domain.limits import ArtifactLimits
from domain.models.artifacts import (
    Artifact,
    ArtifactFault,
    Content,
    ContentChanged,
    ContentTooLarge,
)
from domain.models.events import RunArtifactAdded, RunArtifactRefused, RunFact
from domain.models.providers import ProviderArtifact
from domain.models.runs import Run
from domain.ports import Adapter, Clock, IdMaker, Meter
from domain.reconciliation import Reconciled
from domain.redaction.contents import SecretFound, without_secrets
from domain.redaction.redactor import Redactor
from domain.services.claims import named
from domain.services.redactors import Redactors

NAME_CHARACTERS_MAX: Final = 1000
MEDIA_TYPE_CHARACTERS_MAX: Final = 200
URL_CHARACTERS_MAX: Final = 2000
REFUSALS_TOLD_MAX: Final = 50
TRIES: Final = 2
"""Attempts to read a file that changes while it is read, or is unavailable just now."""

log = logging.getLogger(__name__)


@dataclass(slots=True, kw_only=True)
class _Found:
    """The artifacts and refusals collected from one run so far."""

    run: Run
    redactor: Redactor
    until: datetime
    bytes_left: int
    artifacts: list[Artifact] = field(default_factory=list)
    refusals: list[RunArtifactRefused] = field(default_factory=list)

    def refuse(self, name: str | None, code: ArtifactFault, message: str) -> None:
        shown = None if name is None else shown_name(name, self.redactor)
        told = self.redactor.text(message)
        self.refusals.append(RunArtifactRefused(name=shown, code=code, message=told))


@dataclass(frozen=True, slots=True, kw_only=True)
class Collector:
    """Whatever goes wrong with a file is told by an event, and never keeps its run from ending."""

    contents: ArtifactStore
    clock: Clock
    new_id: IdMaker
    meter: Meter
    redactors: Redactors
    limits: ArtifactLimits

    async def complete(self, found: Reconciled, adapter: Adapter, seconds: float) -> Reconciled:
        """Add the artifacts of a run that has ended, collected within `seconds`.

        Their events come before that of the end. A run that goes on is returned unchanged.
        """
        if not found.is_over:
            return found
        run = found.after
        collected = _Found(
            run=run,
            redactor=self.redactors.of(run.project_id),
            until=self.clock.now() + timedelta(seconds=seconds),
            bytes_left=self.limits.run_bytes_max,
        )
        for listed in await self._listed(collected, adapter, seconds):
            await self._take(collected, listed, adapter)
        facts = (*_facts(collected), *found.facts)
        return replace(found, facts=facts, artifacts=tuple(collected.artifacts))

    async def _listed(
        self, found: _Found, adapter: Adapter, seconds: float
    ) -> Sequence[ProviderArtifact]:
        try:
            async with asyncio.timeout(seconds):
                listed = await adapter.fetch_artifacts(found.run.handle)
        except CapabilityMissing:
            return ()
        except (WorkbenchError, TimeoutError) as error:
            told = getattr(error, "message", "It takes too long.")
            found.refuse(None, ArtifactFault.UNAVAILABLE, f"They cannot be listed: {told}")
            return ()
        except Exception:
            log.exception("artifacts cannot be listed", extra=named(found.run))
            self.meter.failed("artifacts")
            found.refuse(None, ArtifactFault.UNAVAILABLE, "They cannot be listed.")
            return ()
        most = self.limits.files_max
        if len(listed) > most:
            message = f"There are more than {most} files; the others are not kept."
            found.refuse(None, ArtifactFault.TOO_MANY, message)
        return listed[:most]

    async def _take(self, found: _Found, listed: ProviderArtifact, adapter: Adapter) -> None:
        """Keep one file, or record why it is not kept."""
        if listed.fault is not None:
            found.refuse(listed.name, listed.fault, _FAULTS[listed.fault])
            return
        try:
            content = await self._content(found, listed, adapter)
        except CapabilityMissing:
            content = None  # it stays with its provider
        except Exception as error:  # noqa: BLE001 - an adapter's fault must not keep the run
            code, message = self._why(found, error)
            found.refuse(listed.name, code, message)
            return
        self._keep(found, listed, content)

    def _why(self, found: _Found, error: Exception) -> tuple[ArtifactFault, str]:
        code = ArtifactFault.UNAVAILABLE
        if isinstance(error, ProviderRefused):
            return ArtifactFault.UNREADABLE, error.message
        if isinstance(error, ContentChanged):
            code = ArtifactFault.CHANGED
        elif isinstance(error, SecretFound):
            code = ArtifactFault.SECRET
        elif isinstance(error, ContentTooLarge):
            is_alone = found.bytes_left >= self.limits.file_bytes_max
            code = ArtifactFault.TOO_LARGE if is_alone else ArtifactFault.TOO_MUCH
        else:
            log.warning("not kept: %r", error, extra=named(found.run))
            self.meter.failed("artifacts")
        return code, error.message if isinstance(error, WorkbenchError) else _FAULTS[code]

    async def _content(
        self, found: _Found, listed: ProviderArtifact, adapter: Adapter
    ) -> Content | None:
        """Store the content; None where it stays with the provider, at `source_url`."""
        if listed.content is None and listed.source_url is not None:
            return None
        bytes_max = min(self.limits.file_bytes_max, found.bytes_left)
        if (listed.size_bytes or 0) > bytes_max:
            raise ContentTooLarge
        for attempt in range(1, TRIES + 1):
            left_s = (found.until - self.clock.now()).total_seconds()
            if left_s <= 0:
                raise TimeoutError
            try:
                pieces = without_secrets(_pieces(found, listed, adapter), found.redactor)
                async with asyncio.timeout(left_s), aclosing(pieces) as it:
                    return await self.contents.put(it, bytes_max)
            except (ContentChanged, ProviderUnavailable, StorageUnavailable):
                if attempt == TRIES:
                    raise
        raise AssertionError("the last try answers or raises")

    def _keep(self, found: _Found, listed: ProviderArtifact, content: Content | None) -> None:
        run, redactor = found.run, found.redactor
        found.bytes_left -= content.size if content else 0
        found.artifacts.append(
            Artifact(
                id=ArtifactId(self.new_id()),
                project_id=run.project_id,
                run_id=run.id,
                name=shown_name(listed.name, redactor),
                media_type=_shown(listed.media_type, MEDIA_TYPE_CHARACTERS_MAX, redactor),
                size=content.size if content else listed.size_bytes,
                sha256=content.sha256 if content else None,
                created_at=self.clock.now(),
                source_url=_shown(listed.source_url, URL_CHARACTERS_MAX, redactor),
            )
        )


_FAULTS: Final = {
    ArtifactFault.OUTSIDE: "It leads out of the workspace, or into what is the server's.",
    ArtifactFault.UNREADABLE: "It cannot be read.",
    ArtifactFault.SECRET: "There is a secret in it that is known here: it must not be given out.",
    ArtifactFault.CHANGED: "It was written to while it was read, twice.",
    ArtifactFault.TOO_LARGE: "It is larger than a file may be.",
    ArtifactFault.TOO_MANY: "There are more files than may be looked through.",
    ArtifactFault.TOO_MUCH: "With it there would be more than is kept of one run.",
    ArtifactFault.UNAVAILABLE: "It could not be had in time.",
}


def shown_name(name: str, redactor: Redactor) -> str:
    """Return a file's name as it is stored: secrets masked, then unprintable characters escaped."""
    masked = redactor.text(name)
    printed = "".join(each if each.isprintable() else f"\\x{ord(each):02x}" for each in masked)
    return printed[:NAME_CHARACTERS_MAX] or "?"


def _shown(text: str | None, most: int, redactor: Redactor) -> str | None:
    return None if text is None else shown_name(text, redactor)[:most]


def _pieces(
    found: _Found, listed: ProviderArtifact, adapter: Adapter
) -> AsyncGenerator[bytes, None]:
    if listed.content is not None:
        return _whole(listed.content)
    return adapter.read_artifact(found.run.handle, listed)


async def _whole(content: bytes) -> AsyncGenerator[bytes, None]:
    yield content


def _facts(found: _Found) -> list[RunFact]:
    """One fact for each artifact and each refusal; refusals beyond REFUSALS_TOLD_MAX as a count."""
    facts: list[RunFact] = [
        RunArtifactAdded(artifact_id=artifact.id, name=artifact.name)
        for artifact in found.artifacts
    ]
    facts += found.refusals[:REFUSALS_TOLD_MAX]
    if (more := len(found.refusals) - REFUSALS_TOLD_MAX) > 0:
        code, message = found.refusals[-1].code, f"{more} more files are not kept."
        facts.append(RunArtifactRefused(name=None, code=code, message=message))
    return facts
