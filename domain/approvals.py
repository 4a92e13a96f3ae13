"""Who may decide on an approval, and what the votes come to. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

from domain.errors import ApprovalNotEligible, Ineligibility
from domain.hands import Accounts, hand
from domain.ids import PrincipalId
from domain.lifecycle import ApprovalSignal, ApprovalState, RunSignal, advance
from domain.models.approvals import Approval, ApprovalDecision, ApprovalVote, Delegation
from domain.models.decisions import RiskLevel
from domain.models.events import RunApprovalDecided, RunFact, RunStateChanged
from domain.models.principals import ALL, NONE, Permission, PrincipalKind
from domain.models.runs import FailureCode, Run, RunFailure

MESSAGES: Final[Mapping[Ineligibility, str]] = {
    Ineligibility.NOT_PENDING: "Nobody is asked any more.",
    Ineligibility.REQUESTER: "Whoever asked for it cannot decide on it.",
    Ineligibility.VOTED_ALREADY: "You have decided on it already.",
    Ineligibility.RIGHT_USED: "The right that you would decide with has been used on it already.",
    Ineligibility.OF_REQUESTER: "Nobody can stand in for whoever asked for it.",
    Ineligibility.NO_PERSON: "In this project only people decide on what is of HIGH risk.",
    Ineligibility.SAME_HAND: "In this project one hand counts once: you and whoever asked for it, "
    "or has agreed already, act by accounts or tokens that one of you or the same person has made.",
}

FAILURES: Final = {
    ApprovalState.REJECTED: RunFailure(
        code=FailureCode.APPROVAL_REJECTED, message="An approver refused it."
    ),
    ApprovalState.EXPIRED: RunFailure(
        code=FailureCode.APPROVAL_EXPIRED, message="Nobody decided on it in time."
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Voter:
    """Somebody who would decide: what they hold in the project themselves, and what their token
    lets through at all. `is_vouched`: their roles came with the sign-in and are stored nowhere.
    `token_maker` made the token, where that is an account of ours."""

    id: PrincipalId
    held: frozenset[Permission]
    lets_through: frozenset[Permission] = ALL
    is_vouched: bool = False
    token_maker: PrincipalId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What a vote would be given under."""

    right: Permission
    on_behalf_of: PrincipalId | None = None
    is_self: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Poll:
    """An approval with all that its outcome depends on, as it is now.

    `rights` are what members hold by their roles, `delegations` those of the project that were not
    revoked. `has_self_approval` and `is_strict` are what the project says; where it is strict,
    `accounts` are all whose hands are compared, and whoever they come from.
    """

    approval: Approval
    at: datetime
    votes: Sequence[ApprovalVote] = ()
    rights: Mapping[PrincipalId, frozenset[Permission]] = field(default_factory=dict)
    delegations: Sequence[Delegation] = ()
    has_self_approval: bool = False
    is_strict: bool = False
    accounts: Accounts = field(default_factory=dict)

    @property
    def is_open(self) -> bool:
        """Also False where its time is over and nobody has noted that yet."""
        approval = self.approval
        return approval.state is ApprovalState.PENDING and self.at < approval.expires_at

    @property
    def lets_requester_count(self) -> bool:
        """Never for what could do much harm, nor to set a denial aside."""
        approval = self.approval
        return (
            self.has_self_approval
            and approval.risk is not RiskLevel.HIGH
            and not approval.break_glass
        )

    @property
    def granted_by(self) -> frozenset[PrincipalId]:
        """Whose rights speak for it now; each counts once, whoever used it."""
        return frozenset(vote.holder_id for vote in self._counted)

    @property
    def taken_hands(self) -> frozenset[PrincipalId]:
        """The hands of whoever asked and of those who have agreed: where the project is strict,
        none of them counts once more."""
        approval = self.approval
        taken = hand(self.accounts, approval.requested_by, approval.token_maker)
        return taken.union(*(self.hand_of(vote) for vote in self._counted))

    def hand_of(self, vote: ApprovalVote) -> frozenset[PrincipalId]:
        """All in whose hands a vote may have been."""
        return hand(self.accounts, vote.principal_id, vote.on_behalf_of, vote.token_maker)

    def asks_for_people(self, *ids: PrincipalId) -> bool:
        """Whether one of these is no person, and the project wants one for what can do harm."""
        if not self.is_strict or self.approval.risk is not RiskLevel.HIGH:
            return False
        kinds = {self.accounts[each].kind for each in ids if each in self.accounts}
        return PrincipalKind.SERVICE in kinds

    @property
    def _counted(self) -> list[ApprovalVote]:
        """The oldest of each hand where the project is strict."""
        approval, counted = self.approval, list[ApprovalVote]()
        taken = hand(self.accounts, approval.requested_by, approval.token_maker)
        for vote in self.votes:
            if vote.decision is not ApprovalDecision.APPROVE or not self._counts(vote):
                continue
            mine = self.hand_of(vote)
            is_twice = self.is_strict and not vote.is_self and mine & taken
            if is_twice or self.asks_for_people(vote.principal_id, vote.holder_id):
                continue
            counted.append(vote)
            taken |= mine
        return counted

    def _counts(self, vote: ApprovalVote) -> bool:
        requester = self.approval.requested_by
        if requester in {vote.principal_id, vote.holder_id}:
            return (
                self.lets_requester_count
                and vote.principal_id == vote.holder_id
                and self._holds(vote)
            )
        return self._holds(vote) and self._stands_in(vote)

    def _holds(self, vote: ApprovalVote) -> bool:
        right = self.approval.right
        if vote.is_vouched and vote.on_behalf_of is None:
            return right is vote.right
        return right in self.rights.get(vote.holder_id, NONE)

    def _stands_in(self, vote: ApprovalVote) -> bool:
        """Given while the delegation lasted; one that was revoked is not among them."""
        if vote.on_behalf_of is None:
            return True
        return not self.approval.break_glass and any(
            each.from_id == vote.on_behalf_of
            and each.to_id == vote.principal_id
            and each.covers(vote.at)
            for each in self.delegations
        )


