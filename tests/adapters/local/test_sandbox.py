"""What a sandboxed run reaches, what it does not, and how its end is told, with real bubblewrap."""

import os
import socket
from dataclasses import replace
from pathlib import Path

import pytest

from adapters.clock import SystemClock
from adapters.local.adapter import LocalAdapter
from adapters.local.bubblewrap import find
from domain.errors import ProviderRefused
from domain.models.providers import EndCause, EnvProfile, RunHandle
from tests.adapters.local.confined import PYTHON, How, held, see
from tests.adapters.local.making import HOST, is_alive, make_adapter, until
from tests.adapters.local.test_survival import kill_supervisor
from tests.contract.adapters.following import follow, follow_until, lines_of

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("bubblewrap")]

WRITE = """
import sys
for path in sys.argv[1:]:
    try:
        open(path, "a").close()  # what it opens may be the kernel's own
        print("yes")
    except OSError:
        print("no")
"""


async def test_only_the_root_and_a_private_tmp_can_be_written(
    adapter: LocalAdapter, root: Path, tmp_path: Path
) -> None:
    """The system is there to be read, what is beside the root not even that."""
    outside = ["/usr/x", "/etc/x", "/x", "/var/x", "/proc/sys/kernel/core_pattern"]
    (root / "sub").mkdir()
    inside = ["in-root", "sub/deep", "/tmp/workbench-private", "/tmp/home/x", "/dev/shm/x"]
    inside += [str(tmp_path / "beside"), "../beside"]  # in the private /tmp, where this one is not
    seen = await see(adapter, held(root, PYTHON, "-c", WRITE, *inside, *outside))
    assert ["yes"] * len(inside) + ["no"] * len(outside) == seen.out
    assert {"root", "spool"} == names(tmp_path)
    assert (root / "sub/deep").exists()
    assert "workbench-private" not in names(Path("/tmp"))


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


READ = """
import os, sys
for path in sys.argv[1:]:
    try:
        print(os.listdir(path) if os.path.isdir(path) else open(path).read())
    except OSError:
        print("no")
"""


async def test_what_is_the_servers_is_not_to_be_seen(
    anyio_backend: str, root: Path, tmp_path: Path
) -> None:
    """Neither the data directory nor a home's secrets, even where both lie in the root; nor what
    a link in the root leads to."""
    (root / "kept").mkdir()
    (root / "kept/token").write_text("secret")
    (root / "key").write_text("secret")
    (root / ".ssh").mkdir()
    (root / ".ssh/id").write_text("secret")
    (tmp_path / "other").write_text("secret")
    (root / "link").symlink_to(tmp_path / "other")
    adapter = LocalAdapter(
        root / "kept/spool",
        clock=SystemClock(),
        host_environ={**HOST, "HOME": str(root)},
        hidden=(root / "kept", root / "key"),
    )
    paths = ["kept", "kept/token", "key", ".ssh", ".ssh/id", "link", str(tmp_path), "/run", "/home"]
    paths += ["/etc/shadow", "/proc/1/root" + str(tmp_path / "other")]
    seen = await see(adapter, held(root, PYTHON, "-c", READ, *paths))
    await adapter.close()
    assert not [line for line in seen.out + seen.err if "secret" in line or "other" in line]
    assert ["[]", "no", "no", "[]", "no", "no", "['root']"] == seen.out[:7], seen.err
    assert ["no"] * 2 == seen.out[-2:]


@pytest.mark.parametrize("has_network", [True, False])
async def test_the_network_is_there_where_it_was_granted(
    adapter: LocalAdapter, root: Path, *, has_network: bool
) -> None:
    """Without a grant not even this machine answers."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        program = f"import socket; socket.create_connection(('127.0.0.1', {port})); print('met')"
        order = replace(held(root, PYTHON, "-c", program), has_network=has_network)
        seen = await see(adapter, order)
    assert (["met"] if has_network else []) == seen.out


async def test_no_other_process_is_to_be_seen(adapter: LocalAdapter, root: Path) -> None:
    """What is listed is the sandbox's own: its first, the program's parent, the program."""
    program = "import os; print(sorted(int(n) for n in os.listdir('/proc') if n.isdigit()))"
    seen = await see(adapter, held(root, PYTHON, "-c", program))
    assert ["[1, 2, 3]"] == seen.out


ESCAPES = """
import ctypes, errno, os, signal
libc = ctypes.CDLL(None, use_errno=True)
def tried(name, result):
    print(name, "got through" if result >= 0 else errno.errorcode[ctypes.get_errno()])
