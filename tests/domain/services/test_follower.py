"""Following: lines and end get in once, whatever fails between."""

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, replace

import pytest

from adapters.finding import AutomatonFinder
from domain.circuit import FAILURES_TO_OPEN, FIRST_PAUSE_S, CircuitState
from domain.errors import ProviderRefused, ProviderUnavailable, StorageUnavailable
from domain.lifecycle import RunState
from domain.models.commands import CancelRun
from domain.models.events import LogsTruncated, RunSynced
from domain.models.outputs import Outputs
from domain.models.providers import EndCause, Observation, Progress, RunHandle
from domain.models.runs import FailureCode, SyncStatus
from domain.ports import UnitOfWork
from domain.redaction.redactor import MASK
from domain.services.connections import Connections
from domain.services.redactors import Redactors
from domain.services.registry import Registry
from persistence.unit_of_work import Database
from tests.domain.services.conftest import TOKEN, Desk
from tests.domain.services.scripted import ManualClock, ScriptedAdapter, ended, printed

pytestmark = pytest.mark.anyio


@dataclass
class ForgetfulStore:
    """Loses the connection once, after a commit and before its answer."""

    store: Database
    left: int

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[UnitOfWork]:
        async with self.store.transaction() as unit:
            yield unit
        self.left -= 1
        if self.left == 0:
            raise StorageUnavailable

    def snapshot(self) -> AbstractAsyncContextManager[UnitOfWork]:
        return self.store.snapshot()

    async def check(self) -> None:
        await self.store.check()


@dataclass
class Away(ScriptedAdapter):
    """Cannot be reached for some time."""

    failures: int = 1

    async def fail(self) -> None:
        raise ProviderUnavailable("away")

    async def subscribe(
        self, handle: RunHandle, position: str | None
    ) -> AsyncGenerator[Observation, None]:
        self.failures -= 1
        if self.failures >= 0:
            await self.fail()
        async for each in super().subscribe(handle, position):
            yield each


async def test_lines_and_end_are_stored_and_the_provider_may_forget(desk: Desk) -> None:
    """A run is followed to its end, its exit code kept, and released."""
    desk.adapter.script = [printed("a\nb", 1), printed("c", 2), ended(code=0)]
    followed = await desk.started()
    await desk.follower.follow(followed)
    run = await desk.run(followed.run.id)
    assert (RunState.SUCCEEDED, 0, 3) == (run.state, run.exit_code, run.log.lines)
    assert ["a", "b", "c"] == await desk.log_of(run.id)
    assert [run.id] == desk.adapter.released


async def test_an_outage_in_the_middle_is_told_and_loses_nothing(desk: Desk) -> None:
    """The run is stale meanwhile, and in sync once the provider is heard of again, from the last
    position on."""
    desk.adapter.script = [printed("a", 1), ProviderUnavailable("away"), printed("b", 3), ended()]
    followed = await desk.started()
    await desk.follower.follow(followed)
    run = await desk.run(followed.run.id)
    assert ["a", "b"] == await desk.log_of(run.id)
    assert (RunState.SUCCEEDED, SyncStatus.IN_SYNC) == (run.state, run.sync_status)
    async with desk.store.snapshot() as unit:
        facts = [event.fact for event in await unit.events.after(run.id, 0, 20)]
    synced = [(f.sync_status, f.reason) for f in facts if isinstance(f, RunSynced)]
    assert [(SyncStatus.STALE, "away"), (SyncStatus.IN_SYNC, None)] == synced


async def test_an_outage_tells_when_it_is_tried_again(desk: Desk) -> None:
    """As long as the pause before it, also of a run that was in doubt before; the first reason
    stands, and nothing is left of it once the provider streams."""
    busy, gone = ProviderUnavailable("busy", retry_after_s=90), ProviderUnavailable("gone")
    desk.adapter.script = [busy, printed("a", 2), gone, printed("b", 4), ended()]
    followed = await desk.started()
    stale = replace(followed.run, sync_status=SyncStatus.STALE, degraded_reason="away")
    async with desk.store.transaction() as unit:
        await unit.runs.change(followed.run, stale, [], actor=None, at=desk.clock.now())
    pauses: list[tuple[float, float | None, str | None]] = []

    class Watched(ManualClock):
        async def sleep(self, seconds: float) -> None:
            run = await desk.run(followed.run.id)
            due = run.next_reconcile_at
            shown = None if due is None else (due - self.now()).total_seconds()
            pauses.append((seconds, shown, run.degraded_reason))
            await super().sleep(seconds)

    clock = Watched()
    circuits = replace(desk.follower.circuits, clock=clock)
    follower = replace(desk.follower, clock=clock, circuits=circuits)
    await follower.follow(replace(followed, run=stale))
    assert [(90, 90, "away"), (0.5, 0.5, "gone")] == pauses
    assert None is (await desk.run(followed.run.id)).next_reconcile_at


