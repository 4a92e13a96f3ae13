"""What a run is held in by on this machine, and why one is refused that cannot be."""

import os
from collections.abc import Collection, Mapping
from functools import cached_property
from pathlib import Path
from typing import Final

from adapters.local import sandbox
from adapters.local.bubblewrap import Bubblewrap, find
from adapters.local.environment import FIXED_PATH
from adapters.local.protocol import OUTPUT_VARIABLE
from domain.errors import ProviderRefused
from domain.models.providers import WorkOrder

_EVERY_USER: Final = ("0", "0", "4294967295")
"""What a uid map says where root is the machine's own."""


class Confinement:
    """Makes the command that stands before a run's own.

    `hidden`: files and folders of the server's that no sandbox shows.
    """

    def __init__(self, host_environ: Mapping[str, str], hidden: Collection[Path]) -> None:
        self._path = host_environ.get("PATH", FIXED_PATH)
        secrets = sandbox.secrets_of(host_environ.get("HOME"))
        self.hidden = (*(str(path.resolve()) for path in hidden), *secrets)

    @cached_property
    def bubblewrap(self) -> Bubblewrap:
        """What makes the sandboxes; looked for once in the life of a server."""
        return find(self._path)

    def command(self, order: WorkOrder, outputs: Path) -> list[str]:
        """Empty where nothing holds the run in. `outputs`: what it writes for others. Raises
        ProviderRefused."""
        wanted = order.sandbox
        if not wanted.is_required:
            limits = (wanted.cpu_s, wanted.memory_bytes, wanted.open_files)
            return sandbox.limiter(wanted) if any(limits) else []
        if not self.bubblewrap.works:
            raise ProviderRefused(f"There is no sandbox here: {self.bubblewrap.reason}.")
        if wanted.processes is not None and not counts_processes():
            message = "The kernel does not limit how many processes root has; run the server as "
            raise ProviderRefused(f"{message}another user, or set no limit on processes.")
        place = sandbox.Place(
            root=str(Path(order.root_path).resolve()),
            cwd=order.cwd,
            hidden=self.hidden,
            has_network=order.has_network,
            outputs=str(outputs),
        )
        made = sandbox.bubblewrap(self.bubblewrap.program, self.bubblewrap.flags, place)
        return made + sandbox.limiter(wanted)


def inner_environment(environment: dict[str, str]) -> dict[str, str]:
    """The variables in a sandbox, where other folders are to be written."""
    kept = {name: value for name, value in environment.items() if name != "TMPDIR"}
    return {**kept, "HOME": sandbox.HOME, OUTPUT_VARIABLE: sandbox.OUTPUTS}


def counts_processes() -> bool:
    """Whether RLIMIT_NPROC holds for us: it never does for the user root of the machine."""
    uids = tuple(Path("/proc/self/uid_map").read_text(encoding="ascii").split())
    return os.getuid() != 0 or uids != _EVERY_USER
