"""What is stored of artifacts, and what keeps their content. The docstrings are the contract."""

from collections.abc import AsyncGenerator, AsyncIterator, Collection, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from domain.ids import ArtifactId, ProjectId, RunId, StepRunId, WorkflowRunId
from domain.models.artifacts import Artifact, Content, Link
from domain.models.pages import Window


class ArtifactRepository(Protocol):
    """Rows about artifacts. They outlive the content: a report names digests for ever."""

    async def add(self, artifacts: Sequence[Artifact]) -> None: ...
    async def get_many(self, ids: Collection[ArtifactId]) -> Mapping[ArtifactId, Artifact]: ...
    async def page(self, run_id: RunId, window: Window) -> Sequence[Artifact]:
        """Those of a run, as they were added; the key is the artifact's id."""
        ...

    async def of_runs(self, ids: Collection[RunId], limit: int) -> Sequence[Artifact]:
        """Those of several runs, in the order of their ids."""
        ...

    async def page_of_step(self, step_run_id: StepRunId, window: Window) -> Sequence[Artifact]:
        """Those that any attempt of a step has made, as they were added; the key is their id."""
        ...

    async def page_of_workflow_run(
        self, workflow_run_id: WorkflowRunId, window: Window
    ) -> Sequence[Artifact]:
        """Those that any step of it has made, as they were added; the key is their id."""
        ...

    async def assign(self, run_id: RunId, step_run_id: StepRunId, attempt: int) -> None:
        """All artifacts of the run were made by this attempt of a step, in the workflow run that
        the run is for."""
        ...

    async def consume(self, ids: Collection[ArtifactId], by: StepRunId, at: datetime) -> None:
        """A step uses these; told twice it is as told once."""
        ...

    async def consumers(self, artifact_id: ArtifactId, limit: int) -> Sequence[StepRunId]:
        """The steps that have used it, the first first."""
        ...

    async def consumed_by(self, step_run_id: StepRunId, limit: int) -> Sequence[Artifact]:
        """What a step has used, in the order of their ids."""
        ...

    async def ended_before(
        self, project_id: ProjectId, at: datetime, limit: int
    ) -> Sequence[RunId]:
        """Runs that ended before this time and have artifacts that are not removed."""
        ...

    async def remove(self, run_id: RunId, at: datetime) -> None:
        """The content of a run's artifacts is to be kept no longer."""
        ...

    async def unnamed(self, limit: int) -> Sequence[str]:
        """Digests of what was removed and may still be there, and that no artifact names which is
        not removed."""
        ...

    async def forget(self, digests: Collection[str]) -> None:
        """What was removed with these digests is not there any more."""
        ...


class ArtifactStore(Protocol):
    """Content by its digest: the same content is kept once. Raises StorageUnavailable where it
    cannot be reached, read or written."""

    async def put(self, pieces: AsyncIterator[bytes], bytes_max: int) -> Content:
        """Keep it, whole or not at all. Raises ContentTooLarge, and whatever the pieces raise."""
        ...

    def read(self, sha256: str) -> AsyncGenerator[bytes, None]:
        """Its pieces. Raises NotFound before the first one."""
        ...

    async def delete(self, sha256: str, *, unless_put_since: datetime) -> bool:
        """Whether it is not there any more: who has just put it is about to name it."""
        ...


class Links(Protocol):
    """Signs links to artifacts, so that they need not be stored."""

    def sign(self, link: Link) -> str | None:
        """Text that stands in a URL as it is; None where the server has no key."""
        ...

    def open(self, token: str) -> Link | None:
        """None for whatever no key of this server has signed. Whether it is too old is for the
        caller to see."""
        ...
