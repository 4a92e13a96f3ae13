"""Runs: what is written is read, one of many writers wins, pages are stable."""

import asyncio
from dataclasses import replace

import pytest

from domain.ids import ProjectId, RunId
from domain.lifecycle import RunState
from domain.models.events import (
    LogsTruncated,
    RunAnswered,
    RunAsked,
    RunCancelRequested,
    RunDispatched,
    RunFact,
    RunOutputsRefused,
    RunRerouted,
    RunStateChanged,
    RunSynced,
)
from domain.models.intents import Lease
from domain.models.outputs import OutputsFault
from domain.models.pages import RunFilter, Window
from domain.models.providers import EnvProfile
from domain.models.runs import FailureCode, LogStats, Run, RunFailure, RunKind, SyncStatus
from domain.topics import run_topic
from tests.contract.store.scene import NODE, NOW, Scene, later

pytestmark = pytest.mark.anyio


async def test_a_run_is_read_as_it_was_written(scene: Scene) -> None:
    """Every field comes back, texts of all kinds, absent ones as None."""
    first, _ = await scene.queued()
    full, _ = await scene.queued(
        kind=RunKind.PROMPT,
        requested_provider="cloud",
        fallback_reason="cloud is down",
        command=("printf", "%s", "'ä' \"b\"", ""),
        prompt="Ünïcode\n\t\\ %_ 😀",
        env_profile=EnvProfile.CI,
        tool_scopes=("read", "edit"),
        reason="because",
        state=RunState.FAILED,
        failure=RunFailure(code=FailureCode.SIGNALED, message="it died"),
        exit_code=-9,
        provider_run_id="x1",
        provider_status_raw="dead",
        external_url="https://example.org/x1",
        sync_status=SyncStatus.STALE,
        degraded_reason="no answer",
        cancel_requested_at=later(1),
        cancel_reason="enough",
        retry_of=first.id,
        token_maker=scene.actor.id,
        started_at=later(2),
        finished_at=later(3.000001),
    )

    assert full == await scene.stored(full)
    assert 1 == full.sequence
    assert ("printf", "%s", "'ä' \"b\"", "") == full.command
    assert later(3.000001) == full.finished_at


async def test_every_fact_is_read_as_it_was_written(scene: Scene) -> None:
    """Facts of each kind keep their fields, sequence, time and actor."""
    run, _ = await scene.queued()
    failure = RunFailure(code=FailureCode.LOST, message="gone")
    facts: list[RunFact] = [
        RunDispatched(provider_run_id="x", external_url=None),
        RunCancelRequested(reason="enough"),
        RunSynced(sync_status=SyncStatus.ERROR, reason="no answer", raw="???"),
        RunAsked(question="Red?"),
        RunAnswered(question="Red?"),
        RunRerouted(provider="local", reason="away"),
        RunOutputsRefused(code=OutputsFault.TOO_LARGE, message="too much"),
        LogsTruncated(kept_lines=5, limit_bytes=1000),
        RunStateChanged(from_state=RunState.QUEUED, to_state=RunState.FAILED, failure=failure),
    ]
    async with scene.store.transaction() as unit:
        after = replace(run, state=RunState.FAILED, failure=failure)
        changed = await unit.runs.change(run, after, facts, actor=scene.actor.id, at=later(5))

    events = await scene.after(run, 1)

    assert changed is not None
    assert 10 == changed.sequence
    assert facts == [event.fact for event in events]
    assert [2, 3, 4, 5, 6, 7, 8, 9, 10] == [event.sequence for event in events]
    assert {(scene.actor.id, later(5))} == {(event.actor_id, event.at) for event in events}


async def test_log_and_sequence_are_never_written_from_the_value(scene: Scene) -> None:
    """Only `truncated` is taken from the value's log; counts stay as the database counted them."""
    run, _ = await scene.queued()
    after = replace(
        run, sequence=77, log=LogStats(lines=9, bytes=9, redactions=9, truncated=True), reason="no"
    )
    async with scene.store.transaction() as unit:
        changed = await unit.runs.change(run, after, [], actor=None, at=NOW)

    assert replace(run, log=LogStats(truncated=True)) == changed
    assert changed == await scene.stored(run)


async def cancel(scene: Scene, run: Run, reason: str) -> Run | None:
    fact = RunCancelRequested(reason=reason)
    async with scene.store.transaction() as unit:
        found = await unit.runs.get(run.id)
        assert found is not None
        await asyncio.sleep(0)
        after = replace(run, cancel_requested_at=NOW, cancel_reason=reason)
        return await unit.runs.change(run, after, [fact], actor=scene.actor.id, at=NOW)


