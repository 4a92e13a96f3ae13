"""A project: a folder of this machine and what may run in it."""

from dataclasses import dataclass
from datetime import datetime

from domain.ids import ProjectId
from domain.models.settings import ProjectSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """Everything else belongs to one. `root_path` is absolute, with symlinks resolved.

    `policy_version` is of the rules that hold now: what is launched is decided by no others.
    """

    id: ProjectId
    slug: str
    name: str
    root_path: str
    policy_version: int = 1
    created_at: datetime
    settings: ProjectSettings
