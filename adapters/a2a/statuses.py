"""An agent's word for how a run is, as ours."""

from datetime import datetime
from typing import Final

from adapters.a2a.agent import Told
from adapters.a2a.artifacts import outputs_in
from adapters.a2a.tasks import ENDS, Artifact, Message, Task, message_of
from adapters.a2a.usage import usage_in
from domain.models.outputs import NO_OUTPUTS
from domain.models.providers import Ended, ProviderSignal, ProviderStatus, RunHandle

ANSWERED: Final = "message:"
"""Begins the id of a run that was answered at once, without a task."""
REASON_CHARACTERS_MAX: Final = 2000


def status_of(told: Told) -> ProviderStatus:
    """The agent's word as ours."""
    task = told.task
    is_waiting = task.signal is ProviderSignal.WAITING
    return ProviderStatus(
        raw=task.state,
        signal=task.signal,
        message=words_of(task),
        question=(words_of(task) or _QUESTIONS.get(task.state)) if is_waiting else None,
        ended_at=task.at if task.state in ENDS else None,
        outputs=outputs_in(task) if task.state in ENDS else NO_OUTPUTS,
        usage=usage_in(task),
    )


def words_of(task: Task) -> str | None:
    said = task.said.text.strip()[:REASON_CHARACTERS_MAX] if task.said else ""
    if task.state == "TASK_STATE_REJECTED":
        return f"The agent rejected it: {said}" if said else "The agent rejected it."
    return said or None


_QUESTIONS: Final = {
    "TASK_STATE_INPUT_REQUIRED": "The agent waits for input, and does not say for which.",
    "TASK_STATE_AUTH_REQUIRED": "The agent wants to be authorized, and does not say how.",
}
VANISHED: Final = ProviderStatus(
    raw="TASK_NOT_FOUND",
    signal=ProviderSignal.VANISHED,
    message="The agent knows of no such task.",
)
ANSWERED_STATUS: Final = ProviderStatus(raw="message", signal=ProviderSignal.SUCCEEDED)
DOUBTFUL: Final = frozenset({ProviderSignal.VANISHED, ProviderSignal.UNKNOWN})


def ended(task: Task, message: str | None, at: datetime) -> Ended:
    return Ended(
        cause=ENDS[task.state],
        exit_code=None,
        signal=None,
        message=message,
        ended_at=at,
        outputs=outputs_in(task),
        usage=usage_in(task),
    )


def is_answered(handle: RunHandle) -> bool:
    return (handle.provider_run_id or "").startswith(ANSWERED)


def as_task(handle: RunHandle, reply: Message | None) -> Task:
    """An answer that came at once, as the task that it might have been."""
    lost = {"parts": [{"text": "The agent answered at once; what it said was not kept."}]}
    said = reply or message_of(lost)
    made = Artifact(id="reply", name="reply", parts=said.parts)
    return Task(
        id=id_of(handle),
        context_id=handle.run_id,
        state="TASK_STATE_COMPLETED",
        at=None,
        said=None,
        messages=(),
        all_ids=frozenset(),
        artifacts=(made,),
    )


def id_of(handle: RunHandle) -> str:
    return handle.provider_run_id or handle.run_id