async def test_of_twenty_cancels_one_wins(scene: Scene) -> None:
    """Also where the state stays the same: the others are told that somebody was first."""
    run, _ = await scene.started()

    answers = await asyncio.gather(*(cancel(scene, run, f"{n}") for n in range(20)))

    won = [answer for answer in answers if answer is not None]
    assert 1 == len(won)
    assert [won[0]] == [await scene.stored(run)]
    assert [RunCancelRequested(reason=won[0].cancel_reason)] == [
        event.fact for event in await scene.after(run, 2)
    ]


async def test_a_change_of_another_state_is_refused_whole(scene: Scene) -> None:
    """A finish that comes second neither changes the run nor leaves an event."""
    run, _ = await scene.started()
    ends = (RunState.SUCCEEDED, RunState.CANCELED)

    async def end(state: RunState) -> Run | None:
        fact = RunStateChanged(from_state=run.state, to_state=state)
        async with scene.store.transaction() as unit:
            after = replace(run, state=state, finished_at=NOW)
            return await unit.runs.change(run, after, [fact], actor=None, at=NOW)

    answers = [answer for answer in await asyncio.gather(*map(end, ends)) if answer is not None]

    assert 1 == len(answers)
    assert answers[0] == await scene.stored(run)
    assert 3 == len(await scene.after(run))


async def test_no_update_is_lost(scene: Scene) -> None:
    """Those who read, add and write at the same time, and start over when overtaken, all count."""
    run, _ = await scene.started()
    writers, rounds = 5, 6

    async def add_one() -> bool:
        async with scene.store.transaction() as unit:
            found = await unit.runs.get(run.id)
            assert found is not None
            await asyncio.sleep(0)
            count = int(found.provider_status_raw or "0") + 1
            after = replace(found, provider_status_raw=f"{count}")
            return await unit.runs.change(found, after, [], actor=None, at=NOW) is not None

    async def write() -> None:
        for _ in range(rounds):
            while not await add_one():
                pass

    await asyncio.gather(*(write() for _ in range(writers)))

    assert f"{writers * rounds}" == (await scene.stored(run)).provider_status_raw


async def test_a_leased_change_needs_the_lease(scene: Scene) -> None:
    """An older fence, a freed lease or another run's intent change nothing."""
    run, lease = await scene.started()
    _, other = await scene.started()
    after = replace(run, provider_status_raw="seen")

    async def change(with_lease: Lease) -> Run | None:
        async with scene.store.transaction() as unit:
            return await unit.runs.change(run, after, [], actor=None, at=NOW, lease=with_lease)

    refused = [await change(replace(lease, fence=lease.fence - 1)), await change(other)]
    accepted = await change(lease)
    async with scene.store.transaction() as unit:
        await unit.intents.release_node(NODE)
    freed = await change(lease)

    assert [None, None] == refused
    assert accepted is not None
    assert None is freed


async def test_runs_are_paged_newest_first(scene: Scene) -> None:
    """Every run once, over pages of any size; the key is the id before which a page begins."""
    made = [(await scene.queued())[0] for _ in range(5)]
    seen: list[RunId] = []
    async with scene.store.snapshot() as unit:
        while page := await unit.runs.page(
            scene.project.id, RunFilter(), Window(limit=2, after=seen[-1] if seen else None)
        ):
            seen += [run.id for run in page]

    assert [run.id for run in reversed(made)] == seen


@pytest.mark.parametrize(
    ("run_filter", "expected"),
    [
        (RunFilter(states=(RunState.BLOCKED, RunState.RUNNING)), ["blocked"]),
        (RunFilter(providers=("cloud",)), ["cloud"]),
        (RunFilter(created_after=NOW), ["late"]),
        (RunFilter(created_before=later(1)), ["cloud", "blocked", "plain"]),
        (RunFilter(command_contains="log --one"), ["late", "blocked", "plain"]),
        (RunFilter(command_contains="100%_"), ["cloud"]),
        (RunFilter(command_contains="GIT"), []),
        (RunFilter(providers=("cloud",), states=(RunState.BLOCKED,)), []),
    ],
)
async def test_runs_are_filtered(scene: Scene, run_filter: RunFilter, expected: list[str]) -> None:
    """Every given field must match; text is taken as it is, with no wildcard and its case."""
    await scene.queued(reason="plain")
    await scene.queued(reason="blocked", state=RunState.BLOCKED)
    await scene.queued(reason="cloud", provider="cloud", command=("echo", "100%_"))
    await scene.queued(reason="late", created_at=later(9))

    async with scene.store.snapshot() as unit:
        page = await unit.runs.page(scene.project.id, run_filter, Window(limit=10))

    assert expected == [run.reason for run in page]


