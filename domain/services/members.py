"""Who is what in a project."""

from dataclasses import dataclass

from domain.errors import NotFound, NotPermitted
from domain.ids import PrincipalId, ProjectId
from domain.models.commands import SetMember
from domain.models.principals import APPROVING, Membership, Principal
from domain.ports import Store, UnitOfWork
from domain.validation import check_name


@dataclass(frozen=True, slots=True, kw_only=True)
class Members:
    """Whoever calls has checked that the actor administers the project."""

    store: Store

    async def set(self, command: SetMember, project_id: ProjectId, actor: Principal) -> Membership:
        """Replace a principal's roles. A project may be left without an ADMIN: the server has one.

        Raises InvalidInput, NotFound for a principal that is not there, and NotPermitted where
        somebody would give themselves the right to approve; only a server admin may.
        """
        check_name(command.principal, "principal")
        async with self.store.transaction() as unit:
            principal = await unit.identity.principal_by_name(command.principal)
            if principal is None:
                raise NotFound(f"There is no principal {command.principal!r}.")
            after = Membership(
                project_id=project_id, principal_id=principal.id, roles=command.roles
            )
            if principal.id == actor.id and not actor.is_server_admin:
                _check_own(await _membership(unit, project_id, principal.id), after)
            await unit.identity.set_membership(after)
        return after


def _check_own(before: Membership | None, after: Membership) -> None:
    held = before.permissions if before else frozenset()
    if (after.permissions - held) & APPROVING:
        raise NotPermitted("Somebody else has to give you the right to approve.")


async def _membership(
    unit: UnitOfWork, project_id: ProjectId, principal_id: PrincipalId
) -> Membership | None:
    found = await unit.identity.memberships(principal_id)
    return next((m for m in found if m.project_id == project_id), None)