def standing(poll: Poll, voter: Voter) -> Standing:
    """Under which right somebody may decide now. Raises ApprovalNotEligible."""
    found = _standing(poll, voter)
    if isinstance(found, Ineligibility):
        raise ApprovalNotEligible(found, _message(poll, voter, found))
    return found


def _message(poll: Poll, voter: Voter, bar: Ineligibility) -> str:
    if bar is not Ineligibility.NO_RIGHT:
        return MESSAGES[bar]
    if poll.approval.right not in voter.lets_through:
        return "Your token lacks the scope APPROVE."
    return f"You need the role {poll.approval.required_role} in the project for this now."


def why_not(poll: Poll, voter: Voter) -> Ineligibility | None:
    """Why somebody may not decide now; None where they may."""
    found = _standing(poll, voter)
    return found if isinstance(found, Ineligibility) else None


def _standing(poll: Poll, voter: Voter) -> Standing | Ineligibility:
    is_requester = voter.id == poll.approval.requested_by
    if bar := _bar(poll, voter, is_requester=is_requester):
        return bar
    found = _by_right(poll, voter, is_requester=is_requester)
    if isinstance(found, Ineligibility) or not poll.is_strict or found.is_self:
        return found
    return _bar_of_hand(poll, voter, found.on_behalf_of) or found


def _by_right(poll: Poll, voter: Voter, *, is_requester: bool) -> Standing | Ineligibility:
    right = poll.approval.right
    if right in voter.held and voter.id not in poll.granted_by:
        return Standing(right=right, is_self=is_requester)
    if is_requester:
        return Ineligibility.NO_RIGHT
    return _standing_in(poll, voter, right)


