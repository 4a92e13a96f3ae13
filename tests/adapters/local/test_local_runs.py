"""Real programs on this machine: how they are started, stopped, limited and told of."""

import asyncio
import json
import os
import signal
import stat
import sys
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path

import pytest

from adapters.local.adapter import LocalAdapter
from domain.errors import InvalidInput, ProviderRefused
from domain.models.providers import EndCause, Ended, EnvProfile, LogStream, Progress, RunHandle
from tests.adapters.local.making import is_alive, make_adapter, until
from tests.contract.adapters.following import follow, follow_until, lines_of, make_order

pytestmark = pytest.mark.anyio


async def run(adapter: LocalAdapter, root: Path, *command: str) -> tuple[list[Progress], Ended]:
    order = make_order(root, *command)
    await adapter.dispatch(order)
    return await follow(adapter, order.run_id)


async def test_no_shell_reads_the_arguments(adapter: LocalAdapter, root: Path) -> None:
    """What a shell would act on arrives as it is, whatever characters it has."""
    arguments = ["$HOME", "`id`", "a; touch pwned", "*", "", "ä€😀", "'\"\\", "a\nb"]
    program = "import sys, json; print(json.dumps(sys.argv[1:]))"
    seen, _ = await run(adapter, root, sys.executable, "-c", program, *arguments)
    assert arguments == json.loads(lines_of(seen)[0])
    assert not (root / "pwned").exists()


async def test_outputs_are_told_apart(adapter: LocalAdapter, root: Path) -> None:
    """What went to the error stream says so, and input is empty."""
    seen, _ = await run(adapter, root, "sh", "-c", "echo out; echo err >&2; cat; echo end")
    assert ["out", "end"] == lines_of(seen)
    assert ["err"] == lines_of(seen, LogStream.STDERR)


async def test_bad_bytes_are_made_safe(adapter: LocalAdapter, root: Path) -> None:
    """NUL and bytes that are no UTF-8 come as characters that can be stored and shown."""
    seen, _ = await run(adapter, root, "printf", r"a\000b\377c\r\n\342\202\254")
    assert ["a\u2400b\ufffdc", "€"] == lines_of(seen)


async def test_megabyte_line_comes_whole(adapter: LocalAdapter, root: Path) -> None:
    """A line of 1 MiB without an end comes in pieces that add up."""
    seen, _ = await run(adapter, root, sys.executable, "-c", "print('€' * 350_000, end='')")
    assert "€" * 350_000 == "".join(lines_of(seen))


@pytest.mark.parametrize("profile", EnvProfile)
async def test_environment_is_the_profile(
    adapter: LocalAdapter, root: Path, profile: EnvProfile
) -> None:
    """A program sees its profile and no more; its home exists."""
    order = make_order(root, "sh", "-c", 'env; cd "$HOME" && echo home-is-there', profile=profile)
    await adapter.dispatch(order)
    seen, _ = await follow(adapter, order.run_id)
    lines = lines_of(seen)
    assert f"WORKBENCH_RUN_ID={order.run_id}" in lines
    assert ("CI=true" in lines) == (profile is EnvProfile.CI)
    assert ("HOME=/" in lines) == (profile is not EnvProfile.MINIMAL)
    assert "home-is-there" in lines
    assert not [line for line in lines if "hidden" in line]


async def test_signals_and_umask_are_as_usual(adapter: LocalAdapter, root: Path) -> None:
    """A run ignores no signal because the supervisor does, and makes files as anybody."""
    seen, _ = await run(adapter, root, "sh", "-c", "grep SigIgn /proc/self/status; umask")
    mask = os.umask(0)
    os.umask(mask)
    ignored, own_mask = lines_of(seen)
    assert f"{mask:04o}" == own_mask
    # Signals 32 and 33 are the C library's own and ignored by its spawn.
    assert 0 == int(ignored.split()[1], 16) & 0x7FFFFFFF


