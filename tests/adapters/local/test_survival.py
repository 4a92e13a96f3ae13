"""Whoever dies: lines stay whole, no run starts twice, every run has an end."""

import asyncio
import json
import os
import random
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from adapters.local import processes
from adapters.local.adapter import LocalAdapter
from domain.ids import RunId
from domain.models.providers import EndCause, RunHandle, WorkOrder
from tests.adapters.local.making import is_alive, make_adapter, until
from tests.contract.adapters.following import follow, follow_until, lines_of, make_order

pytestmark = pytest.mark.anyio

SERVER = """
import asyncio, sys
from pathlib import Path
from domain.models.providers import RunHandle
from tests.adapters.local.making import make_adapter
from tests.contract.adapters.following import make_order

async def main():
    adapter = make_adapter(Path(sys.argv[1]))
    order = make_order(Path(sys.argv[2]), *sys.argv[4:], run_id=sys.argv[3])
    await adapter.dispatch(order)
    async for observation in adapter.subscribe(RunHandle(run_id=order.run_id), None):
        print(observation.position, flush=True)

asyncio.run(main())
"""
PRINTER = "for i in range({count}): print('line', i, flush=True); time.sleep(0.0005)"


def serve(spool: Path, order: WorkOrder) -> "subprocess.Popen[str]":
    """A server in a process of its own: dispatches, follows, prints the positions it reached."""
    return subprocess.Popen(
        [sys.executable, "-c", SERVER, str(spool), order.root_path, order.run_id, *order.command],
        cwd=Path(__file__).parents[3],
        stdout=subprocess.PIPE,
        text=True,
    )


async def kill_supervisor(adapter: LocalAdapter) -> None:
    """As the machine would when it is out of memory."""
    pid = int((await adapter._client.ask("check"))["pid"])
    os.kill(pid, signal.SIGKILL)
    await until(lambda: not is_alive(pid))


@pytest.mark.parametrize("seed", range(3))
async def test_run_survives_the_server(root: Path, tmp_path: Path, seed: int) -> None:
    """KILL the server while a run prints: the next one sees every line once from the position the
    first had reached, and the exit code."""
    count = 800
    program = f"import time\n{PRINTER.format(count=count)}\nraise SystemExit(42)"
    order = make_order(root, sys.executable, "-c", program)
    server = serve(tmp_path / "spool", order)
    assert server.stdout is not None
    position = None
    for _ in range(random.Random(seed).randint(1, 20)):
        position = await asyncio.to_thread(server.stdout.readline)
    assert position is not None
    server.kill()
    server.wait()
    server.stdout.close()
    adapter = make_adapter(tmp_path / "spool")
    rest, ended = await follow(adapter, order.run_id, position)
    whole, _ = await follow(adapter, order.run_id)
    await adapter.close()
    expected = [f"line {number}" for number in range(count)]
    assert expected == lines_of(whole)
    assert expected[-len(lines_of(rest)) :] == lines_of(rest)
    printed = "".join(f"{line}\n" for line in lines_of(rest))
    assert json.loads(position)["out"] + len(printed) == sum(len(line) + 1 for line in expected)
    assert (EndCause.EXITED, 42) == (ended.cause, ended.exit_code)


async def test_end_without_a_server_is_kept(root: Path, tmp_path: Path) -> None:
    """The exit code is known although no server was there when the run ended, and its timeout
    would have been kept."""
    order = make_order(root, "sh", "-c", "echo ready; sleep 0.3; exit 5")
    server = serve(tmp_path / "spool", order)
    assert server.stdout is not None
    await asyncio.to_thread(server.stdout.readline)
    server.kill()
    server.wait()
    server.stdout.close()
    await until((tmp_path / "spool" / order.run_id / "exit").exists)
    adapter = make_adapter(tmp_path / "spool")
    _, ended = await follow(adapter, order.run_id)
    await adapter.close()
    assert (EndCause.EXITED, 5) == (ended.cause, ended.exit_code)


async def test_run_without_its_supervisor_is_lost(adapter: LocalAdapter, root: Path) -> None:
    """KILL the supervisor: the run is followed to its end, which nobody can know."""
    script = "echo one; until [ -e go ]; do sleep 0.01; done; echo two"
    order = make_order(root, "sh", "-c", script)
    await adapter.dispatch(order)
    await follow_until(adapter, order.run_id, "one")
    await kill_supervisor(adapter)
    following = asyncio.create_task(follow(adapter, order.run_id))
    assert await adapter.dispatch(order) is not None
    (root / "go").touch()
    seen, ended = await following
    assert ["one", "two"] == lines_of(seen)
    assert (EndCause.LOST, None, None) == (ended.cause, ended.exit_code, ended.signal)


async def test_follower_outlives_the_supervisor(adapter: LocalAdapter, root: Path) -> None:
    """Who follows while the supervisor is killed hears of the end all the same."""
    order = make_order(root, "sh", "-c", "echo one; exec sleep 0.5")
    await adapter.dispatch(order)
    following = asyncio.create_task(follow(adapter, order.run_id))
    await follow_until(adapter, order.run_id, "one")
    await kill_supervisor(adapter)
    seen, ended = await following
    assert ["one"] == lines_of(seen)
    assert EndCause.LOST is ended.cause


