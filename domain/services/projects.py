"""Making projects."""

import re
from dataclasses import dataclass
from typing import Final

from domain import audit
from domain.errors import InvalidInput
from domain.ids import ProjectId
from domain.models.audit import Caller
from domain.models.commands import CreateProject
from domain.models.principals import Membership, Role
from domain.models.projects import Project
from domain.models.settings import ProjectSettings
from domain.ports import Clock, IdMaker, RealFolder, Store
from domain.services.policies import first_policy
from domain.validation import check_text

SLUG: Final = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?")
NAME_CHARACTERS_MAX: Final = 200
PATH_CHARACTERS_MAX: Final = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class Projects:
    """Creates projects; their maker becomes a member who may do everything in them."""

    store: Store
    clock: Clock
    new_id: IdMaker
    real_folder: RealFolder
    default_provider: str

    async def create(self, command: CreateProject, caller: Caller) -> Project:
        """Raises InvalidInput for a slug taken or malformed, or a root that is no folder."""
        _check(command)
        project = Project(
            id=ProjectId(self.new_id()),
            slug=command.slug,
            name=command.name,
            root_path=self.real_folder(command.root_path),
            created_at=self.clock.now(),
            settings=ProjectSettings(default_provider=self.default_provider),
        )
        async with self.store.transaction() as unit:
            if not await unit.projects.add(project):
                raise InvalidInput(f"The slug {command.slug!r} is taken.", "slug")
            await unit.policies.add(first_policy(project))
            roles = frozenset({Role.OPERATOR, Role.ADMIN})
            await unit.principals.set_membership(
                Membership(project_id=project.id, principal_id=caller.principal.id, roles=roles)
            )
            unit.audit.add(audit.project_created(project, caller))
        return project


def _check(command: CreateProject) -> None:
    if not SLUG.fullmatch(command.slug):
        message = "A slug has 1 to 64 lower-case letters, digits and inner hyphens."
        raise InvalidInput(message, "slug")
    if not command.name.strip():
        raise InvalidInput("The name is empty.", "name")
    check_text(command.name, NAME_CHARACTERS_MAX, "name")
    check_text(command.root_path, PATH_CHARACTERS_MAX, "rootPath")
