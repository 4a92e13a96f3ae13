"""Who is what in a project."""

from dataclasses import dataclass, replace

from domain import audit
from domain.errors import NotFound, NotPermitted
from domain.ids import PrincipalId, ProjectId
from domain.models.audit import Caller
from domain.models.commands import SetMember
from domain.models.principals import APPROVING, Membership, Role, administers_server
from domain.ports import Clock, Store, UnitOfWork
from domain.validation import check_name


@dataclass(frozen=True, slots=True, kw_only=True)
class Members:
    """Whoever calls has checked that the actor administers the project."""

    store: Store
    clock: Clock

    async def set(self, command: SetMember, project_id: ProjectId, caller: Caller) -> Membership:
        """Replace a principal's roles. A project may be left without an ADMIN: the server has one.

        Raises InvalidInput, NotFound for a principal that is not there, and NotPermitted where
        somebody would give themselves the right to approve; only a server admin may, and not with
        a token that is for some projects only.
        """
        check_name(command.principal, "principal")
        async with self.store.transaction() as unit:
            principal = await unit.principals.by_name(command.principal)
            if principal is None:
                raise NotFound(f"There is no principal {command.principal!r}.")
            after = Membership(
                project_id=project_id, principal_id=principal.id, roles=command.roles
            )
            before = await _roles(unit, project_id, principal.id)
            is_own = principal.id == caller.principal.id
            if is_own and not administers_server(caller.principal, caller.token):
                _check_own(before, after)
            await unit.principals.set_membership(after)
            unit.audit.add(audit.member_set(before, after, principal, caller, self.clock.now()))
        return after


def _check_own(before: frozenset[Role], after: Membership) -> None:
    held = replace(after, roles=before).permissions
    if (after.permissions - held) & APPROVING:
        raise NotPermitted("Somebody else has to give you the right to approve.")


async def _roles(
    unit: UnitOfWork, project_id: ProjectId, principal_id: PrincipalId
) -> frozenset[Role]:
    found = await unit.principals.memberships([principal_id])
    return next((m.roles for m in found if m.project_id == project_id), frozenset())
