"""What an agent tells of a task, read carefully: its word may be anything.

Names and shapes are those of the A2A specification 1.0 (a2a.proto, in its JSON form).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any, Final

from adapters.http import documents
from domain.errors import ProviderUnavailable
from domain.models.providers import EndCause, ProviderSignal

SIGNALS: Final[Mapping[str, ProviderSignal]] = {
    "TASK_STATE_SUBMITTED": ProviderSignal.QUEUED,
    "TASK_STATE_WORKING": ProviderSignal.RUNNING,
    "TASK_STATE_INPUT_REQUIRED": ProviderSignal.WAITING,
    "TASK_STATE_AUTH_REQUIRED": ProviderSignal.WAITING,
    "TASK_STATE_COMPLETED": ProviderSignal.SUCCEEDED,
    "TASK_STATE_FAILED": ProviderSignal.FAILED,
    "TASK_STATE_REJECTED": ProviderSignal.FAILED,
    "TASK_STATE_CANCELED": ProviderSignal.CANCELED,
    "TASK_STATE_UNSPECIFIED": ProviderSignal.UNKNOWN,
}
"""Every state of the specification; any other word is UNKNOWN."""

ENDS: Final[Mapping[str, EndCause]] = {
    "TASK_STATE_COMPLETED": EndCause.COMPLETED,
    "TASK_STATE_FAILED": EndCause.FAILED,
    "TASK_STATE_REJECTED": EndCause.FAILED,
    "TASK_STATE_CANCELED": EndCause.CANCELED,
}

STATE_CHARACTERS_MAX: Final = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A piece of a message or an artifact. `text` is None for what is no text; `told` is all that
    the agent says of it."""

    text: str | None
    name: str | None
    media_type: str | None
    size_bytes: int | None
    told: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """What somebody said. The id is the agent's, or made of what was said where that gives none."""

    id: str
    is_agents: bool
    parts: tuple[Part, ...]

    @property
    def text(self) -> str:
        return "\n".join(shown(part) for part in self.parts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Artifact:
    """What the agent has made, so far."""

    id: str
    name: str | None
    parts: tuple[Part, ...]

    @property
    def text(self) -> str:
        return "".join(part.text for part in self.parts if part.text is not None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """A task as it was when it was told. `at` is by the agent's clock; `messages` are the agent's
    own, oldest first, each once."""

    id: str
    context_id: str | None
    state: str
    at: datetime | None
    said: Message | None
    messages: tuple[Message, ...]
    all_ids: frozenset[str]
    artifacts: tuple[Artifact, ...]
    metadata: tuple[Mapping[str, Any], ...] = ()
    """Of the task, and of what the agent said last."""

    @property
    def signal(self) -> ProviderSignal:
        return SIGNALS.get(self.state, ProviderSignal.UNKNOWN)


def shown(part: Part) -> str:
    """A part as it stands in a log."""
    if part.text is not None:
        return part.text
    return f"[{part.name or part.media_type or 'a file'}]"


def task_of(told: object) -> Task:
    """Raises ProviderUnavailable for what is no task."""
    if not isinstance(told, Mapping) or not isinstance(told.get("id"), str) or not told["id"]:
        raise ProviderUnavailable("The agent's answer is no task.")
    status = _mapping(told.get("status"))
    said = message_of(status["message"]) if status.get("message") else None
    history = [message_of(each) for each in _sequence(told.get("history"))]
    everything = {message.id: message for message in [*history, *([said] if said else [])]}
    return Task(
        id=told["id"],
        context_id=_text(told.get("contextId")),
        state=(_text(status.get("state")) or "none")[:STATE_CHARACTERS_MAX],
        at=time_of(status.get("timestamp")),
        said=said,
        messages=tuple(each for each in everything.values() if each.is_agents and each.text),
        all_ids=frozenset(everything),
        artifacts=tuple(_artifact(each) for each in _sequence(told.get("artifacts"))),
        metadata=tuple(
            _mapping(each.get("metadata")) for each in (told, _mapping(status.get("message")))
        ),
    )


def message_of(told: object) -> Message:
    fields = _mapping(told)
    parts = tuple(_part(each) for each in _sequence(fields.get("parts")))
    digest = sha256("\0".join(shown(part) for part in parts).encode("utf-8", "replace"))
    return Message(
        id=_text(fields.get("messageId")) or digest.hexdigest(),
        is_agents=fields.get("role") != "ROLE_USER",
        parts=parts,
    )


def _artifact(told: object) -> Artifact:
    fields = _mapping(told)
    parts = tuple(_part(each) for each in _sequence(fields.get("parts")))
    name = _text(fields.get("name"))
    return Artifact(id=_text(fields.get("artifactId")) or name or "", name=name, parts=parts)


def _part(told: object) -> Part:
    fields = _mapping(told)
    media_type = _text(fields.get("mediaType"))
    if "data" in fields:
        media_type = media_type or "application/json"
    return Part(
        text=_text(fields.get("text")),
        name=_text(fields.get("filename")),
        media_type=media_type,
        size_bytes=_size(fields),
        told=fields,
    )


def _size(fields: Mapping[str, Any]) -> int | None:
    """What is behind a URL has a size that nobody told."""
    match fields:
        case {"text": str(text)}:
            return len(text.encode("utf-8", "replace"))
        case {"data": told}:
            return len(documents.write(told))
        case {"raw": str(raw)}:
            return len(raw.rstrip("=")) * 3 // 4
        case _:
            return None


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _sequence(value: object) -> Sequence[Any]:
    return value if isinstance(value, list) else ()


def _text(value: object) -> str | None:
    """Text that a database and a terminal take."""
    return value.replace("\0", "\u2400") if isinstance(value, str) else None


def time_of(value: object) -> datetime | None:
    """None for what is no time with a zone."""
    try:
        at = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
    return at if at is not None and at.tzinfo is not None else None
