"""Programs that try to outlive their run: by leaving its group, its session, its environment."""

from pathlib import Path

import pytest

from adapters.local.adapter import LocalAdapter
from domain.models.providers import EndCause, RunHandle
from tests.adapters.local.making import is_alive, until
from tests.contract.adapters.following import follow, make_order

pytestmark = pytest.mark.anyio

STUBBORN = "env -i setsid sh -c 'trap \"\" TERM; echo $$ > pid; while :; do sleep 0.1; done'"


def written_pid(root: Path) -> int:
    """What the program has said of itself; 0 before it has."""
    path = root / "pid"
    return int(path.read_text() or 0) if path.exists() else 0


@pytest.mark.parametrize(
    "command",
    [
        pytest.param(f"{STUBBORN} > /dev/null 2>&1 & wait", id="known by its parent alone"),
        pytest.param(f"({STUBBORN} &); sleep 60", id="an orphan that can still print"),
    ],
)
async def test_cancel_finds_what_shed_every_mark(
    adapter: LocalAdapter, root: Path, command: str
) -> None:
    """A session of its own, no environment and a deaf ear for TERM do not save a program."""
    order = make_order(root, "sh", "-c", command)
    await adapter.dispatch(order)
    await until(lambda: bool(written_pid(root)))
    await adapter.cancel(RunHandle(run_id=order.run_id), None)
    _, ended = await follow(adapter, order.run_id)
    assert (EndCause.CANCELED, False) == (ended.cause, is_alive(written_pid(root)))


async def test_nothing_prints_behind_the_end(adapter: LocalAdapter, root: Path) -> None:
    """A leftover that holds the run's output ends with its leader, whatever else it has shed."""
    order = make_order(root, "sh", "-c", f"({STUBBORN} &); until [ -s pid ]; do sleep 0.01; done")
    await adapter.dispatch(order)
    _, ended = await follow(adapter, order.run_id)
    assert (EndCause.EXITED, False) == (ended.cause, is_alive(written_pid(root)))
