"""What a run takes of the machine is bounded, in a sandbox and out of one."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from adapters.local import confinement, sandbox
from adapters.local.adapter import LocalAdapter
from adapters.local.bubblewrap import find
from domain.errors import ProviderRefused
from domain.models.providers import EndCause
from domain.models.sandbox import SandboxSettings
from tests.adapters.local.confined import PYTHON, held, see

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("bubblewrap")]

NOBODY = 65534
everywhere = pytest.mark.parametrize(
    "in_sandbox", [pytest.param(True, id="in a sandbox"), pytest.param(False, id="outside")]
)


@everywhere
async def test_time_on_the_processor_ends(
    adapter: LocalAdapter, root: Path, *, in_sandbox: bool
) -> None:
    """Who computes for longer is told by a signal, which is how the run is said to have ended."""
    limits = SandboxSettings(is_required=in_sandbox, cpu_s=1)
    seen = await see(adapter, held(root, PYTHON, "-c", "while True: pass", sandbox=limits))
    assert (EndCause.SIGNALED, None, 24) == seen.how


@everywhere
async def test_time_on_the_processor_ends_for_the_deaf(
    adapter: LocalAdapter, root: Path, *, in_sandbox: bool
) -> None:
    """Who takes no notice of the signal is killed a second later."""
    limits = SandboxSettings(is_required=in_sandbox, cpu_s=1)
    program = "import signal; signal.signal(24, signal.SIG_IGN)\nwhile True: pass"
    seen = await see(adapter, held(root, PYTHON, "-c", program, sandbox=limits))
    assert (EndCause.SIGNALED, None, 9) == seen.how


@everywhere
async def test_memory_ends(adapter: LocalAdapter, root: Path, *, in_sandbox: bool) -> None:
    """A little is there, too much is not."""
    limits = SandboxSettings(is_required=in_sandbox, memory_bytes=256 << 20)
    program = """
bytearray(1 << 20)
try:
    bytearray(512 << 20)
except MemoryError:
    print("no more")
"""
    seen = await see(adapter, held(root, PYTHON, "-c", program, sandbox=limits))
    assert ["no more"] == seen.out


@everywhere
async def test_open_files_end(adapter: LocalAdapter, root: Path, *, in_sandbox: bool) -> None:
    """The limit counts the program's input and outputs; nothing of ours is open beside them."""
    limits = SandboxSettings(is_required=in_sandbox, open_files=32)
    program = """
kept = []
try:
    while True:
        kept.append(open("/dev/null"))
except OSError:
    print(len(kept))
"""
    seen = await see(adapter, held(root, PYTHON, "-c", program, sandbox=limits))
    assert ["29"] == seen.out


async def test_a_limit_does_not_change_what_a_run_is(adapter: LocalAdapter, root: Path) -> None:
    """Outside of a sandbox the program's signals, variables, exit code and parent stay its own."""
    limits = SandboxSettings(open_files=64)
    program = """
import os, signal
print(signal.getsignal(signal.SIGTERM) is signal.SIG_DFL, os.getpid() == os.getsid(0))
print(sorted(os.environ))
raise SystemExit(200)
"""
    plain = await see(adapter, held(root, PYTHON, "-c", program, sandbox=SandboxSettings()))
    limited = await see(adapter, held(root, PYTHON, "-c", program, sandbox=limits))
    assert (plain.out, plain.how) == (limited.out, limited.how)
    assert (EndCause.EXITED, 200, None) == limited.how


async def test_a_limited_program_that_is_none_fails_the_run(
    adapter: LocalAdapter, root: Path
) -> None:
    """What cannot be started ends the run as refused, with the system's reason."""
    (root / "program").write_text("#!/no/such/interpreter\n")
    (root / "program").chmod(0o755)
    limits = SandboxSettings(open_files=64)
    seen = await see(adapter, held(root, "./program", sandbox=limits))
    assert EndCause.REFUSED == seen.ended.cause
    assert "The program cannot be started: No such file or directory." == seen.ended.message


@pytest.fixture
def open_root() -> Iterator[Path]:
    """A root that any user may write."""
    root = Path(f"/tmp/workbench-limits-{os.getpid()}")
    root.mkdir(mode=0o777)
    root.chmod(0o777)
    yield root
    shutil.rmtree(root)


FORKS = """
import os, time
made = []
try:
    while len(made) < 50:
        made.append(os.fork() or time.sleep(60))
except BlockingIOError:
    pass
for child in made:
    os.kill(child, 9)
print(len(made))
"""


def test_processes_end(open_root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """So many and no more, whatever else the server's user runs. The kernel counts none of root's,
    so that a test that is root becomes somebody else, with an interpreter that this one may read.
    """
    user = None
    if os.getuid() == 0:
        user = NOBODY
        monkeypatch.setattr(sys, "executable", "/usr/bin/python3")
        monkeypatch.setattr(sys, "base_prefix", "/usr")
    found = find(os.environ["PATH"])
    where = str(open_root)
    place = sandbox.Place(root=where, cwd=where, hidden=(), has_network=False, outputs="/none")
    limits = SandboxSettings(is_required=True, processes=8)
    command = sandbox.bubblewrap(found.program, found.flags, place) + sandbox.limiter(limits)
    program = str(Path(sys.executable).resolve())
    ran = subprocess.run(
        ["sh", "-c", 'exec "$@" 3>&2', "sh", *command, program, program, "-c", FORKS],
        capture_output=True,
        text=True,
        user=user,
        timeout=60,
        env={"PATH": os.environ["PATH"]},
        check=False,
    )
    assert ("7\n", "exited 0\n") == (ran.stdout, ran.stderr)


async def test_a_limit_on_processes_is_refused_to_root(
    adapter: LocalAdapter, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A limit that the kernel would not hold is no limit, and is told instead of forgotten."""
    monkeypatch.setattr(confinement, "counts_processes", lambda: False)
    limits = SandboxSettings(is_required=True, processes=8)
    with pytest.raises(ProviderRefused, match="does not limit how many processes root has"):
        await adapter.dispatch(held(root, "true", sandbox=limits))


def test_root_is_told_from_others() -> None:
    """Whether processes count is a question of who we are to the machine."""
    is_root = os.getuid() == 0 and "4294967295" in Path("/proc/self/uid_map").read_text()
    assert is_root != confinement.counts_processes()
