"""All that the outcome of approvals depends on, read at once for several of them."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from domain.approvals import Poll, Voter, could_decide
from domain.hands import Accounts
from domain.ids import PrincipalId, ProjectId
from domain.limits import APPROVERS_LOOKED_FOR_MAX
from domain.models.approvals import Approval
from domain.models.audit import Caller
from domain.models.decisions import Decision, DecisionReason
from domain.models.pages import Window
from domain.models.principals import ALL, NONE, Membership, Permission, permissions_in
from domain.ports import UnitOfWork

Rights = Mapping[PrincipalId, frozenset[Permission]]


async def polls(
    unit: UnitOfWork,
    approvals: Sequence[Approval],
    viewer_id: PrincipalId,
    at: datetime,
    token_maker: PrincipalId | None = None,
) -> list[Poll]:
    """Of each approval, with the stored rights of the viewer and of whoever has voted or is stood
    in for. `token_maker` made the viewer's token."""
    if not approvals:
        return []
    votes = await unit.approvals.votes({approval.id for approval in approvals})
    voters = {vote.principal_id for each in votes.values() for vote in each} | {viewer_id}
    projects = await unit.projects.get_many({approval.project_id for approval in approvals})
    delegations = await unit.approvals.delegated_to(set(projects), voters)
    holders = voters | {each.from_id for each in delegations}
    memberships = await unit.principals.memberships(holders)
    accounts: Accounts = {}
    if any(each.settings.strict_approvers for each in projects.values()):
        makers = {vote.token_maker for each in votes.values() for vote in each}
        askers = {each for a in approvals for each in (a.requested_by, a.token_maker)}
        makers |= {*holders, *askers, token_maker}
        accounts = await unit.principals.with_makers({each for each in makers if each})
    return [
        Poll(
            approval=approval,
            at=at,
            votes=votes.get(approval.id, ()),
            rights=rights_in(approval.project_id, memberships),
            delegations=[d for d in delegations if d.project_id == approval.project_id],
            has_self_approval=projects[approval.project_id].settings.self_approval,
            is_strict=projects[approval.project_id].settings.strict_approvers,
            accounts=accounts,
        )
        for approval in approvals
    ]


def rights_in(project_id: ProjectId, memberships: Sequence[Membership]) -> Rights:
    """What members hold in a project by their stored roles: no rank brings the right to approve."""
    return {m.principal_id: m.permissions for m in memberships if m.project_id == project_id}


def voter_of(poll: Poll, caller: Caller, *, is_vouched: bool) -> Voter:
    """The caller before an approval. Stored roles are taken as they are now, those that came with
    the sign-in as they came."""
    principal, token, project_id = caller.principal, caller.token, poll.approval.project_id
    if is_vouched:
        held = permissions_in(project_id, principal, caller.memberships, token)
    else:
        held = poll.rights.get(principal.id, NONE)
    lets_through = ALL if token is None else token.permissions
    if token is not None and not token.covers(project_id):
        lets_through = NONE
    return Voter(
        id=principal.id,
        held=held,
        lets_through=lets_through,
        is_vouched=is_vouched,
        token_maker=caller.token_maker,
    )


async def warned(unit: UnitOfWork, decision: Decision, poll: Poll) -> Decision:
    """The decision, telling so where too few members could approve."""
    window = Window(limit=APPROVERS_LOOKED_FOR_MAX)
    members = await unit.principals.members(decision.project_id, window)
    poll = replace(poll, rights=rights_in(decision.project_id, members))
    if poll.is_strict:
        asker = (poll.approval.requested_by, poll.approval.token_maker)
        known = await unit.principals.with_makers({who for who in (*poll.rights, *asker) if who})
        poll = replace(poll, accounts=known)
    able = could_decide(poll)
    needed, role = poll.approval.required_count, poll.approval.required_role
    if able >= needed:
        return decision
    explanation = (
        f"It needs {needed} with the right of {role}, and {able} could decide now: "
        "give somebody else that role, or change the policy."
    )
    reason = DecisionReason(code="NO_ELIGIBLE_APPROVER", explanation=explanation, rule=None)
    return replace(decision, reasons=(*decision.reasons, reason))