def _bar_of_hand(
    poll: Poll, voter: Voter, on_behalf_of: PrincipalId | None
) -> Ineligibility | None:
    """Where the project is strict: a second account is no second person."""
    if poll.asks_for_people(voter.id, on_behalf_of or voter.id):
        return Ineligibility.NO_PERSON
    mine = hand(poll.accounts, voter.id, on_behalf_of, voter.token_maker)
    return Ineligibility.SAME_HAND if mine & poll.taken_hands else None


def _bar(poll: Poll, voter: Voter, *, is_requester: bool) -> Ineligibility | None:
    """What no right helps against."""
    if not poll.is_open:
        return Ineligibility.NOT_PENDING
    if any(vote.principal_id == voter.id for vote in poll.votes):
        return Ineligibility.VOTED_ALREADY
    if is_requester and not poll.lets_requester_count:
        return Ineligibility.REQUESTER
    return None if poll.approval.right in voter.lets_through else Ineligibility.NO_RIGHT


def _standing_in(poll: Poll, voter: Voter, right: Permission) -> Standing | Ineligibility:
    """By somebody else's right: not passed on to a third, and not the requester's."""
    used = Ineligibility.RIGHT_USED if right in voter.held else Ineligibility.NO_RIGHT
    if poll.approval.break_glass:
        return used
    for each in poll.delegations:
        if each.to_id != voter.id or not each.covers(poll.at):
            continue
        if right not in poll.rights.get(each.from_id, NONE):
            continue
        if each.from_id == poll.approval.requested_by:
            used = Ineligibility.OF_REQUESTER
        elif each.from_id in poll.granted_by:
            used = Ineligibility.RIGHT_USED
        else:
            return Standing(right=right, on_behalf_of=each.from_id)
    return used


def voted(poll: Poll, vote: ApprovalVote) -> Approval:
    """The approval once this has been said too. Earlier votes are counted by the rights that their
    givers hold now."""
    after = replace(poll.approval, votes=poll.approval.votes + 1)
    signal = _outcome(replace(poll, votes=[*poll.votes, vote]), vote)
    if signal is None:
        return after
    return replace(after, state=advance(after.state, signal), decided_at=vote.at)


def _outcome(poll: Poll, vote: ApprovalVote) -> ApprovalSignal | None:
    """None: more are asked."""
    if vote.decision is ApprovalDecision.REJECT:
        return ApprovalSignal.REJECT
    enough = len(poll.granted_by) >= poll.approval.required_count
    return ApprovalSignal.APPROVE if enough else None


def could_decide(poll: Poll) -> int:
    """How many people's rights could be used on it, the requester's left out where it must be;
    where the project is strict, one for each hand."""
    right, requester = poll.approval.right, poll.approval.requested_by
    holders = {who for who, held in poll.rights.items() if right in held}
    if not poll.lets_requester_count:
        holders -= {requester}
    if not poll.is_strict:
        return len(holders)
    able, taken = 0, poll.taken_hands
    for who in sorted(holders - {requester}):
        mine = hand(poll.accounts, who)
        if not mine & taken and not poll.asks_for_people(who):
            able, taken = able + 1, taken | mine
    return able + (requester in holders)


def answered(run: Run, state: ApprovalState, at: datetime) -> Run:
    """What becomes of a run whose approval has come to this state."""
    if state is ApprovalState.PENDING:
        return run
    if state is ApprovalState.APPROVED:
        return replace(run, state=advance(run.state, RunSignal.UNBLOCK), queued_at=at)
    canceled = advance(run.state, RunSignal.CANCEL)
    return replace(run, state=canceled, failure=FAILURES[state], finished_at=at)


def facts_of(
    before: Run, after: Run, approval: Approval, said: ApprovalDecision | None
) -> list[RunFact]:
    """What a run tells of the state that its approval has come to."""
    told = RunApprovalDecided(approval_id=approval.id, state=approval.state, decision=said)
    if after.state is before.state:
        return [told]
    changed = RunStateChanged(from_state=before.state, to_state=after.state, failure=after.failure)
    return [told, changed]
