"""Letting somebody else decide on approvals for a time, and taking that back."""

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final

from domain import approval_audit as audit
from domain.errors import InvalidInput, NotFound, QuotaExceeded
from domain.ids import DelegationId, ProjectId
from domain.limits import (
    DELEGATION_MS_MAX,
    DELEGATIONS_PER_PRINCIPAL_MAX,
    REASON_CHARACTERS_MAX,
)
from domain.models.approvals import Delegation
from domain.models.audit import Caller
from domain.models.commands import DelegateApprovals
from domain.models.principals import Permission, Principal
from domain.ports import Clock, IdMaker, Store, UnitOfWork
from domain.services.polls import rights_in
from domain.validation import check_name, check_text

LONGEST: Final = timedelta(milliseconds=DELEGATION_MS_MAX)


@dataclass(frozen=True, slots=True, kw_only=True)
class Delegations:
    """Whoever calls has checked that the giver may approve in the project."""

    store: Store
    clock: Clock
    new_id: IdMaker

    async def make(
        self, command: DelegateApprovals, project_id: ProjectId, caller: Caller
    ) -> Delegation:
        """From the caller to another member, for a time that is not over yet.

        Raises InvalidInput, NotFound, QuotaExceeded.
        """
        now = self.clock.now()
        check_name(command.to, "to")
        check_text(command.reason, REASON_CHARACTERS_MAX, "reason")
        if not now < command.ends_at <= command.starts_at + LONGEST:
            message = f"It ends later than now, and at most {LONGEST.days} days after it starts."
            raise InvalidInput(message, "endsAt")
        if command.ends_at <= command.starts_at:
            raise InvalidInput("It ends before it starts.", "endsAt")
        async with self.store.transaction() as unit:
            to = await _member(unit, command.to, project_id)
            if to.id == caller.principal.id:
                raise InvalidInput("Nobody stands in for themselves.", "to")
            given = await unit.approvals.count_delegations(project_id, caller.principal.id, now)
            if given >= DELEGATIONS_PER_PRINCIPAL_MAX:
                raise QuotaExceeded(f"You have {given} delegations here already.")
            delegation = Delegation(
                id=DelegationId(self.new_id()),
                project_id=project_id,
                from_id=caller.principal.id,
                to_id=to.id,
                starts_at=command.starts_at,
                ends_at=command.ends_at,
                reason=command.reason,
                created_at=now,
            )
            await unit.approvals.delegate(delegation)
            unit.audit.add(audit.delegation_made(delegation, caller))
        return delegation

    async def revoke(self, delegation_id: DelegationId, caller: Caller) -> Delegation:
        """From now on; votes that were given by it do not count any more. Twice is once.

        Raises NotFound.
        """
        now = self.clock.now()
        async with self.store.transaction() as unit:
            delegation = await unit.approvals.delegation(delegation_id)
            if delegation is None:
                raise NotFound
            if not await unit.approvals.revoke(delegation_id, now):
                return delegation
            unit.audit.add(audit.delegation_revoked(delegation, caller, now))
        return replace(delegation, revoked_at=now)


async def _member(unit: UnitOfWork, name: str, project_id: ProjectId) -> Principal:
    """Somebody who sees what they would decide on."""
    principal = await unit.principals.by_name(name)
    if principal is not None:
        rights = rights_in(project_id, await unit.principals.memberships([principal.id]))
        if Permission.READ in rights.get(principal.id, ()):
            return principal
    raise InvalidInput(f"{name!r} is no member of the project.", "to")
