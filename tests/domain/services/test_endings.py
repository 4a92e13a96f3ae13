"""The end of a run: stored with what it printed last, and mostly without reading the run."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from adapters.finding import AutomatonFinder
from domain.lifecycle import RunState
from domain.models.events import RunCancelRequested, RunStateChanged
from domain.models.logs import LogBatch
from domain.models.providers import Progress
from domain.models.runs import SyncStatus
from domain.ports import UnitOfWork
from domain.redaction.redactor import MASK
from domain.services.redactors import Redactors
from tests.domain.services.conftest import Desk
from tests.domain.services.scripted import ended, printed
from tests.domain.services.test_follower import ForgetfulStore

pytestmark = pytest.mark.anyio


class Counting(ForgetfulStore):
    """How often it is read, and how often it is written to."""

    reads = 0
    writes = 0

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[UnitOfWork]:
        async with super().transaction() as unit:
            yield unit
        self.writes += 1

    @asynccontextmanager
    async def snapshot(self) -> AsyncIterator[UnitOfWork]:
        self.reads += 1
        async with super().snapshot() as unit:
            yield unit


def last(text: str, position: int) -> Progress:
    return replace(printed(text, position), is_last=True)


async def test_the_last_lines_are_stored_with_the_end(desk: Desk) -> None:
    """In one transaction, before it; nothing is read for that but by who watches for a cancel."""
    desk.adapter.script = [printed("a", 1), last("b", 2), ended(code=3)]
    followed, store = await desk.started(), Counting(desk.store, 0)
    await replace(desk.follower, store=store).follow(followed)
    run = await desk.run(followed.run.id)
    assert (RunState.FAILED, 3, 2) == (run.state, run.exit_code, run.log.lines)
    assert (2, 1) == (store.writes, store.reads)
    async with desk.store.snapshot() as unit:
        facts = [event.fact for event in await unit.events.after(run.id, 0, 20)]
    assert [LogBatch, LogBatch, RunStateChanged] == [type(fact) for fact in facts[-3:]]


async def test_where_nothing_lies_at_a_site_lines_come_first(desk: Desk) -> None:
    """Their number is bounded there as they come."""
    desk.adapter.script = [last("a", 1), ended()]
    followed, store = await desk.started(), Counting(desk.store, 0)
    away = replace(followed, intent=replace(followed.intent, site=None))
    await replace(desk.follower, store=store).follow(away)
    assert ["a"] == await desk.log_of(followed.run.id)
    assert 2 == store.writes


@pytest.mark.parametrize("commit", [1, 2])
async def test_an_end_whose_answer_is_lost_is_stored_once(desk: Desk, commit: int) -> None:
    """Nor is a line of it stored twice, whichever commit nobody heard of."""
    desk.adapter.script = [printed("a", 1), last("b", 2), ended()]
    followed = await desk.started()
    await replace(desk.follower, store=ForgetfulStore(desk.store, commit)).follow(followed)
    assert ["a", "b"] == await desk.log_of(followed.run.id)
    assert RunState.SUCCEEDED is (await desk.run(followed.run.id)).state


async def test_a_run_that_was_doubted_meanwhile_is_read_for_its_end(desk: Desk) -> None:
    """By another node, say: nothing is left of the doubt, and its lines are stored once."""
    followed = await desk.started()
    stale = replace(followed.run, sync_status=SyncStatus.STALE, degraded_reason="away")
    async with desk.store.transaction() as unit:
        await unit.runs.change(followed.run, stale, [], actor=None, at=desk.clock.now())
    desk.adapter.script = [last("a", 1), ended()]
    await desk.follower.follow(followed)
    run = await desk.run(followed.run.id)
    assert (RunState.SUCCEEDED, SyncStatus.IN_SYNC, None, 1) == (
        run.state,
        run.sync_status,
        run.degraded_reason,
        run.log.lines,
    )


async def test_a_cancel_that_came_too_late_stays_to_be_seen(desk: Desk) -> None:
    """The program has ended by itself: the request is on record, and the end is what it was."""
    followed = await desk.started()
    asked = replace(followed.run, cancel_requested_at=desk.clock.now(), cancel_reason="enough")
    told = RunCancelRequested(reason="enough")
    async with desk.store.transaction() as unit:
        await unit.runs.change(followed.run, asked, [told], actor=None, at=desk.clock.now())
    desk.adapter.script = [last("a", 1), ended()]
    await desk.follower.follow(followed)
    run = await desk.run(followed.run.id)
    assert (RunState.SUCCEEDED, "enough", 1) == (run.state, run.cancel_reason, run.log.lines)


async def test_a_secret_that_comes_with_the_end_masks_the_last_lines(desk: Desk) -> None:
    """They are masked anew, and the end is stored with that."""
    desk.adapter.script = [last("sesame-open", 1), ended()]
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
    assert RunState.SUCCEEDED is (await desk.run(followed.run.id)).state
