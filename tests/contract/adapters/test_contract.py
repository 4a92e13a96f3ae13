"""What domain.ports.Adapter promises, asked of every adapter that runs commands."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from domain.errors import ProviderRefused
from domain.ids import RunId
from domain.models.providers import EndCause, HealthStatus, ProviderSignal, RunHandle
from domain.ports import Adapter
from tests.contract.adapters.following import follow, follow_until, lines_of, make_order

pytestmark = pytest.mark.anyio

COUNT = "i=0; while [ $i -lt 50 ]; do echo line $i; i=$((i+1)); done; exit 4"
EXPECTED = [f"line {number}" for number in range(50)]


async def test_output_and_exit_code_are_told(adapter: Adapter, root: Path) -> None:
    """Every line in order, then how the run ended."""
    order = make_order(root, "sh", "-c", COUNT)
    dispatched = await adapter.dispatch(order)
    seen, ended = await follow(adapter, order.run_id)
    assert dispatched is not None
    assert EXPECTED == lines_of(seen)
    assert (EndCause.EXITED, 4, None) == (ended.cause, ended.exit_code, ended.signal)
    assert dispatched.started_at <= ended.ended_at


async def test_following_goes_on_from_any_position(adapter: Adapter, root: Path) -> None:
    """What is behind a position is all that comes, however often one asks."""
    order = make_order(root, "sh", "-c", f"sleep 0.05; echo a; sleep 0.1; echo b; {COUNT}")
    await adapter.dispatch(order)
    seen, ended = await follow(adapter, order.run_id)
    for index, progress in enumerate(seen):
        rest, again = await follow(adapter, order.run_id, progress.position)
        assert lines_of(seen[index + 1 :]) == lines_of(rest)
        assert ended == again


async def test_several_may_follow_at_once(adapter: Adapter, root: Path) -> None:
    """Followers do not take lines from each other."""
    order = make_order(root, "sh", "-c", f"sleep 0.1; {COUNT}")
    await adapter.dispatch(order)
    followed = await asyncio.gather(*(follow(adapter, order.run_id) for _ in range(3)))
    assert [EXPECTED] * 3 == [lines_of(seen) for seen, _ in followed]


async def test_dispatch_again_starts_nothing(adapter: Adapter, root: Path) -> None:
    """The same run id answers with the first start, while it runs and after."""
    order = make_order(root, "sh", "-c", "echo once >> marks; sleep 0.2")
    first, second = await asyncio.gather(adapter.dispatch(order), adapter.dispatch(order))
    await follow(adapter, order.run_id)
    third = await adapter.dispatch(order)
    assert first == second == third
    assert "once\n" == (root / "marks").read_text(encoding="utf-8")


async def test_cancel_ends_the_run(adapter: Adapter, root: Path) -> None:
    """A canceled run says so; a second cancel changes nothing."""
    order = make_order(root, "sh", "-c", "echo ready; exec sleep 20")
    await adapter.dispatch(order)
    await follow_until(adapter, order.run_id, "ready")
    await adapter.cancel(RunHandle(run_id=order.run_id), "enough")
    await adapter.cancel(RunHandle(run_id=order.run_id), None)
    _, ended = await follow(adapter, order.run_id)
    assert EndCause.CANCELED is ended.cause


async def test_cancel_before_start_prevents_it(adapter: Adapter, root: Path) -> None:
    """A run that was canceled first never starts."""
    order = make_order(root, "touch", "started")
    await adapter.cancel(RunHandle(run_id=order.run_id), None)
    assert await adapter.dispatch(order) is None
    assert not (root / "started").exists()


async def test_cancel_after_the_end_changes_nothing(adapter: Adapter, root: Path) -> None:
    """The end that was first is the end."""
    order = make_order(root, "sh", "-c", "exit 7")
    await adapter.dispatch(order)
    _, ended = await follow(adapter, order.run_id)
    await adapter.cancel(RunHandle(run_id=order.run_id), None)
    _, again = await follow(adapter, order.run_id)
    assert ended == again
    assert (EndCause.EXITED, 7) == (ended.cause, ended.exit_code)


async def test_what_cannot_start_is_refused(adapter: Adapter, root: Path) -> None:
    """A program that is not there is refused in words, also when asked again."""
    order = make_order(root, "no-such-program-anywhere")
    for _ in range(2):
        with pytest.raises(ProviderRefused, match="not found"):
            await adapter.dispatch(order)


async def test_working_directory_is_looked_at_again(adapter: Adapter, root: Path) -> None:
    """A folder that went away between launch and dispatch refuses the run."""
    gone = replace(make_order(root, "true"), cwd=str(root / "gone"))
    with pytest.raises(ProviderRefused):
        await adapter.dispatch(gone)


async def test_released_run_starts_no_more(adapter: Adapter, root: Path) -> None:
    """Releasing twice is fine, and a dispatch that comes late starts nothing."""
    order = make_order(root, "sh", "-c", "echo once >> marks")
    await adapter.dispatch(order)
    await follow(adapter, order.run_id)
    await adapter.release(RunHandle(run_id=order.run_id))
    await adapter.release(RunHandle(run_id=order.run_id))
    assert await adapter.dispatch(order) is None
    assert "once\n" == (root / "marks").read_text(encoding="utf-8")


async def test_unknown_run_is_lost(adapter: Adapter) -> None:
    """A run nobody knows has an end all the same."""
    seen, ended = await follow(adapter, RunId("0" * 32))
    assert [] == seen
    assert EndCause.LOST is ended.cause


async def test_health_is_told(adapter: Adapter) -> None:
    """An adapter whose provider answers is healthy."""
    assert HealthStatus.HEALTHY is (await adapter.check_health()).status


async def test_status_and_logs_may_be_asked_for(adapter: Adapter, root: Path) -> None:
    """Who does not subscribe sees the same lines, none twice, and the same end."""
    order = make_order(root, "sh", "-c", COUNT)
    await adapter.dispatch(order)
    handle = RunHandle(run_id=order.run_id)
    await follow(adapter, order.run_id)
    status = await adapter.poll_status(handle)
    assert (ProviderSignal.FAILED, 4) == (status.signal, status.exit_code)

    seen, position = [], None
    while progress := await adapter.fetch_logs(handle, position):
        seen.append(progress)
        position = progress.position
    assert EXPECTED == lines_of(seen)


async def test_a_running_run_says_so(adapter: Adapter, root: Path) -> None:
    """And one that nobody knows has vanished."""
    order = make_order(root, "sleep", "20")
    await adapter.dispatch(order)
    handle = RunHandle(run_id=order.run_id)
    assert ProviderSignal.RUNNING is (await adapter.poll_status(handle)).signal
    await adapter.cancel(handle, None)
    await follow(adapter, order.run_id)
    assert ProviderSignal.CANCELED is (await adapter.poll_status(handle)).signal
    unknown = RunHandle(run_id=RunId("0" * 32))
    assert ProviderSignal.VANISHED is (await adapter.poll_status(unknown)).signal
