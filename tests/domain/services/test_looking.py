"""What a polled run prints: kept once, to its end, within bounds, and masked."""

from dataclasses import replace
from datetime import timedelta

import pytest

from domain.errors import (
    CapabilityMissing,
    ProviderRefused,
    ProviderUnavailable,
)
from domain.lifecycle import RunState
from domain.models.events import LogsTruncated
from domain.models.providers import Progress, ProviderSignal
from domain.models.runs import SyncStatus
from domain.reconciliation import LOG_TRIES_MAX
from domain.redaction.redactor import MASK
from tests.domain.services.conftest import TOKEN, Desk
from tests.domain.services.polling import events, handed_over, look
from tests.domain.services.scripted import printed, word

pytestmark = pytest.mark.anyio

RUNNING = word(ProviderSignal.RUNNING)
SUCCEEDED = word(ProviderSignal.SUCCEEDED)


async def test_what_a_provider_says_is_masked(far: Desk) -> None:
    """Its word, its reasons, its question and its log."""
    far.adapter.words = [
        word(ProviderSignal.WAITING, f"waits {TOKEN}", question=f"is it {TOKEN}?"),
        ProviderUnavailable(f"no {TOKEN}"),
        word(ProviderSignal.FAILED, message=f"bad {TOKEN}"),
    ]
    far.adapter.pages = [printed(f"key={TOKEN}", 1)]
    run = await handed_over(far)
    await look(far)
    asking = await far.run(run.id)
    assert asking.question is not None
    assert (f"waits {MASK}", f"is it {MASK}?") == (
        asking.provider_status_raw,
        asking.question.text,
    )
    await look(far)
    assert f"no {MASK}" == (await far.run(run.id)).degraded_reason
    await look(far)
    after = await far.run(run.id)
    assert after.failure is not None
    assert f"bad {MASK}" == after.failure.message
    assert [f"key={MASK}"] == await far.log_of(run.id)


async def test_what_no_database_takes_is_made_fit(far: Desk) -> None:
    """A provider's word may hold anything, and be of any length."""
    far.adapter.words = [
        word(ProviderSignal.WAITING, "wa\0it" + "s" * 1000, question="\0or \ud800?" + "x" * 9999),
        ProviderUnavailable("no\0"),
    ]
    run = await handed_over(far)
    await look(far)
    after = await far.run(run.id)
    assert after.question is not None
    assert ("wa\u2400its", 200) == (
        (after.provider_status_raw or "")[:6],
        len(after.provider_status_raw or ""),
    )
    assert ("\u2400or ??", 4000) == (after.question.text[:6], len(after.question.text))
    await look(far)
    assert "no\u2400" == (await far.run(run.id)).degraded_reason


async def test_the_log_of_the_server_tells_no_secret(
    far: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    """Whatever a provider says, and whatever fails: a line names its project too."""
    caplog.set_level("INFO")
    run = await far.launch()
    far.adapter.answers = [ProviderUnavailable(f"not sent {TOKEN}", is_unsent=True)]
    for _ in range(2):
        far.clock.time += timedelta(hours=1)
        [claimed] = await far.dispatcher.claim()
        await far.dispatcher.dispatch(claimed)
    far.adapter.words = [ProviderUnavailable(f"not seen {TOKEN}"), RUNNING]
    await look(far)
    far.adapter.pages = [ProviderRefused(f"not read {TOKEN}")]
    await look(far)
    said = [(line.getMessage(), getattr(line, "project", None)) for line in caplog.records]
    told = [(text, project) for text, project in said if MASK in text]
    assert 3 == len(told)
    assert {run.project_id} == {project for _, project in told}
    assert TOKEN not in caplog.text


async def test_an_end_waits_for_its_log(far: Desk) -> None:
    """What cannot be read now is read later, and only then it has ended."""
    far.adapter.words = [SUCCEEDED]
    far.adapter.pages = [printed("a", 1), ProviderUnavailable("away"), printed("b", 3)]
    run = await handed_over(far)
    await look(far)
    stale = await far.run(run.id)
    assert (RunState.RUNNING, SyncStatus.STALE, 1) == (
        stale.state,
        stale.sync_status,
        stale.log.lines,
    )
    await look(far)
    assert RunState.SUCCEEDED is (await far.run(run.id)).state
    assert ["a", "b"] == await far.log_of(run.id)


async def test_an_end_does_not_wait_for_its_log_for_ever(far: Desk) -> None:
    """After some tries it has ended without the rest, which is told."""
    far.adapter.words = [SUCCEEDED]
    run = await handed_over(far)

    async def gone(*_: object) -> None:
        raise ProviderUnavailable("gone")

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(far.adapter, "fetch_logs", gone)
        looks = 0
        while (await far.run(run.id)).is_active:
            looks += await look(far)
    after = await far.run(run.id)
    assert (LOG_TRIES_MAX, RunState.SUCCEEDED, True) == (looks, after.state, after.log.truncated)
    assert any(isinstance(event.fact, LogsTruncated) for event in await events(far, run))


@pytest.mark.parametrize("error", [CapabilityMissing("logs"), ProviderRefused("no log here")])
async def test_a_run_may_have_no_log(far: Desk, error: Exception) -> None:
    """Which is no reason not to end."""
    far.adapter.words, far.adapter.pages = [SUCCEEDED], [error]  # type: ignore[list-item]
    run = await handed_over(far)
    await look(far)
    assert RunState.SUCCEEDED is (await far.run(run.id)).state


async def test_a_long_log_is_read_in_several_looks(far: Desk) -> None:
    """Page by page, at once again while there is more, and the end comes behind the last line."""
    far.adapter.words = [SUCCEEDED]
    far.adapter.pages = [printed(f"line {number}", number + 1) for number in range(100)]
    run = await handed_over(far)
    assert 1 == await look(far, wait_s=0)
    assert RunState.RUNNING is (await far.run(run.id)).state
    for _ in range(3):
        assert 1 == await look(far, wait_s=0.01)
    assert RunState.SUCCEEDED is (await far.run(run.id)).state
    assert 100 == len(await far.log_of(run.id))


async def test_a_log_that_leads_nowhere_holds_up_no_end(far: Desk) -> None:
    """Positions that go on without a line, for ever."""
    far.adapter.words = [SUCCEEDED]
    far.adapter.pages = [Progress(outputs=(), position=str(number + 1)) for number in range(500)]
    run = await handed_over(far)
    await look(far)
    assert RunState.SUCCEEDED is (await far.run(run.id)).state


async def test_a_log_has_a_bound(far: Desk) -> None:
    """What is more is not fetched, and the run is followed on to its end."""
    recorder = far.engine.reconciler.looker.recorder
    limits = replace(recorder.limits, output_bytes_max=10)
    looker = replace(far.engine.reconciler.looker, recorder=replace(recorder, limits=limits))
    far.engine.reconciler.looker = looker
    far.adapter.pages = [printed("0123456", number + 1) for number in range(9)]
    run = await handed_over(far)
    await look(far)
    far.adapter.words = [SUCCEEDED]
    await look(far)
    after = await far.run(run.id)
    assert (2, True, RunState.SUCCEEDED) == (after.log.lines, after.log.truncated, after.state)
    told = [event for event in await events(far, run) if isinstance(event.fact, LogsTruncated)]
    assert 1 == len(told)
