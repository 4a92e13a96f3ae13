"""Approvals as the viewer may see and decide on them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from domain.approvals import Poll, why_not
from domain.errors import Ineligibility, NotFound
from domain.ids import ApprovalId, DelegationId, ProjectId
from domain.lifecycle import ApprovalState
from domain.models.approvals import Approval, Delegation
from domain.models.audit import AuditSubject, SubjectKind
from domain.models.commands import DecideApproval, DelegateApprovals
from domain.models.pages import ApprovalFilter, Window
from domain.models.principals import Permission
from domain.services.polls import voter_of
from resolvers import access, audit, projects
from resolvers.context import Context
from resolvers.paging import PAGE_SIZE_MAX, Page, cut, page_size

PENDING: Final = (ApprovalState.PENDING,)


@dataclass(frozen=True, slots=True, kw_only=True)
class Inbox:
    """Which approvals of the viewer's projects; every given field must match. `projects` are slugs;
    `is_mine`: asked for by the viewer, `is_eligible`: the viewer may decide on them now."""

    states: tuple[ApprovalState, ...] = ()
    projects: tuple[str, ...] | None = None
    is_mine: bool = False
    is_eligible: bool = False


async def by_id(context: Context, approval_id: ApprovalId) -> Approval | None:
    """None also where the viewer may not read its project."""
    found = await context.loaders.approvals.load(approval_id)
    return found if found and access.can_read(context.viewer, found.project_id) else None


async def poll(context: Context, approval: Approval) -> Poll:
    """All that its outcome depends on, with the viewer's own rights."""
    caller, at = audit.caller_of(context), context.services.clock.now()
    key = (approval.id, caller.principal.id, at, caller.token_maker)
    found = await context.loaders.polls.load(key)
    assert found is not None, "approvals are never removed"
    return found


async def bar(context: Context, approval: Approval) -> Ineligibility | None:
    """Why the viewer may not decide on it now; None where they may."""
    if approval.state is not ApprovalState.PENDING:
        return Ineligibility.NOT_PENDING
    found = await poll(context, approval)
    is_vouched = approval.project_id in context.viewer.brought
    return why_not(found, voter_of(found, audit.caller_of(context), is_vouched=is_vouched))


async def listed(
    context: Context, inbox: Inbox, first: int | None, after: str | None
) -> Page[Approval]:
    """Of all projects that the viewer may read, newest first; `after` is the id of the last one."""
    size = page_size(first)
    chosen = ApprovalFilter(
        project_ids=await _among(context, inbox.projects),
        states=PENDING if inbox.is_eligible else inbox.states,
        requested_by=context.viewer.principal.id if inbox.is_mine else None,
    )
    if inbox.is_eligible and inbox.states and ApprovalState.PENDING not in inbox.states:
        return cut([], size, continues=after is not None)
    if inbox.is_eligible:
        found = await _eligible(context, chosen, size + 1, after)
    else:
        found = await _page(context, chosen, size + 1, after)
    return cut(found, size, continues=after is not None)


async def _among(context: Context, slugs: Sequence[str] | None) -> frozenset[ProjectId] | None:
    readable = access.readable(context.viewer)
    if slugs is None:
        return readable
    async with context.store.snapshot() as unit:
        named = frozenset((await unit.projects.ids(slugs)).values())
    return named if readable is None else named & readable


async def _page(
    context: Context, chosen: ApprovalFilter, limit: int, after: str | None
) -> Sequence[Approval]:
    async with context.store.snapshot() as unit:
        return await unit.approvals.page(chosen, Window(limit=limit, after=after))


async def _eligible(
    context: Context, chosen: ApprovalFilter, limit: int, after: str | None
) -> Sequence[Approval]:
    """Looks at pending ones until there are enough; how many a project may have is bounded."""
    found: list[Approval] = []
    while len(found) < limit:
        page = await _page(context, chosen, PAGE_SIZE_MAX, after)
        found += [each for each in page if await bar(context, each) is None]
        if len(page) < PAGE_SIZE_MAX:
            break
        after = page[-1].id
    return found[:limit]


async def decide(context: Context, command: DecideApproval) -> Approval:
    """Raises NotFound, and what the service raises. Whose right it is given under is for the
    service to find: it may be one that was delegated."""
    subject = AuditSubject(kind=SubjectKind.APPROVAL, id=command.approval_id)
    async with audit.attempt(context, "approvalDecide", subject) as attempt:
        approval = await context.loaders.approvals.load(command.approval_id)
        if approval is None:
            raise NotFound
        attempt.project_id = approval.project_id
        access.check(context.viewer, approval.project_id, "approvalDecide")
        is_vouched = approval.project_id in context.viewer.brought
        caller = audit.caller_of(context)
        return await context.services.approvals.decide(command, caller, is_vouched=is_vouched)


async def delegate(context: Context, command: DelegateApprovals) -> Delegation:
    """Raises NotFound, NotPermitted, and what the service raises."""
    subject = AuditSubject(kind=SubjectKind.PRINCIPAL, name=command.to)
    async with audit.attempt(context, "approvalDelegate", subject) as attempt:
        project = await projects.existing(context, command.project)
        attempt.project_id = project.id
        access.check(context.viewer, project.id, "approvalDelegate")
        caller = audit.caller_of(context)
        return await context.services.delegations.make(command, project.id, caller)


async def revoke(context: Context, delegation_id: DelegationId) -> Delegation:
    """One's own, and by those who administer the project anybody's. Raises NotFound,
    NotPermitted."""
    subject = AuditSubject(kind=SubjectKind.DELEGATION, id=delegation_id)
    async with audit.attempt(context, "delegationRevoke", subject) as attempt:
        async with context.store.snapshot() as unit:
            found = await unit.approvals.delegation(delegation_id)
        if found is None:
            raise NotFound
        attempt.project_id = found.project_id
        viewer = context.viewer
        held = access.permissions(viewer, found.project_id)
        is_own = found.from_id == viewer.principal.id and Permission.APPROVE in held
        if not is_own:
            access.check(viewer, found.project_id, "delegationRevoke")
        return await context.services.delegations.revoke(delegation_id, audit.caller_of(context))


async def delegation(context: Context, delegation_id: DelegationId) -> Delegation | None:
    """None also where the viewer may not read its project."""
    async with context.store.snapshot() as unit:
        found = await unit.approvals.delegation(delegation_id)
    return found if found and access.can_read(context.viewer, found.project_id) else None


async def delegations(
    context: Context, project_id: ProjectId, first: int | None, after: str | None
) -> Page[Delegation]:
    """Newest first; `after` is the id of the last one seen."""
    size = page_size(first)
    async with context.store.snapshot() as unit:
        found = await unit.approvals.delegations(project_id, Window(limit=size + 1, after=after))
    return cut(found, size, continues=after is not None)