async def test_spool_is_private(adapter: LocalAdapter, root: Path, tmp_path: Path) -> None:
    """Nobody else may read what a run prints; what was ordered is not written down."""
    order = make_order(root, "echo", "argument-of-the-run")
    await adapter.dispatch(order)
    await follow(adapter, order.run_id)
    folder = tmp_path / "spool" / order.run_id
    modes = {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()}
    assert (0o700, {0o600}) == (stat.S_IMODE(folder.stat().st_mode), modes)
    assert "argument" not in (folder / "order").read_text(encoding="utf-8")


async def test_cancel_kills_grandchildren_that_ignore_term(
    adapter: LocalAdapter, root: Path
) -> None:
    """Children of children die too: asked first, and killed after the grace."""
    stubborn = "trap '' TERM; (trap '' TERM; sleep 60) & echo child $!; sleep 60"
    order = make_order(root, "sh", "-c", f'sh -c "{stubborn.replace("$", chr(92) + "$")}" & wait')
    await adapter.dispatch(order)
    await follow_until(adapter, order.run_id, "child")
    await adapter.cancel(RunHandle(run_id=order.run_id), None)
    seen, ended = await follow(adapter, order.run_id)
    pid = int(lines_of(seen)[0].split()[1])
    assert EndCause.CANCELED is ended.cause
    assert not is_alive(pid)


async def test_leftovers_die_with_their_leader(adapter: LocalAdapter, root: Path) -> None:
    """What a run leaves behind ends with it, also what left its group, its session and its
    parent; the exit code is the leader's."""
    escape = (
        "setsid sh -c 'echo away $$; exec sleep 60' & sleep 60 & echo stay $!; sleep 0.2; exit 9"
    )
    seen, ended = await run(adapter, root, "sh", "-c", escape)
    pids = [int(line.split()[1]) for line in lines_of(seen)]
    assert 2 == len(pids)
    assert [False, False] == [is_alive(pid) for pid in pids]
    assert (EndCause.EXITED, 9) == (ended.cause, ended.exit_code)


async def test_term_lets_a_program_say_farewell(adapter: LocalAdapter, root: Path) -> None:
    """A program that ends well on TERM is canceled all the same, its last words kept."""
    program = "trap 'echo bye; exit 0' TERM; echo ready; while :; do sleep 0.01; done"
    order = make_order(root, "sh", "-c", program)
    await adapter.dispatch(order)
    await follow_until(adapter, order.run_id, "ready")
    await adapter.cancel(RunHandle(run_id=order.run_id), None)
    seen, ended = await follow(adapter, order.run_id)
    assert ["ready", "bye"] == lines_of(seen)
    assert (EndCause.CANCELED, 0) == (ended.cause, ended.exit_code)


async def test_cancel_racing_the_exit_has_one_winner(adapter: LocalAdapter, root: Path) -> None:
    """Either it ended by itself or it was canceled, and everybody hears the same."""
    orders = [make_order(root, "sh", "-c", "exit 3") for _ in range(20)]
    for index, order in enumerate(orders):
        await adapter.dispatch(order)
        await asyncio.sleep(index * 0.0002)
        first, _, second = await asyncio.gather(
            follow(adapter, order.run_id),
            adapter.cancel(RunHandle(run_id=order.run_id), None),
            follow(adapter, order.run_id),
        )
        assert first == second
        assert first[1].cause in {EndCause.EXITED, EndCause.CANCELED}
        assert (first[1].cause is EndCause.CANCELED) or first[1].exit_code == 3


async def test_cancel_after_the_exit_is_too_late(root: Path, tmp_path: Path) -> None:
    """A program that has left by itself is not canceled, although what it left behind still is
    being cleared away."""
    adapter = make_adapter(tmp_path / "spool", grace_s=1.0)
    order = make_order(root, "sh", "-c", "(trap '' TERM; echo up; sleep 60) & sleep 0.1; exit 3")
    dispatched = await adapter.dispatch(order)
    assert dispatched is not None
    await follow_until(adapter, order.run_id, "up")
    await until(lambda: not is_alive(int(dispatched.provider_run_id)))
    await adapter.cancel(RunHandle(run_id=order.run_id), None)
    _, ended = await follow(adapter, order.run_id)
    await adapter.close()
    assert (EndCause.EXITED, 3) == (ended.cause, ended.exit_code)