async def test_adopted_run_can_be_canceled(adapter: LocalAdapter, root: Path) -> None:
    """A run whose supervisor was killed still obeys, children and all."""
    order = make_order(root, "sh", "-c", "sleep 60 & echo child $!; wait")
    await adapter.dispatch(order)
    await follow_until(adapter, order.run_id, "child")
    await kill_supervisor(adapter)
    await adapter.cancel(RunHandle(run_id=order.run_id), None)
    seen, ended = await follow(adapter, order.run_id)
    assert EndCause.CANCELED is ended.cause
    assert not is_alive(int(lines_of(seen)[0].split()[1]))


async def test_start_of_the_machine_loses_runs(
    adapter: LocalAdapter, root: Path, tmp_path: Path
) -> None:
    """A run started under another boot of the machine is lost at once, not taken for whoever has
    its pid now, and not started again."""
    order = make_order(root, "sh", "-c", "echo once >> marks")
    folder = tmp_path / "spool" / order.run_id
    folder.mkdir()
    limits = {"timeout_s": 60, "grace_s": 1, "output_bytes_max": 100, "at": 1.0}
    stranger = await asyncio.create_subprocess_exec("sleep", "60")
    ticks = processes.start_ticks_of(stranger.pid)
    started = {"pid": stranger.pid, "ticks": ticks, "boot": "another"}
    (folder / "order").write_text(json.dumps(limits), encoding="utf-8")
    (folder / "started").write_text(json.dumps(started), encoding="utf-8")
    assert await adapter.dispatch(order) is not None
    _, ended = await follow(adapter, order.run_id)
    assert EndCause.LOST is ended.cause
    assert is_alive(stranger.pid)
    stranger.kill()
    await stranger.wait()
    assert not (root / "marks").exists()


@pytest.mark.parametrize("is_running", [True, False])
async def test_crash_between_order_and_start_doubles_nothing(
    adapter: LocalAdapter, root: Path, tmp_path: Path, *, is_running: bool
) -> None:
    """Where it is not known whether a process was started, it is looked for, never started anew."""
    order = make_order(root, "sh", "-c", "echo once >> marks; exec sleep 60")
    if is_running:
        await adapter.dispatch(order)
        await until((root / "marks").exists)
        await kill_supervisor(adapter)
        (tmp_path / "spool" / order.run_id / "started").unlink()
    else:
        folder = tmp_path / "spool" / order.run_id
        folder.mkdir()
        (folder / "order").write_text('{"at": 1.0}', encoding="utf-8")
    again = await adapter.dispatch(order)
    assert again is not None
    assert is_running == (again.provider_run_id != "0")
    await adapter.cancel(RunHandle(run_id=order.run_id), None)
    _, ended = await follow(adapter, order.run_id)
    assert (EndCause.CANCELED if is_running else EndCause.LOST) is ended.cause
    assert is_running == (root / "marks").exists()
    if is_running:
        assert "once\n" == (root / "marks").read_text(encoding="utf-8")


@pytest.mark.parametrize("days", [1, 31])
async def test_what_nobody_released_goes_in_the_end(
    adapter: LocalAdapter, root: Path, tmp_path: Path, days: int
) -> None:
    """A server that dies between storing an end and releasing the run leaves it for a month."""
    order = make_order(root, "true")
    await adapter.dispatch(order)
    await follow(adapter, order.run_id)
    folder = tmp_path / "spool" / order.run_id
    then = (folder / "exit").stat().st_mtime - days * 24 * 3600
    os.utime(folder / "exit", (then, then))
    await kill_supervisor(adapter)
    await adapter.check_health()
    assert (days < 30) == folder.exists()


async def test_folder_without_an_order_is_no_start(
    adapter: LocalAdapter, root: Path, tmp_path: Path
) -> None:
    """A crash before the order was written leaves a run that may start."""
    order = make_order(root, "true")
    (tmp_path / "spool" / order.run_id).mkdir()
    (tmp_path / "spool" / order.run_id / "order").write_text("{", encoding="utf-8")
    assert await adapter.dispatch(order) is not None
    _, ended = await follow(adapter, order.run_id)
    assert EndCause.EXITED is ended.cause


async def test_many_runs_at_once(adapter: LocalAdapter, root: Path) -> None:
    """Forty runs side by side keep their lines and codes to themselves."""

    async def one(number: int) -> tuple[list[str], int | None]:
        order = make_order(root, "sh", "-c", f"echo {number}; exit {number}")
        await adapter.dispatch(order)
        seen, ended = await follow(adapter, order.run_id)
        return lines_of(seen), ended.exit_code

    results = await asyncio.gather(*(one(number) for number in range(40)))
    assert [([str(number)], number) for number in range(40)] == results


async def test_nonsense_does_not_stop_the_supervisor(adapter: LocalAdapter) -> None:
    """A request that cannot be understood is answered, and so is the next."""
    before = await adapter._client.ask("check")
    writer = await adapter._client._connected()
    writer.write(b'[]\n{"op":"start"}\n{"op":"watch","run_id":"../x"}\nnonsense\n{"op":1}\n')
    assert before["pid"] == (await adapter._client.ask("check"))["pid"]
    _, ended = await follow(adapter, RunId("1" * 32))
    assert EndCause.LOST is ended.cause
