"""A project: a folder of this machine and what may run in it."""

from dataclasses import dataclass
from datetime import datetime

from domain.ids import ProjectId


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """Everything else belongs to one. `root_path` is absolute, with symlinks resolved."""

    id: ProjectId
    slug: str
    name: str
    root_path: str
    default_provider: str
    created_at: datetime
