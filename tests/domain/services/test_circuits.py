"""Asking a provider: in time, not while it is away, each project for itself."""

import asyncio
from collections.abc import AsyncGenerator
from datetime import timedelta

import pytest

from domain.circuit import FAILURES_TO_OPEN, CircuitState
from domain.errors import ProviderLeftAlone, ProviderRefused, ProviderUnavailable
from domain.ids import ProjectId
from domain.models.project_events import ProjectProviderHealthChanged
from domain.models.providers import ProviderKind
from domain.redaction.redactor import MASK
from domain.services.circuits import Circuits
from tests.domain.services.conftest import TOKEN, Desk

pytestmark = pytest.mark.anyio

GONE = ProviderUnavailable(f"gone with {TOKEN}")


async def answer() -> str:
    return "here"


async def fail() -> str:
    raise GONE


async def refuse() -> str:
    raise ProviderRefused("no")


async def hang() -> str:
    await asyncio.Event().wait()
    return "never"


@pytest.fixture
def circuits(far: Desk) -> Circuits:
    """Those that the desk's provider is asked through."""
    return far.dispatcher.circuits


async def told(desk: Desk) -> list[tuple[CircuitState, str | None]]:
    """What the project has heard."""
    async with desk.store.snapshot() as unit:
        events = await unit.project_events.after(desk.project.id, 0, 99)
    facts = [e.fact for e in events if isinstance(e.fact, ProjectProviderHealthChanged)]
    return [(fact.circuit, fact.reason) for fact in facts]


async def fail_often(desk: Desk, circuits: Circuits) -> None:
    for _ in range(FAILURES_TO_OPEN):
        with pytest.raises(ProviderUnavailable):
            await circuits.ask(desk.adapter, desk.project.id, fail)


async def test_no_answer_in_time_is_no_answer(far: Desk, circuits: Circuits) -> None:
    """And whether it was received is not known."""
    with pytest.raises(ProviderUnavailable, match="No answer within") as error:
        await circuits.ask(far.adapter, far.project.id, hang, 0.01)
    assert not error.value.is_unsent


async def test_who_fails_often_is_left_alone_and_tried_again(far: Desk, circuits: Circuits) -> None:
    """The project is told of both, without secrets; nothing is sent meanwhile."""
    await fail_often(far, circuits)
    with pytest.raises(ProviderLeftAlone) as error:
        await circuits.ask(far.adapter, far.project.id, answer)
    assert error.value.is_unsent
    far.clock.time += timedelta(seconds=(error.value.retry_after_s or 0) + 1)
    assert CircuitState.HALF_OPEN is circuits.state(far.project.id, far.adapter.key)
    assert "here" == await circuits.ask(far.adapter, far.project.id, answer)
    reason = f"gone with {MASK}"
    assert [(CircuitState.OPEN, reason), (CircuitState.CLOSED, None)] == await told(far)


async def test_a_refusal_is_an_answer(far: Desk, circuits: Circuits) -> None:
    """Whoever says no is there."""
    for _ in range(2 * FAILURES_TO_OPEN):
        with pytest.raises(ProviderRefused):
            await circuits.ask(far.adapter, far.project.id, refuse)
    assert CircuitState.CLOSED is circuits.state(far.project.id, far.adapter.key)


async def test_one_projects_outage_is_its_own(far: Desk, circuits: Circuits) -> None:
    """Another may reach the same provider elsewhere, by another config."""
    await fail_often(far, circuits)
    assert "here" == await circuits.ask(far.adapter, ProjectId("other"), answer)


async def test_this_machine_is_always_asked(far: Desk, circuits: Circuits) -> None:
    """There is no network in between."""
    far.adapter.kind = ProviderKind.LOCAL
    await fail_often(far, circuits)
    assert "here" == await circuits.ask(far.adapter, far.project.id, answer)
    assert [] == await told(far)


async def words(*given: str | Exception) -> AsyncGenerator[str, None]:
    for each in given:
        if isinstance(each, Exception):
            raise each
        yield each


async def heard(desk: Desk, circuits: Circuits, *given: str | Exception) -> list[str]:
    """What is heard of a stream."""
    told = circuits.listen(desk.adapter, desk.project.id, words(*given))
    return [word async for word in told]


async def test_a_stream_is_asked_for_as_anything_else(far: Desk, circuits: Circuits) -> None:
    """One that cannot be had is an outage; one that was not opened is not even tried."""
    for _ in range(FAILURES_TO_OPEN):
        with pytest.raises(ProviderUnavailable):
            await heard(far, circuits, GONE)
    with pytest.raises(ProviderLeftAlone) as error:
        await heard(far, circuits, "here")
    assert error.value.is_unsent
    far.clock.time += timedelta(seconds=(error.value.retry_after_s or 0) + 1)
    assert ["here", "there"] == await heard(far, circuits, "here", "there")
    assert CircuitState.CLOSED is circuits.state(far.project.id, far.adapter.key)


async def test_the_first_word_of_a_stream_is_its_answer(far: Desk, circuits: Circuits) -> None:
    """While it goes on it says nothing more of who cannot be reached; when it breaks it does."""
    for _ in range(FAILURES_TO_OPEN - 1):
        with pytest.raises(ProviderUnavailable):
            await circuits.ask(far.adapter, far.project.id, fail)
    stream = circuits.listen(far.adapter, far.project.id, words("one", "two", GONE))
    assert "one" == await anext(stream)
    await fail_often(far, circuits)
    assert "two" == await anext(stream)
    assert CircuitState.OPEN is circuits.state(far.project.id, far.adapter.key)
    with pytest.raises(ProviderUnavailable):
        await anext(stream)


async def test_a_stream_that_was_refused_or_is_empty_is_an_answer(
    far: Desk, circuits: Circuits
) -> None:
    """Whoever says no, or nothing, is there."""
    for _ in range(FAILURES_TO_OPEN):
        with pytest.raises(ProviderRefused):
            await heard(far, circuits, ProviderRefused("no"))
        assert [] == await heard(far, circuits)
    assert CircuitState.CLOSED is circuits.state(far.project.id, far.adapter.key)


async def test_streams_of_this_machine_are_always_heard(far: Desk, circuits: Circuits) -> None:
    """However often something here fails."""
    far.adapter.kind = ProviderKind.LOCAL
    for _ in range(2 * FAILURES_TO_OPEN):
        with pytest.raises(ProviderUnavailable):
            await heard(far, circuits, GONE)
    assert ["here"] == await heard(far, circuits, "here")
