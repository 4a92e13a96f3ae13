"""How a project has its runs held in: whether in a sandbox, and how much each may take."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class SandboxSettings:
    """What a project says of the sandbox of its runs; None is no limit.

    `cpu_s` and `memory_bytes` hold for each process of a run, `open_files` too; `processes` for
    the whole run, threads included, and only in a sandbox.
    """

    is_required: bool = False
    cpu_s: int | None = None
    memory_bytes: int | None = None
    processes: int | None = None
    open_files: int | None = None
