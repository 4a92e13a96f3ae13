"""Artifacts: files that runs leave behind."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from domain.ids import ArtifactId, ProjectId, RunId, StepRunId


class ArtifactFault(StrEnum):
    """Why a file of a run was not kept."""

    OUTSIDE = "OUTSIDE"
    UNREADABLE = "UNREADABLE"
    CHANGED = "CHANGED"
    SECRET = "SECRET"  # noqa: S105 - a code
    TOO_LARGE = "TOO_LARGE"
    TOO_MANY = "TOO_MANY"
    TOO_MUCH = "TOO_MUCH"
    UNAVAILABLE = "UNAVAILABLE"


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """The content of a file, by its hex SHA-256 and its size in bytes."""

    sha256: str
    size: int


class ContentTooLarge(Exception):
    """The content exceeds the size limit; nothing of it was kept."""


class ContentChanged(Exception):
    """The file was written to while it was read, so what was read is not what it holds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Artifact:
    """A file of a run. `size` is in bytes, `sha256` in hex.

    Where `sha256` is None the content is not stored here, and `source_url`, if known, says where
    the provider has it. `name` is a path inside the workspace or whatever the provider calls it,
    with secrets masked and control characters escaped; it need not be unique within the run.
    `step_run_id` and `attempt` name the step attempt that made it, if one did. After `removed_at`
    the content is gone.
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