print("descriptors", len(os.listdir("/proc/self/fd")))
status = dict(line.split(":\\t", 1) for line in open("/proc/self/status").read().splitlines())
print("powers", status["CapEff"], status["CapBnd"], status["NoNewPrivs"])
tried("mount", libc.mount(b"/usr", b"/usr", None, 4096 | 32, None))
tried("umount", libc.umount2(b"/etc", 2))
tried("user namespace", libc.unshare(0x10000000))
tried("mount namespace", libc.unshare(0x00020000))
tried("setns", libc.setns(os.open("/proc/1/ns/mnt", os.O_RDONLY), 0))
tried("setuid", libc.setuid(12345))
tried("mknod", libc.mknod(b"device", 0o020600, 0x0101))
try:
    os.open("/dev/tty", os.O_RDWR)
    print("terminal got through")
except OSError as error:
    print("terminal", errno.errorcode[error.errno])
for pid in (PIDS):
    try:
        os.kill(pid, signal.SIGKILL)
        print("kill got through")
    except ProcessLookupError:
        print("kill ESRCH")
    tried("ptrace", libc.ptrace(16, pid, 0, 0))
"""


async def test_ways_out_are_shut(adapter: LocalAdapter, root: Path) -> None:
    """No powers, no mounts, no namespaces, no descriptors of ours, no terminal; and the supervisor
    and the server cannot be reached by number."""
    supervisor = int((await adapter._client.ask("check"))["pid"])
    program = ESCAPES.replace("PIDS", f"{supervisor}, {os.getpid()}")
    seen = await see(adapter, held(root, PYTHON, "-c", program))
    descriptors, powers, *ways = seen.out
    assert f"powers {'0' * 16} {'0' * 16} 1" == powers
    assert "descriptors 4" == descriptors, "its input, its outputs, and the one that looks"
    assert [] == [way for way in ways if "got through" in way], seen.err
    assert is_alive(supervisor)
    assert EndCause.EXITED == seen.ended.cause


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("exit 0", (EndCause.EXITED, 0, None)),
        ("exit 3", (EndCause.EXITED, 3, None)),
        ("exit 137", (EndCause.EXITED, 137, None)),
        ("kill -KILL $$", (EndCause.SIGNALED, None, 9)),
        ("kill -TERM $$", (EndCause.SIGNALED, None, 15)),
        ("kill -INT $$", (EndCause.SIGNALED, None, 2)),
        ("kill -PIPE $$", (EndCause.SIGNALED, None, 13)),
        ("kill -KILL $PPID; sleep 60", (EndCause.SIGNALED, None, 9)),
    ],
)
async def test_the_end_is_told_exactly(
    adapter: LocalAdapter, root: Path, command: str, expected: How
) -> None:
    """A signal is no exit code above 128, whatever bubblewrap makes of it; and whoever kills the
    one who tells has ended the run."""
    assert expected == (await see(adapter, held(root, "sh", "-c", command))).how


async def test_cancel_lets_the_program_end_cleanly(adapter: LocalAdapter, root: Path) -> None:
    """The polite signal reaches the program and its children, and takes nobody else from them."""
    script = "trap 'echo bye; exit 7' TERM; echo up; while :; do sleep 0.02; done"
    order = held(root, "sh", "-c", script)
    await adapter.dispatch(order)
    await follow_until(adapter, order.run_id, "up")
    await adapter.cancel(RunHandle(run_id=order.run_id), None)
    seen, ended = await follow(adapter, order.run_id)
    assert ["up", "bye"] == lines_of(seen)
    assert (EndCause.CANCELED, 7) == (ended.cause, ended.exit_code)


async def test_cancel_ends_what_hides_in_the_sandbox(adapter: LocalAdapter, root: Path) -> None:
    """A session of its own, no environment, a deaf ear for TERM: all ends with the sandbox."""
    marker = f"workbench-{os.getpid()}-{root.parent.name}"
    deaf = f"env -i setsid sh -c 'trap \"\" TERM; : {marker}; while :; do sleep 0.1; done'"
    order = held(root, "sh", "-c", f"trap '' TERM; ({deaf} > /dev/null 2>&1 &); echo up; sleep 60")
    await adapter.dispatch(order)
    await follow_until(adapter, order.run_id, "up")
    await until(lambda: bool(called(marker)))
    await adapter.cancel(RunHandle(run_id=order.run_id), None)
    _, ended = await follow(adapter, order.run_id)
    assert (EndCause.CANCELED, []) == (ended.cause, called(marker))


def called(marker: str) -> list[str]:
    """Processes of this machine with the marker among their arguments."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if marker in path.read_bytes().decode("utf-8", "replace"):
                found.append(path.parent.name)
        except OSError:
            continue
    return found


async def test_what_it_leaves_behind_ends_with_it(adapter: LocalAdapter, root: Path) -> None:
    """Nothing lives on in a sandbox whose program has ended, and the program's code is kept."""
    marker = f"workbench-{os.getpid()}-{root.parent.name}"
    left = f"(setsid sh -c ': {marker}; sleep 60; :' &); exit 5"
    seen = await see(adapter, held(root, "sh", "-c", left))
    assert ((EndCause.EXITED, 5, None), []) == (seen.how, called(marker))