async def test_doubt_that_another_node_left_is_cleared(desk: Desk) -> None:
    """Whoever takes over a stale run tells when the provider is heard of, not only at its end."""
    followed = await desk.started()
    stale = replace(followed.run, sync_status=SyncStatus.STALE, degraded_reason="away")
    async with desk.store.transaction() as unit:
        await unit.runs.change(followed.run, stale, [], actor=None, at=desk.clock.now())
    desk.adapter.script = [printed("a", 1), ended()]
    await desk.follower.follow(replace(followed, run=stale))
    async with desk.store.snapshot() as unit:
        facts = [event.fact for event in await unit.events.after(followed.run.id, 0, 20)]
    assert [SyncStatus.IN_SYNC] == [f.sync_status for f in facts if isinstance(f, RunSynced)]
    assert None is (await desk.run(followed.run.id)).degraded_reason


@pytest.mark.parametrize("commit", [1, 2, 3])
async def test_a_commit_whose_answer_is_lost_is_not_done_twice(desk: Desk, commit: int) -> None:
    """Each line is stored once and the provider told to forget, though nobody heard of a commit:
    of the first lines, of the last, or of the end."""
    desk.adapter.script = [printed("a\nb", 1), printed("c", 2), ended()]
    followed = await desk.started()
    store = ForgetfulStore(desk.store, commit)
    await replace(desk.follower, store=store).follow(followed)
    run = await desk.run(followed.run.id)
    assert ["a", "b", "c"] == await desk.log_of(run.id)
    assert (RunState.SUCCEEDED, [run.id]) == (run.state, desk.adapter.released)


async def test_another_node_goes_on_where_this_one_stopped(desk: Desk) -> None:
    """What this node still sends after losing its lease is not stored."""
    desk.adapter.script = [printed("a", 1), printed("b", 2), ended()]
    followed = await desk.started()
    async with desk.store.transaction() as unit:
        await unit.intents.release_node(desk.dispatcher.node)
    await desk.follower.follow(followed)
    run = await desk.run(followed.run.id)
    assert (RunState.RUNNING, 0) == (run.state, run.log.lines)


async def test_secrets_are_masked_before_they_are_stored(desk: Desk) -> None:
    """The server's own token does not get into the log, and is counted."""
    desk.adapter.script = [printed(f"token={TOKEN}", 1), ended()]
    followed = await desk.started()
    await desk.follower.follow(followed)
    assert [f"token={MASK}"] == await desk.log_of(followed.run.id)
    assert 1 == (await desk.run(followed.run.id)).log.redactions


async def test_a_secret_that_is_new_holds_from_the_next_line_on(desk: Desk) -> None:
    """A run that is being followed is masked by what is known now, not when it started."""
    desk.adapter.script = [printed("sesame-open", 1), printed("sesame-open", 2), ended()]
    followed = await desk.started()
    redactors = Redactors([], AutomatonFinder)

    class Knowing(ForgetfulStore):
        @asynccontextmanager
        async def transaction(self) -> AsyncIterator[UnitOfWork]:
            async with self.store.transaction() as unit:
                yield unit
            await redactors.know(desk.project.id, ["sesame-open"])

    await replace(desk.follower, store=Knowing(desk.store, 0), redactors=redactors).follow(followed)
    assert ["sesame-open", MASK] == await desk.log_of(followed.run.id)


async def test_a_secret_that_comes_while_a_line_is_stored_masks_it(desk: Desk) -> None:
    """The line is masked anew: whoever masks what is stored may have gone over the log before."""
    desk.adapter.script = [printed("sesame-open", 1), ended()]
    followed = await desk.started()
    redactors = Redactors([], AutomatonFinder)

    class Knowing(ForgetfulStore):
        @asynccontextmanager
        async def transaction(self) -> AsyncIterator[UnitOfWork]:
            async with self.store.transaction() as unit:
                self.left -= 1
                if self.left == 0:
                    await redactors.know(desk.project.id, ["sesame-open"])
                yield unit

    store = Knowing(desk.store, 1)
    await replace(desk.follower, store=store, redactors=redactors).follow(followed)
    assert [MASK] == await desk.log_of(followed.run.id)
    assert 1 == (await desk.run(followed.run.id)).log.redactions


async def test_what_a_provider_says_is_masked(desk: Desk) -> None:
    """Why a run is stale, and how it ended."""
    desk.adapter.script = [ProviderUnavailable(f"no {TOKEN}"), ProviderRefused(f"bad {TOKEN}")]
    followed = await desk.started()
    await desk.follower.follow(followed)
    run = await desk.run(followed.run.id)
    assert run.failure is not None
    assert f"bad {MASK}" == run.failure.message
    async with desk.store.snapshot() as unit:
        facts = [event.fact for event in await unit.events.after(run.id, 0, 20)]
    assert f"no {MASK}" in [fact.reason for fact in facts if isinstance(fact, RunSynced)]


