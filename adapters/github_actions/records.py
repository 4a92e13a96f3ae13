"""What GitHub tells of runs, jobs and artifacts, read with care: it may be of a newer API."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from domain.errors import ProviderUnavailable


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkflowRun:
    """A run of a workflow. `title` is what its run-name has come to."""

    id: int
    status: str
    conclusion: str | None
    title: str
    html_url: str | None
    created_at: datetime | None
    updated_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One job of a run; only one that is over has a log."""

    id: int
    name: str
    status: str
    conclusion: str | None
    completed_at: datetime | None

    @property
    def has_log(self) -> bool:
        return self.status == "completed" and self.conclusion != "skipped"


def run_of(told: object) -> WorkflowRun:
    """Raises ProviderUnavailable for what is no run."""
    if not isinstance(told, Mapping):
        raise ProviderUnavailable("GitHub's answer is no workflow run.")
    return WorkflowRun(
        id=whole(told, "id"),
        status=_word(told, "status") or _missing("status"),
        conclusion=_word(told, "conclusion"),
        title=_word(told, "display_title") or "",
        html_url=_word(told, "html_url"),
        created_at=_time(told, "created_at"),
        updated_at=_time(told, "updated_at"),
    )


def job_of(told: object) -> Job:
    """Raises ProviderUnavailable for what is no job."""
    if not isinstance(told, Mapping):
        raise ProviderUnavailable("GitHub's answer is no job.")
    return Job(
        id=whole(told, "id"),
        name=_word(told, "name") or str(told["id"]),
        status=_word(told, "status") or _missing("status"),
        conclusion=_word(told, "conclusion"),
        completed_at=_time(told, "completed_at"),
    )


def items_of(told: Mapping[str, Any], name: str) -> list[Any]:
    """A page of a list. Raises ProviderUnavailable where there is none."""
    items = told.get(name)
    return items if isinstance(items, list) else _missing(name)


def whole(told: Mapping[str, Any], name: str) -> int:
    """Raises ProviderUnavailable for what is no number of GitHub's."""
    value = told.get(name)
    return value if isinstance(value, int) and not isinstance(value, bool) else _missing(name)


def _word(told: Mapping[str, Any], name: str) -> str | None:
    value = told.get(name)
    return value if value is None or isinstance(value, str) else _missing(name)


def _time(told: Mapping[str, Any], name: str) -> datetime | None:
    """None also for what is no time: nothing is decided by it."""
    try:
        return datetime.fromisoformat(str(told.get(name))).astimezone(UTC)
    except ValueError:
        return None


def _missing(name: str) -> Any:  # noqa: ANN401 - never answers
    raise ProviderUnavailable(f"GitHub's answer has no {name} that we could read.")
