"""The harmless part of what an adapter has to hold, asked of a live provider.

The whole of it is the conformance suite, which starts runs and breaks connections.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass
from typing import Final

from domain.errors import CapabilityMissing, ProviderRefused, WorkbenchError
from domain.ids import RunId
from domain.models.providers import (
    Capabilities,
    Health,
    HealthStatus,
    ProviderSignal,
    ProviderStatus,
    RunHandle,
)
from domain.models.secrets import Secret
from domain.ports import Adapter

TIMEOUT_S: Final = 30.0
"""For each question: none may be left without an answer."""
NOBODYS: Final = RunId("0" * 32)


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """One line of the card. `told` is what the provider said of it."""

    name: str
    is_held: bool
    told: str


@dataclass(frozen=True, slots=True)
class _Heard:
    """What came of a question."""

    answer: object = None
    error: Exception | None = None

    @property
    def text(self) -> str:
        match self:
            case _Heard(error=WorkbenchError() as error):
                return error.message
            case _Heard(error=Exception() as error):
                return f"{type(error).__name__}: {error}"
            case _Heard(answer=Health(status=status, reason=reason)):
                return f"{status}: {reason}" if reason else status
            case _Heard(answer=ProviderStatus(raw=raw, signal=signal)):
                return f"{signal} ({raw})"
            case _:
                return "nothing" if not self.answer else str(self.answer)


_Judge = Callable[[_Heard], bool]


async def score(
    adapter: Adapter, capabilities: Capabilities, secrets: Collection[Secret]
) -> list[Score]:
    """Ask about the provider itself, and about a run that there is none of."""
    handle = RunHandle(run_id=NOBODYS, provider_run_id=NOBODYS)
    able = capabilities
    questions: list[tuple[str, Awaitable[object], _Judge]] = [
        ("takes work now", adapter.check_health(), _is_well),
        ("a run that nobody knows has vanished", adapter.poll_status(handle), _has_vanished),
        ("a run that was never sent is not found", adapter.lookup(NOBODYS), _is_none_or_unable),
        ("its log is empty", adapter.fetch_logs(handle, None), _is_nothing),
        (
            "its artifacts are none, or cannot be had",
            adapter.fetch_artifacts(handle),
            _is_nothing if able.artifacts else _is_unable,
        ),
        (
            "to cancel it does nothing, or cannot be done",
            adapter.cancel(handle, None),
            _is_nothing if able.cancel else _is_unable,
        ),
    ]
    heard = [(name, await _hear(question), judge) for name, question, judge in questions]
    scores = [Score(name=name, is_held=judge(h), told=h.text) for name, h, judge in heard]
    return [*(_masked(each, secrets) for each in scores), _secrecy(scores, secrets)]


async def _hear(question: Awaitable[object]) -> _Heard:
    try:
        async with asyncio.timeout(TIMEOUT_S):
            return _Heard(answer=await question)
    except Exception as error:  # noqa: BLE001 - whatever an adapter raises is a line of its card
        return _Heard(error=error)


def _is_well(heard: _Heard) -> bool:
    return isinstance(heard.answer, Health) and heard.answer.status is HealthStatus.HEALTHY


def _has_vanished(heard: _Heard) -> bool:
    answer = heard.answer
    return isinstance(answer, ProviderStatus) and answer.signal is ProviderSignal.VANISHED


def _is_unable(heard: _Heard) -> bool:
    return isinstance(heard.error, CapabilityMissing)


def _is_none_or_unable(heard: _Heard) -> bool:
    return _is_unable(heard) or (heard.error is None and heard.answer is None)


def _is_nothing(heard: _Heard) -> bool:
    """Or a refusal: some providers tell of an unknown run only by its status."""
    return isinstance(heard.error, ProviderRefused) or (heard.error is None and not heard.answer)


def _secrecy(scores: Collection[Score], secrets: Collection[Secret]) -> Score:
    told = " ".join(each.told for each in scores)
    shown = sum(secret.reveal() in told for secret in secrets)
    return Score(
        name="no secret is in what it says",
        is_held=not shown,
        told=f"{shown} of {len(secrets)} secrets are shown",
    )


def _masked(each: Score, secrets: Collection[Secret]) -> Score:
    told = each.told
    for secret in secrets:
        told = told.replace(secret.reveal(), "********")
    return Score(name=each.name, is_held=each.is_held, told=" ".join(told.split()))
