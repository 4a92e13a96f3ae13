"""What GitHub's words for a run mean.

From "REST API endpoints for workflow runs" and "Webhook events: workflow_run", read 2026-11-20.
"""

from typing import Final

from adapters.github_actions.records import WorkflowRun
from domain.models.providers import ProviderSignal, ProviderStatus

COMPLETED: Final = "completed"
STATUSES: Final = {
    "queued": ProviderSignal.QUEUED,
    "requested": ProviderSignal.QUEUED,
    "pending": ProviderSignal.QUEUED,
    "waiting": ProviderSignal.WAITING,
    "in_progress": ProviderSignal.RUNNING,
}
CONCLUSIONS: Final = {
    "success": ProviderSignal.SUCCEEDED,
    "neutral": ProviderSignal.SUCCEEDED,
    "skipped": ProviderSignal.SUCCEEDED,
    "failure": ProviderSignal.FAILED,
    "startup_failure": ProviderSignal.FAILED,
    "stale": ProviderSignal.FAILED,
    "cancelled": ProviderSignal.CANCELED,
    "timed_out": ProviderSignal.TIMED_OUT,
    "action_required": ProviderSignal.WAITING,
}
MESSAGES: Final = {
    "skipped": "Its conditions let no job of the workflow run.",
    "startup_failure": "GitHub could not start the workflow.",
    "stale": "GitHub has given it up, after 14 days without an end.",
}
QUESTION: Final = "Somebody has to approve this on its page at GitHub."
VANISHED: Final = ProviderStatus(raw="404 Not Found", signal=ProviderSignal.VANISHED)
ENDS: Final = frozenset(
    {
        ProviderSignal.SUCCEEDED,
        ProviderSignal.FAILED,
        ProviderSignal.CANCELED,
        ProviderSignal.TIMED_OUT,
    }
)


def status_of(run: WorkflowRun) -> ProviderStatus:
    """Total: a word that is not known is told as such, and is no end."""
    signal = _signal(run)
    is_over = signal in ENDS
    return ProviderStatus(
        raw=f"{run.status}/{run.conclusion}" if run.conclusion else run.status,
        signal=signal,
        message=MESSAGES.get(run.conclusion or ""),
        question=QUESTION if signal is ProviderSignal.WAITING else None,
        ended_at=run.updated_at if is_over else None,
    )


def _signal(run: WorkflowRun) -> ProviderSignal:
    if run.status != COMPLETED:
        return STATUSES.get(run.status, ProviderSignal.UNKNOWN)
    return CONCLUSIONS.get(run.conclusion or "", ProviderSignal.UNKNOWN)