async def test_a_sandboxed_run_survives_server_and_supervisor(
    adapter: LocalAdapter, root: Path, tmp_path: Path
) -> None:
    """KILL both while it prints: every line is there once, and that nobody saw the end is said."""
    program = "import time\nfor i in range(300): print('line', i, flush=True); time.sleep(0.004)"
    order = held(root, PYTHON, "-c", program)
    await adapter.dispatch(order)
    await follow_until(adapter, order.run_id, "line 5")
    await kill_supervisor(adapter)
    await adapter.close()
    after = make_adapter(tmp_path / "spool")
    seen, ended = await follow(after, order.run_id)
    await after.close()
    assert [f"line {number}" for number in range(300)] == lines_of(seen)
    assert EndCause.LOST == ended.cause


async def test_arguments_and_variables_arrive_as_they_were(
    adapter: LocalAdapter, root: Path
) -> None:
    """Bytes that are no UTF-8, empty ones, newlines, what looks like an option of the sandbox."""
    odd = ["", " ", "a\nb", "--", "--bind", "fork=1", os.fsdecode(b"\xff\xfe"), "é", "$HOME", "*"]
    program = "import os, sys; print([os.fsencode(a) for a in sys.argv[1:]], sorted(os.environ))"
    order = replace(held(root, PYTHON, "-c", program, *odd), env_profile=EnvProfile.MINIMAL)
    seen = await see(adapter, order)
    variables = sorted(["HOME", "LANG", "PATH", "WORKBENCH_OUTPUT", "WORKBENCH_RUN_ID"])
    assert [f"{[os.fsencode(text) for text in odd]} {variables}"] == seen.out


@pytest.mark.parametrize("name", ["two words", "new\nline", "--bind", "*", "é", "usr"])
async def test_a_root_may_be_called_anything(anyio_backend: str, tmp_path: Path, name: str) -> None:
    """No name of a folder is taken for anything else."""
    root = tmp_path / name / "deep"
    root.mkdir(parents=True)
    adapter = make_adapter(tmp_path / "spool")
    seen = await see(adapter, held(root, PYTHON, "-c", "open('made', 'w'); print('done')"))
    await adapter.close()
    assert (["done"], True) == (seen.out, (root / "made").exists())


async def test_without_a_sandbox_nothing_starts(
    anyio_backend: str, root: Path, tmp_path: Path
) -> None:
    """Where there is none it is refused, with the reason; it does not run unheld."""
    adapter = LocalAdapter(
        tmp_path / "spool", clock=SystemClock(), host_environ={"PATH": str(tmp_path)}
    )
    order = held(root, PYTHON, "-c", "open('made', 'w')")
    with pytest.raises(ProviderRefused, match="not installed"):
        await adapter.dispatch(order)
    await adapter.close()
    assert (False, False) == (adapter.capabilities.sandbox, (root / "made").exists())


async def test_a_sandbox_that_cannot_be_made_fails_the_run(
    adapter: LocalAdapter, root: Path
) -> None:
    """It worked when it was tried and does not now: the program never begins, and it is told so."""
    works = adapter.confinement.bubblewrap
    adapter.confinement.bubblewrap = replace(works, flags=("--no-such-option",))
    seen = await see(adapter, held(root, PYTHON, "-c", "open('made', 'w')"))
    assert (EndCause.REFUSED, False) == (seen.ended.cause, (root / "made").exists())
    assert any("--no-such-option" in line for line in seen.err)


async def test_a_program_that_is_none_fails_the_run(adapter: LocalAdapter, root: Path) -> None:
    """What cannot be started in the sandbox ends as what cannot be started outside."""
    (root / "program").write_text("#!/no/such/interpreter\n")
    (root / "program").chmod(0o755)
    seen = await see(adapter, held(root, "./program"))
    assert EndCause.REFUSED == seen.ended.cause
    assert "The program cannot be started: No such file or directory." == seen.ended.message


async def test_a_root_that_is_the_system_is_refused(adapter: LocalAdapter) -> None:
    """There would be nothing to keep it apart from."""
    with pytest.raises(ProviderRefused, match="whose root is the system's"):
        await adapter.dispatch(held(Path("/"), "true"))


def test_a_bubblewrap_that_does_not_work_is_told_with_its_reason(tmp_path: Path) -> None:
    """That it is installed is not enough: a kernel may refuse it."""
    program = tmp_path / "bwrap"
    program.write_text(
        "#!/bin/sh\necho 'bwrap: No permissions to create new namespace' >&2; exit 1\n"
    )
    program.chmod(0o755)
    found = find(str(tmp_path))
    assert (False, "bwrap: No permissions to create new namespace") == (found.works, found.reason)
