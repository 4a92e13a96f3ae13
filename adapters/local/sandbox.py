"""What stands before the command of a confined run: bubblewrap with all that it is to show, then
the program that takes on the limits.

The sandbox begins empty. The system is put in to be read, the project's root to be written, and a
private /tmp; what is not named is not there, and what must not be seen is covered once more, should
it lie in one of these.
"""

# Works on real paths, by string.
# ruff: noqa: PTH110, PTH112, PTH114, PTH115, PTH118

import os
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from adapters.local import inside
from domain.errors import ProviderRefused
from domain.models.sandbox import SandboxSettings

TMP_BYTES: Final = 1 << 30
"""What the private /tmp takes at the most, and shared memory as much again; both are memory."""

HOME: Final = "/tmp/home"  # noqa: S108 - in the sandbox, where nobody else is

OUTPUTS: Final = "/tmp/workbench-output"  # noqa: S108 - in the sandbox, likewise
"""Where the file is that hands something on; outside, it lies in a folder that does not show."""

NAMESPACES: Final = (
    "--unshare-user",
    "--unshare-pid",
    "--unshare-ipc",
    "--unshare-uts",
    "--unshare-cgroup-try",
    # A server that is root would pass its powers on, over the sandbox's own namespaces.
    "--cap-drop",
    "ALL",
)
NO_NETWORK: Final = "--unshare-net"

_SYSTEM: Final = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/etc", "/opt")
_STORES: Final = ("/nix/store", "/gnu/store")
_KERNEL: Final = tuple(
    f"/proc/{name}" for name in ("acpi", "bus", "fs", "irq", "mtrr", "scsi", "sys", "sysrq-trigger")
)
"""What root writes the kernel's settings by, powers or none: bubblewrap leaves /proc/sys open to
a server that is root, and a program named in kernel.core_pattern is run outside of everything."""
_RESOLVER: Final = "/etc/resolv.conf"
_OF_ROOT: Final = (
    "/etc/shadow",
    "/etc/shadow-",
    "/etc/gshadow",
    "/etc/gshadow-",
    "/etc/ssh",
    "/etc/ssl/private",
    "/etc/sudoers",
    "/etc/sudoers.d",
)
"""What only root reads: in the sandbox of a server that is root, the run would."""
_OF_HOME: Final = (
    ".aws",
    ".azure",
    ".config/gcloud",
    ".config/gh",
    ".docker",
    ".git-credentials",
    ".gnupg",
    ".kube",
    ".netrc",
    ".npmrc",
    ".pgpass",
    ".pypirc",
    ".ssh",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a sandboxed run works: real paths. `hidden` is covered wherever it would show.
    `outputs` is the file that it writes for others."""

    root: str
    cwd: str
    hidden: tuple[str, ...]
    has_network: bool
    outputs: str


def limiter(sandbox: SandboxSettings) -> list[str]:
    """The command that takes on the limits and becomes, or starts, the one behind it."""
    limits = {
        "fork": 1 if sandbox.is_required else None,
        "cpu": sandbox.cpu_s,
        "memory": sandbox.memory_bytes,
        "files": sandbox.open_files,
        "processes": sandbox.processes and sandbox.processes + inside.INNER_PROCESSES,
    }
    given = ",".join(f"{name}={limit}" for name, limit in limits.items() if limit is not None)
    python = os.path.realpath(sys.executable)
    return [python, "-I", "-S", "-X", "utf8", "-c", _SOURCE, given]


def bubblewrap(program: str, flags: Iterable[str], place: Place) -> list[str]:
    """The command that makes the sandbox for the one behind it. Raises ProviderRefused."""
    if place.root == "/":
        raise ProviderRefused("A sandbox cannot keep apart a project whose root is the system's.")
    shown = list(_shown(place))
    paths = frozenset(path for path, _ in shown)
    mounts = shown + [(path, _cover(path)) for path in place.hidden if _shows(path, paths, place)]
    made = [program, *NAMESPACES, *flags]
    if not place.has_network:
        made.append(NO_NETWORK)
    # What lies in something else comes after it, or would be covered by it.
    for _, arguments in sorted(mounts, key=lambda mount: mount[0].rstrip("/").count("/")):
        made += arguments
    return [*made, "--remount-ro", "/", "--chdir", place.cwd, "--"]


def secrets_of(home: str | None) -> list[str]:
    """Files and folders that a project's root might hold, but no run is to read."""
    found = [os.path.join(home, name) for name in _OF_HOME] if home else []
    return found + (list(_OF_ROOT) if os.getuid() == 0 else [])


def _shown(place: Place) -> Iterator[tuple[str, list[str]]]:
    """What there is in the sandbox, each with the path it is at."""
    for path in (*_SYSTEM, *_STORES):
        if os.path.islink(path):
            yield path, ["--symlink", os.readlink(path), path]
        elif os.path.isdir(path):
            yield path, ["--ro-bind", path, path]
    resolver = os.path.realpath(_RESOLVER)
    if place.has_network and resolver != _RESOLVER and os.path.exists(resolver):
        yield resolver, ["--ro-bind", resolver, resolver]
    yield "/proc", ["--proc", "/proc"]
    for path in filter(os.path.exists, _KERNEL):
        yield path, ["--ro-bind", path, path]
    yield "/dev", ["--dev", "/dev"]
    yield "/dev/shm", _memory("/dev/shm")  # noqa: S108 - in the sandbox
    yield "/tmp", [*_memory("/tmp"), "--dir", HOME]  # noqa: S108 - in the sandbox
    # A supervisor of an earlier version has not made it.
    yield OUTPUTS, ["--bind-try", place.outputs, OUTPUTS]
    yield "/var/tmp", ["--symlink", "/tmp", "/var/tmp"]  # noqa: S108 - in the sandbox
    python = os.path.realpath(sys.base_prefix)
    yield python, ["--ro-bind", python, python]
    yield place.root, ["--bind", place.root, place.root]


def _memory(path: str) -> list[str]:
    return ["--perms", "1777", "--size", str(TMP_BYTES), "--tmpfs", path]


def _cover(path: str) -> list[str]:
    if os.path.isdir(path):
        return ["--perms", "0555", "--tmpfs", path, "--remount-ro", path]
    return ["--ro-bind", "/dev/null", path]


def _shows(path: str, shown: frozenset[str], place: Place) -> bool:
    """Whether this is there and lies in what is shown, and not in what is covered as well."""
    others = shown | ({*place.hidden} - {path})
    around = [one for one in others if os.path.commonpath([path, one]) == one]
    return os.path.exists(path) and max(around, key=len, default="") in shown


_SOURCE: Final = Path(inside.__file__).read_text(encoding="utf-8")
