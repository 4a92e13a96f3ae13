"""Asking for a part of a list: filters, and a window by key."""

from dataclasses import dataclass
from datetime import datetime

from domain.ids import PrincipalId, ProjectId
from domain.lifecycle import ApprovalState, RunState, WorkflowRunState
from domain.models.audit import AuditAction, AuditResult
from domain.models.providers import LogStream


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFilter:
    """Which runs of a project; every given field must match. Both times are exclusive."""

    states: tuple[RunState, ...] = ()
    providers: tuple[str, ...] = ()
    created_after: datetime | None = None
    created_before: datetime | None = None
    command_contains: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkflowRunFilter:
    """Which workflow runs of a project; every given field must match."""

    states: tuple[WorkflowRunState, ...] = ()
    feature: str | None = None
    workflow: str | None = None
    """The name, whatever the version."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalFilter:
    """Which approvals of these projects, None meaning all; every given field must match."""

    project_ids: frozenset[ProjectId] | None
    states: tuple[ApprovalState, ...] = ()
    requested_by: PrincipalId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditFilter:
    """Which entries of a chain; every given field must match. `since` is inclusive, `until` not.

    `subject` is the id of what it was about, or the name where there was none.
    """

    actions: tuple[AuditAction, ...] = ()
    actor_id: PrincipalId | None = None
    subject: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    results: tuple[AuditResult, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """Up to `limit` items after the key, exclusive; None starts at the first."""

    limit: int
    after: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LogWindow:
    """Up to `limit` batches in a run's log, read forward from `after` or `backward` from `before`.

    Sequences are exclusive. `contains` keeps only batches in which a line holds the text.
    """

    limit: int
    after: int | None = None
    before: int | None = None
    backward: bool = False
    stream: LogStream | None = None
    contains: str | None = None