async def test_a_cap_is_told_once(desk: Desk) -> None:
    """Truncated output is an event and a mark on the run."""
    cut = Progress(outputs=printed("a", 1).outputs, position="1", truncated=True)
    desk.adapter.script = [cut, ended(EndCause.OUTPUT_LIMIT, None)]
    followed = await desk.started()
    await desk.follower.follow(followed)
    run = await desk.run(followed.run.id)
    assert (RunState.FAILED, True) == (run.state, run.log.truncated)
    async with desk.store.snapshot() as unit:
        facts = [event.fact for event in await unit.events.after(run.id, 0, 20)]
    assert [1] == [f.kept_lines for f in facts if isinstance(f, LogsTruncated)]


async def test_a_provider_that_refuses_to_tell_more_ends_the_run(desk: Desk) -> None:
    """It is asked no more, and the run fails with its reason; what was told before is kept."""
    desk.adapter.script = [printed("a", 1), ProviderRefused("no such position")]
    followed = await desk.started()
    await desk.follower.follow(followed)
    run = await desk.run(followed.run.id)
    assert run.failure is not None
    assert (RunState.FAILED, FailureCode.PROVIDER_ERROR, "no such position", 1) == (
        run.state,
        run.failure.code,
        run.failure.message,
        run.log.lines,
    )


async def test_outputs_are_stored_without_secrets(desk: Desk) -> None:
    """With the end, whichever kind of provider tells it."""
    outputs = Outputs(values={"url": f"https://x/{TOKEN}", "ok": True})
    desk.adapter.script = [replace(ended(code=1), outputs=outputs)]
    followed = await desk.started()
    await desk.follower.follow(followed)
    run = await desk.run(followed.run.id)
    assert (RunState.FAILED, {"url": f"https://x/{MASK}", "ok": True}) == (run.state, run.outputs)


async def test_a_stream_that_stops_before_the_end_is_asked_again(desk: Desk) -> None:
    """A provider that falls silent is taken for one that is away, with a wait before each try."""
    desk.adapter.script = [printed("a", 1)]
    followed = await desk.started()

    async def tell_the_end(seconds: float) -> None:
        desk.adapter.script.append(ended())
        await ManualClock.sleep(desk.clock, seconds)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(desk.clock, "sleep", tell_the_end)
        await desk.follower.follow(followed)
    assert RunState.SUCCEEDED is (await desk.run(followed.run.id)).state
    assert 1 == len(desk.clock.slept)


async def test_a_cancel_asked_before_is_passed_on_after(desk: Desk) -> None:
    """Whoever follows a run finds the request in the database, however it came there."""
    followed = await desk.started()
    await desk.launcher.cancel(CancelRun(run_id=followed.run.id), desk.caller)
    desk.adapter.script = [printed("a", 1), ended(EndCause.CANCELED, None)]
    await desk.follower.follow(followed)
    assert RunState.CANCELED is (await desk.run(followed.run.id)).state


async def test_a_provider_that_is_away_is_left_alone_by_who_listens(desk: Desk) -> None:
    """After several failures, whoever met them, nobody opens a stream until it is time to try
    again; the run is in doubt meanwhile, and in step once the provider is back."""
    followed = await desk.started()
    away = Away(clock=desk.clock, script=[printed("back", 1), ended()])
    for _ in range(FAILURES_TO_OPEN - 1):
        with pytest.raises(ProviderUnavailable):
            await desk.follower.circuits.ask(away, followed.run.project_id, away.fail)
    connections = Connections(registry=Registry([away]))
    await replace(desk.follower, connections=connections).follow(followed)
    run = await desk.run(followed.run.id)
    assert (RunState.SUCCEEDED, SyncStatus.IN_SYNC) == (run.state, run.sync_status)
    assert [CircuitState.OPEN, CircuitState.CLOSED] == desk.meter.circuits
    assert FIRST_PAUSE_S == sum(desk.clock.slept)
    assert ["follow"] == desk.meter.failures


async def test_a_stream_without_end_is_kept_up_to_a_bound(desk: Desk) -> None:
    """What comes beyond is not stored, which is told once; the end is seen all the same."""
    desk.adapter.sites = frozenset()
    desk.adapter.script = [*(printed("x" * 99, number + 1) for number in range(50)), ended()]
    followed = await desk.started()
    limits = replace(desk.follower.limits, output_bytes_max=1000)
    await replace(desk.follower, limits=limits).follow(followed)
    run = await desk.run(followed.run.id)
    assert (RunState.SUCCEEDED, 10, True) == (run.state, run.log.lines, run.log.truncated)
    async with desk.store.snapshot() as unit:
        facts = [event.fact for event in await unit.events.after(run.id, 0, 99)]
    assert 1 == len([fact for fact in facts if isinstance(fact, LogsTruncated)])


async def test_what_lies_beside_us_is_bounded_there(desk: Desk) -> None:
    """Its own bound ends it, and all that came before that is kept."""
    desk.adapter.script = [*(printed("x" * 99, number + 1) for number in range(20)), ended()]
    followed = await desk.started()
    limits = replace(desk.follower.limits, output_bytes_max=1000)
    await replace(desk.follower, limits=limits).follow(followed)
    run = await desk.run(followed.run.id)
    assert (20, False) == (run.log.lines, run.log.truncated)
