"""What a new server has to begin with."""

from pathlib import Path
from typing import Final

from domain.models.audit import Caller
from domain.models.commands import CreateProject
from domain.models.principals import Principal
from domain.ports import Store
from domain.services.projects import Projects

DEFAULT_PROJECT: Final = "default"


async def ensure_first_project(
    store: Store, projects: Projects, admin: Principal, folder: Path
) -> None:
    """Make the default project of this absolute folder, unless an earlier start has made it."""
    async with store.snapshot() as unit:
        if await unit.projects.by_slug(DEFAULT_PROJECT):
            return
    first = CreateProject(
        slug=DEFAULT_PROJECT, name=folder.name or str(folder), root_path=str(folder)
    )
    await projects.create(first, Caller(principal=admin))