async def test_timeout_ends_the_run(adapter: LocalAdapter, root: Path) -> None:
    """A run that takes too long is stopped, and what it printed is kept."""
    order = make_order(root, "sh", "-c", "echo begun; exec sleep 60", timeout_ms=200)
    await adapter.dispatch(order)
    seen, ended = await follow(adapter, order.run_id)
    assert ["begun"] == lines_of(seen)
    assert (EndCause.TIMED_OUT, signal.SIGTERM) == (ended.cause, ended.signal)


async def test_output_cap_ends_the_run(adapter: LocalAdapter, root: Path) -> None:
    """A run that prints too much is stopped; exactly what fits is delivered, and this is told."""
    order = make_order(root, "sh", "-c", "yes 1234567", output_bytes_max=100_004)
    await adapter.dispatch(order)
    seen, ended = await follow(adapter, order.run_id)
    assert ["1234567"] * (100_004 // 8) == lines_of(seen)
    assert [*[False] * (len(seen) - 1), True] == [progress.truncated for progress in seen]
    assert EndCause.OUTPUT_LIMIT is ended.cause


async def test_output_cap_holds_for_a_quick_end(adapter: LocalAdapter, root: Path) -> None:
    """Printing too much and leaving at once is no way round the cap."""
    order = make_order(root, "sh", "-c", "echo 1; echo 22222222", output_bytes_max=5)
    await adapter.dispatch(order)
    seen, ended = await follow(adapter, order.run_id)
    assert ["1"] == lines_of(seen)
    assert (EndCause.OUTPUT_LIMIT, 0) == (ended.cause, ended.exit_code)


async def test_signal_is_no_exit_code(adapter: LocalAdapter, root: Path) -> None:
    """Killed by KILL and leaving with 137 are different ends."""
    _, killed = await run(adapter, root, "sh", "-c", "kill -9 $$")
    _, left = await run(adapter, root, "sh", "-c", "exit 137")
    assert (EndCause.SIGNALED, None, 9) == (killed.cause, killed.exit_code, killed.signal)
    assert (EndCause.EXITED, 137, None) == (left.cause, left.exit_code, left.signal)


async def test_two_servers_on_one_spool_start_once(
    adapter: LocalAdapter, root: Path, tmp_path: Path
) -> None:
    """Two adapters that dispatch the same run at the same moment, with no supervisor yet, start
    one supervisor and one process."""
    other = make_adapter(tmp_path / "spool")
    order = make_order(root, "sh", "-c", "echo once >> marks")
    first, second = await asyncio.gather(adapter.dispatch(order), other.dispatch(order))
    _, ended = await follow(other, order.run_id)
    await other.close()
    assert first == second
    assert EndCause.EXITED is ended.cause
    assert "once\n" == (root / "marks").read_text(encoding="utf-8")
    assert adapter.sites == other.sites


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("no-such-program", "not found"),
        ("./missing", "not found"),
        ("./plain", "not executable"),
        ("./bare", "cannot be started"),
        (".", "not executable"),
    ],
)
async def test_program_that_cannot_start(
    adapter: LocalAdapter, root: Path, name: str, message: str
) -> None:
    """Each says why, and leaves nothing that looks like a start."""
    (root / "plain").touch(mode=0o644)
    (root / "bare").touch(mode=0o755)
    (root / "bare").write_text("no interpreter named\n", encoding="utf-8")
    order = make_order(root, name)
    with pytest.raises(ProviderRefused, match=message):
        await adapter.dispatch(order)
    assert not (root.parent / "spool" / order.run_id).exists()


@pytest.mark.parametrize("argument", ["x" * 1024 * 1024, "x" * 20 * 1024 * 1024, "a\0b"])
async def test_arguments_that_cannot_pass(adapter: LocalAdapter, root: Path, argument: str) -> None:
    """Arguments too long for the system, or with a NUL, refuse the run and nothing else."""
    with pytest.raises(ProviderRefused):
        await adapter.dispatch(make_order(root, "echo", argument))
    seen, _ = await run(adapter, root, "echo", "next")
    assert ["next"] == lines_of(seen)


async def test_prompt_is_not_for_this_machine(adapter: LocalAdapter, root: Path) -> None:
    """A prompt without a command is refused."""
    with pytest.raises(ProviderRefused):
        await adapter.dispatch(replace(make_order(root), prompt="Do something"))


