"""Files that runs leave behind, and what is kept of them."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from domain.ids import ArtifactId, ProjectId, RunId, StepRunId


class ArtifactFault(StrEnum):
    """Why a file that a run has left is not kept."""

    OUTSIDE = "OUTSIDE"
    UNREADABLE = "UNREADABLE"
    CHANGED = "CHANGED"
    TOO_LARGE = "TOO_LARGE"
    TOO_MANY = "TOO_MANY"
    TOO_MUCH = "TOO_MUCH"
    UNAVAILABLE = "UNAVAILABLE"


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """What a file holds, by its hex SHA-256 and its size in bytes."""

    sha256: str
    size: int


class ContentTooLarge(Exception):
    """There is more of it than may be kept; nothing of it is."""


class ContentChanged(Exception):
    """It was written to while it was read: what came is not what is there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Artifact:
    """A file of a run. Without a digest nothing of it is kept here, and `source_url` says where its
    provider has it, if that tells. The name is a path inside the workspace, or the provider's
    word, without secrets and control characters; two of a run may have the same.

    `step_run_id` and `attempt` say which step has made it, where one has. After `removed_at` its
    content is no longer there.
    """

    id: ArtifactId
    project_id: ProjectId
    run_id: RunId
    name: str
    media_type: str | None
    size: int | None
    sha256: str | None
    created_at: datetime
    source_url: str | None = None
    step_run_id: StepRunId | None = None
    attempt: int | None = None
    removed_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """Lets whoever has it read one artifact of one project, up to a time (whole seconds)."""

    project_id: ProjectId
    artifact_id: ArtifactId
    expires_at: datetime
