"""Protocols for stored artifacts and for their content. The docstrings are the contract."""

from collections.abc import AsyncGenerator, AsyncIterator, Collection, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from domain.ids import ArtifactId, ProjectId, RunId, StepRunId, WorkflowRunId
from domain.models.artifacts import Artifact, Content
from domain.models.links import Link
from domain.models.pages import Window


class ArtifactRepository(Protocol):
    """Rows about artifacts. They outlive the content, since reports name digests for ever."""

    async def add(self, artifacts: Sequence[Artifact]) -> None: ...
    async def get_many(self, ids: Collection[ArtifactId]) -> Mapping[ArtifactId, Artifact]: ...
    async def page(self, run_id: RunId, window: Window) -> Sequence[Artifact]:
        """Artifacts of a run, in the order of adding; the window's key is the artifact's id."""
        ...

    async def of_runs(self, ids: Collection[RunId], limit: int) -> Sequence[Artifact]:
        """At most `limit` artifacts of several runs, in the order of their ids."""
        ...

    async def page_of_step(self, step_run_id: StepRunId, window: Window) -> Sequence[Artifact]:
        """Artifacts of all attempts of a step, in the order of adding; the key is the id."""
        ...

    async def page_of_workflow_run(
        self, workflow_run_id: WorkflowRunId, window: Window
    ) -> Sequence[Artifact]:
        """Artifacts of all steps of a workflow run, in the order of adding; the key is the id."""
        ...

    async def assign(self, run_id: RunId, step_run_id: StepRunId, attempt: int) -> None:
        """Note that all artifacts of a run were made by this attempt of a step."""
        ...

    async def consume(self, ids: Collection[ArtifactId], by: StepRunId, at: datetime) -> None:
        """Note that a step uses these artifacts. Idempotent."""
        ...

    async def consumers(self, artifact_id: ArtifactId, limit: int) -> Sequence[StepRunId]:
        """The steps that have used an artifact, in the order of first use."""
        ...

    async def consumed_by(self, step_run_id: StepRunId, limit: int) -> Sequence[Artifact]:
        """The artifacts that a step has used, in the order of their ids."""
        ...

    async def ended_before(
        self, project_id: ProjectId, at: datetime, limit: int
    ) -> Sequence[RunId]:
        """Runs that ended before this time and have artifacts that are not removed."""
        ...

    async def remove(self, run_id: RunId, at: datetime) -> None:
        """Mark the artifacts of a run as removed; their content may be deleted."""
        ...

    async def unnamed(self, limit: int) -> Sequence[str]:
        """Digests of removed artifacts whose content may still be stored, and that no artifact
        refers to which is not removed."""
        ...

    async def forget(self, digests: Collection[str]) -> None:
        """Note that the content with these digests has been deleted."""
        ...


class ArtifactStore(Protocol):
    """Content by its hex SHA-256; equal content is stored once.

    Every method raises StorageUnavailable where the store cannot be reached, read or written.
    """

    async def put(self, pieces: AsyncIterator[bytes], bytes_max: int) -> Content:
        """Store content whole or not at all.

        Raises ContentTooLarge beyond `bytes_max`, and whatever iterating `pieces` raises.
        """
        ...

    def read(self, sha256: str) -> AsyncGenerator[bytes, None]:
        """Yield the content in pieces. Raises NotFound before the first one."""
        ...

    async def delete(self, sha256: str, *, unless_put_since: datetime) -> bool:
        """Delete content; return whether it is gone.

        Content that was put at `unless_put_since` or later is kept, since whoever put it is about
        to store a reference to it.
        """
        ...


class Links(Protocol):
    """Signs links to what can be downloaded, so that they need not be stored."""

    def sign(self, link: Link) -> str | None:
        """Text that stands in a URL as it is; None where the server has no key."""
        ...

    def open(self, token: str) -> Link | None:
        """None for whatever no key of this server has signed. Whether it is too old is for the
        caller to see."""
        ...