async def test_program_is_found_in_the_runs_own_path(adapter: LocalAdapter, root: Path) -> None:
    """PROJECT finds the program in the project's folder, DEFAULT does not."""
    (root / ".venv/bin").mkdir(parents=True)
    tool = root / ".venv/bin/own-tool"
    tool.write_text("#!/bin/sh\necho mine\n", encoding="utf-8")
    tool.chmod(0o755)
    order = make_order(root, "own-tool", profile=EnvProfile.PROJECT)
    await adapter.dispatch(order)
    seen, _ = await follow(adapter, order.run_id)
    assert ["mine"] == lines_of(seen)
    with pytest.raises(ProviderRefused):
        await adapter.dispatch(make_order(root, "own-tool"))


def test_working_directory_stays_inside(adapter: LocalAdapter, root: Path) -> None:
    """Links are followed before it is decided."""
    (root / "sub").mkdir()
    (root / "file").touch()
    (root / "inside").symlink_to(root / "sub")
    (root / "outside").symlink_to("/etc")
    real = root.resolve()
    assert str(real) == adapter.resolve_cwd(str(root), None)
    for inside in ("sub", "inside", str(root / "sub"), "sub/../inside"):
        assert str(real / "sub") == adapter.resolve_cwd(str(root), inside)
    for outside in ("..", "/etc", "outside", "sub/../..", "file", "missing", "a\0b", "x" * 5000):
        with pytest.raises(InvalidInput):
            adapter.resolve_cwd(str(root), outside)


@pytest.mark.parametrize("target", ["/etc", "other"])
async def test_folder_swapped_for_a_link_is_noticed(
    adapter: LocalAdapter, root: Path, target: str
) -> None:
    """A folder replaced by a link after the launch leads neither out of the root nor elsewhere in
    it: the run was decided on for the folder that was shown."""
    (root / "other").mkdir()
    (root / "sub").symlink_to(target)
    with pytest.raises(ProviderRefused):
        await adapter.dispatch(replace(make_order(root, "pwd"), cwd=f"{root}/sub"))


async def test_deep_spool_works(root: Path, tmp_path: Path) -> None:
    """A spool whose path is longer than a socket's name may be."""
    deep = make_adapter(tmp_path / ("d" * 100) / ("e" * 100))
    seen, _ = await run(deep, root, "echo", "deep")
    await deep.close()
    assert ["deep"] == lines_of(seen)


async def test_lines_come_while_the_run_goes_on(adapter: LocalAdapter, root: Path) -> None:
    """A line is seen before the program ends, which here waits for it to be."""
    order = make_order(root, "sh", "-c", "echo one; until [ -e go ]; do sleep 0.01; done; echo two")
    await adapter.dispatch(order)
    seen: list[Progress] = []
    async with aclosing(adapter.subscribe(RunHandle(run_id=order.run_id), None)) as stream:
        async for observation in stream:
            if isinstance(observation, Progress):
                seen.append(observation)
                (root / "go").touch()
    assert ["one", "two"] == lines_of(seen)


async def test_supervisor_leaves_when_nobody_needs_it(
    adapter: LocalAdapter, root: Path, tmp_path: Path
) -> None:
    """Without clients and runs it goes, and the next request starts another."""
    first = await adapter._client.ask("check")
    await adapter.close()
    await until(lambda: not is_alive(first["pid"]))
    assert not (tmp_path / "spool" / "supervisor-1.sock").exists()
    seen, _ = await run(adapter, root, "echo", "again")
    assert ["again"] == lines_of(seen)


async def test_the_last_lines_say_that_the_end_is_next(adapter: LocalAdapter, root: Path) -> None:
    """So that both may be stored at once; what comes before them says nothing of it."""
    order = make_order(root, "seq", "400000")
    await adapter.dispatch(order)
    _, end = await follow(adapter, order.run_id)
    progress, again = await follow(adapter, order.run_id)
    assert end == again
    assert len(progress) > 1
    assert [False] * (len(progress) - 1) + [True] == [each.is_last for each in progress]
