"""What a score card says of an adapter that does not keep to the contract."""

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest

from domain.errors import CapabilityMissing
from domain.models.providers import (
    Capabilities,
    Dispatched,
    Health,
    HealthStatus,
    ProviderSignal,
    ProviderStatus,
)
from domain.models.secrets import Secret
from domain.services import score_card
from domain.services.score_card import score
from tests.domain.services.scripted import ManualClock

pytestmark = pytest.mark.anyio

SECRET = "s3cret-of-the-card"
ALL = Capabilities(streaming=False, cancel=True, artifacts=True, resume=True)
NONE = Capabilities(streaming=False, cancel=False, artifacts=False, resume=False)
NOW = ManualClock().now()


def answering(**answers: object) -> Any:
    """An adapter whose calls return these, or raise them."""

    def call(answer: object) -> Any:
        async def made(*_: object) -> object:
            if isinstance(answer, Exception):
                raise answer
            return answer

        return made

    right = {
        "check_health": Health(status=HealthStatus.HEALTHY, reason=None, checked_at=NOW),
        "poll_status": ProviderStatus(raw="404", signal=ProviderSignal.VANISHED),
        "lookup": None,
        "fetch_logs": None,
        "fetch_artifacts": (),
        "cancel": None,
    }
    return SimpleNamespace(**{name: call(each) for name, each in {**right, **answers}.items()})


async def failed(adapter: Any, capabilities: Capabilities = ALL) -> list[str]:
    scores = await score(adapter, capabilities, [Secret(SECRET)])
    assert 7 == len(scores)
    assert SECRET not in repr(scores)
    return [each.name for each in scores if not each.is_held]


async def test_one_that_keeps_to_the_contract_has_all() -> None:
    """Also where it can do little, and says so."""
    missing = CapabilityMissing("it")
    assert [] == await failed(answering())
    unable = answering(lookup=missing, fetch_artifacts=missing, cancel=missing)
    assert [] == await failed(unable, NONE)


@pytest.mark.parametrize(
    ("answers", "name"),
    [
        (
            {"check_health": Health(status=HealthStatus.DEGRADED, reason="so", checked_at=NOW)},
            "takes work now",
        ),
        (
            {"poll_status": ProviderStatus(raw="x", signal=ProviderSignal.FAILED)},
            "a run that nobody knows has vanished",
        ),
        (
            {
                "lookup": Dispatched(
                    provider_run_id="1", external_url=None, started_at=NOW, site=None
                )
            },
            "a run that was never sent is not found",
        ),
        ({"fetch_logs": RuntimeError("a fault")}, "its log is empty"),
        ({"cancel": CapabilityMissing("cancel")}, "to cancel it does nothing, or cannot be done"),
        ({"fetch_artifacts": (1,)}, "its artifacts are none, or cannot be had"),
    ],
)
async def test_each_fault_has_its_line(answers: dict[str, object], name: str) -> None:
    """And no other line suffers from it."""
    assert [name] == await failed(answering(**answers))


async def test_a_secret_that_is_shown_is_a_fault_and_masked() -> None:
    """Whoever prints it into an error is found out, and the card does not repeat it."""
    adapter = answering(fetch_logs=RuntimeError(f"401 for {SECRET}"))
    assert ["its log is empty", "no secret is in what it says"] == await failed(adapter)


async def test_a_question_without_an_answer_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """And counts as a fault."""
    monkeypatch.setattr(score_card, "TIMEOUT_S", 0.05)
    adapter = answering()
    adapter.lookup = lambda _: asyncio.Event().wait()
    assert ["a run that was never sent is not found"] == await failed(adapter)