async def test_the_queue_is_counted_per_project_and_provider(scene: Scene) -> None:
    """The position counts older queued runs only; a run that is not queued has none."""
    first, _ = await scene.queued(created_at=later(1))
    await scene.queued(provider="cloud")
    running, _ = await scene.started()
    second, _ = await scene.queued(created_at=later(1))

    async with scene.store.snapshot() as unit:
        positions = [await unit.runs.queue_position(run) for run in (first, running, second)]

    assert [1, None, 2] == positions


async def test_retries_are_found_by_their_origin(scene: Scene) -> None:
    """Oldest first; a run that nobody retried has none."""
    run, _ = await scene.queued()
    retries = [(await scene.queued(retry_of=run.id))[0] for _ in range(2)]

    async with scene.store.snapshot() as unit:
        assert retries == await unit.runs.retries(run.id)
        assert [] == await unit.runs.retries(retries[0].id)


async def test_many_are_got_at_once(scene: Scene) -> None:
    """By id, those that exist; none asked, none given."""
    runs = [(await scene.queued())[0] for _ in range(3)]

    async with scene.store.snapshot() as unit:
        found = await unit.runs.get_many([*(run.id for run in runs), RunId("absent")])
        assert {run.id: run for run in runs} == found
        assert {} == await unit.runs.get_many([])
        assert None is await unit.runs.get(RunId("absent"))


async def test_whoever_follows_the_run_is_woken(scene: Scene) -> None:
    """A change wakes its stream without being asked to."""
    run, _ = await scene.queued()
    scene.woken.clear()

    await cancel(scene, run, "enough")

    assert [frozenset({run_topic(run.id)})] == scene.woken


async def test_outputs_are_read_as_they_were_written(scene: Scene) -> None:
    """In their order, with every kind of value that JSON has; a new run has none."""
    run, _ = await scene.started()
    outputs: dict[str, object] = {"z": "ä\u0000€", "a": [1, -2.5, True, None, {"b": []}], "": {}}
    async with scene.store.transaction() as unit:
        assert await unit.runs.change(run, replace(run, outputs=outputs), [], actor=None, at=NOW)
    stored = await scene.stored(run)
    assert ({}, list(outputs.items())) == (run.outputs, list(stored.outputs.items()))
    async with scene.store.transaction() as unit:
        after = replace(stored, exit_code=0)
        assert await unit.runs.change(stored, after, [], actor=None, at=NOW)


async def test_a_run_is_found_by_its_providers_name(scene: Scene) -> None:
    """The first of that name, of this project and provider alone; no name is none."""
    first, _ = await scene.queued(provider="far", provider_run_id="7")
    await scene.queued(provider="far", provider_run_id="7")
    await scene.queued(provider="farther", provider_run_id="8")
    await scene.queued(provider="far", provider_run_id="")
    async with scene.store.transaction() as unit:
        found = [
            await unit.runs.named_by_provider(scene.project.id, provider, name)
            for provider, name in (("far", "7"), ("far", "8"), ("farther", "8"), ("far", ""))
        ]
    assert (first.id, None, None) == (found[0], found[1], found[3])
    assert found[2] is not None
    async with scene.store.transaction() as unit:
        assert None is await unit.runs.named_by_provider(ProjectId("another"), "far", "7")


async def test_two_who_were_told_the_same_name_come_one_after_the_other(scene: Scene) -> None:
    """The second finds what the first has written, however close they are."""
    runs = [(await scene.queued(provider="far"))[0] for _ in range(8)]

    async def take(run: Run) -> bool:
        async with scene.store.transaction() as unit:
            if await unit.runs.named_by_provider(scene.project.id, "far", "7") is not None:
                return False
            await asyncio.sleep(0.01)
            named = replace(run, provider_run_id="7")
            return await unit.runs.change(run, named, [], actor=None, at=NOW) is not None

    assert [True] == [won for won in await asyncio.gather(*map(take, runs)) if won]
