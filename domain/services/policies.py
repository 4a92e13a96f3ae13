"""Policies of projects: kept at hand for launches, replaced by a new version, tried on the past."""

from collections import Counter, OrderedDict
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

from domain import audit, policy
from domain.default_policy import DEFAULT_RULES
from domain.errors import InvalidInput, NotFound, QuotaExceeded
from domain.ids import ProjectId
from domain.limits import APPROVERS_LOOKED_FOR_MAX, CONFLICT_TRIES_MAX, REASON_CHARACTERS_MAX
from domain.models.audit import Caller
from domain.models.commands import SetPolicy, SimulatePolicy
from domain.models.decisions import Decision, PolicyVerdict
from domain.models.pages import Window
from domain.models.policies import DispatchRequest, Policy
from domain.models.project_events import ProjectPolicyChanged
from domain.models.projects import Project
from domain.models.subjects import GroupRights
from domain.ports import Clock, Store, UnitOfWork
from domain.rules import check_approvable, check_rules
from domain.topics import POLICIES
from domain.validation import check_text

POLICIES_KEPT: Final = 256
REPLAYED_MAX: Final = 10_000
REPLAY_PAGE: Final = 50
"""Decided anew in one go, before others get their turn."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyChange:
    """What was decided, and what other rules would say of the same."""

    before: Decision
    after: Decision


@dataclass(frozen=True, slots=True, kw_only=True)
class Simulation:
    """`counts` are of what was decided, by verdict before and after; `changes` are newest first.

    `is_complete` says that nothing older was left out for being too much.
    """

    counts: Mapping[tuple[PolicyVerdict, PolicyVerdict], int]
    changes: tuple[PolicyChange, ...]
    is_complete: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Policies:
    """Whoever calls has checked the permission. `groups` are what an issuer's groups bring."""

    store: Store
    clock: Clock
    groups: Mapping[str, GroupRights] | None = None
    _kept: OrderedDict[tuple[ProjectId, int], Policy] = field(default_factory=OrderedDict)

    async def current(self, project: Project) -> Policy:
        """The version that the project was read with. A version never changes, so that one that
        was read before costs no question."""
        key = (project.id, project.policy_version)
        if key in self._kept:
            self._kept.move_to_end(key)
            return self._kept[key]
        async with self.store.snapshot() as unit:
            found = await unit.policies.get(*key)
        assert found is not None, "a project's policy is stored with it"
        self._kept[key] = found
        if len(self._kept) > POLICIES_KEPT:
            self._kept.popitem(last=False)
        return found

    async def set(
        self, command: SetPolicy, project_id: ProjectId, caller: Caller
    ) -> tuple[Project, Policy]:
        """Replace the rules, under the next version; answers the project as it is with it.

        Raises InvalidInput for rules that cannot be, under which nobody could approve, or where
        another version than the expected one holds; QuotaExceeded.
        """
        check_rules(command.rules)
        check_text(command.reason, REASON_CHARACTERS_MAX, "reason")
        for _ in range(CONFLICT_TRIES_MAX):
            if made := await self._set(command, project_id, caller):
                return made
        raise QuotaExceeded("Too many changes to this at once. Try again.")

    async def _set(
        self, command: SetPolicy, project_id: ProjectId, caller: Caller
    ) -> tuple[Project, Policy] | None:
        """None where somebody else was first."""
        async with self.store.transaction() as unit:
            project = await unit.projects.get(project_id)
            if project is None:
                raise NotFound
            _check_expected(command, project)
            before = await unit.policies.get(project_id, project.policy_version)
            assert before is not None, "a project's policy is stored with it"
            await self._check_approvable(unit, command, project)
            after = Policy(
                project_id=project_id,
                version=before.version + 1,
                rules=command.rules,
                reason=command.reason,
                set_by=caller.principal.id,
                set_at=self.clock.now(),
            )
            taken = await unit.projects.set_policy_version(
                project_id, before.version, after.version
            )
            if not taken:
                return None
            await unit.policies.add(after)
            unit.audit.add(audit.policy_set(before, after, caller))
            fact = ProjectPolicyChanged(version=after.version)
            actor = caller.principal.id
            unit.project_events.add(project_id, fact, actor=actor, at=after.set_at)
            unit.wake(POLICIES)
        return replace(project, policy_version=after.version), after

    async def _check_approvable(
        self, unit: UnitOfWork, command: SetPolicy, project: Project
    ) -> None:
        members = await unit.principals.members(project.id, Window(limit=APPROVERS_LOOKED_FOR_MAX))
        groups = (self.groups or {}).values()
        brought = {role for each in groups for role in each.roles.get(project.slug, ())}
        check_approvable(command.rules, members, brought)

    async def simulate(self, command: SimulatePolicy, project: Project) -> Simulation:
        """Decide anew by other rules what was decided since a time, newest first.

        Raises InvalidInput.
        """
        check_rules(command.rules)
        most = REPLAYED_MAX if command.first is None else command.first
        if not 1 <= most <= REPLAYED_MAX:
            raise InvalidInput(f"first must be from 1 to {REPLAYED_MAX}.", "first")
        now = self.clock.now()
        rules = Policy(
            project_id=project.id,
            version=project.policy_version + 1,
            rules=command.rules,
            set_at=now,
        )
        counts: Counter[tuple[PolicyVerdict, PolicyVerdict]] = Counter()
        changes: list[PolicyChange] = []
        async for before, request in self._decided(project.id, command.since):
            if counts.total() == most:
                return Simulation(counts=counts, changes=tuple(changes), is_complete=False)
            after = policy.decide(request, rules, decision_id=before.id, at=before.decided_at)
            counts[before.verdict, after.verdict] += 1
            if _differs(before, after):
                changes.append(PolicyChange(before=before, after=after))
        return Simulation(counts=counts, changes=tuple(changes), is_complete=True)

    async def _decided(
        self, project_id: ProjectId, since: datetime
    ) -> AsyncIterator[tuple[Decision, DispatchRequest]]:
        last: str | None = None
        while True:
            async with self.store.snapshot() as unit:
                window = Window(limit=REPLAY_PAGE, after=last)
                page = await unit.decisions.page(project_id, window)
            for decision, request in page:
                if decision.decided_at < since:
                    return
                yield decision, request
            if len(page) < REPLAY_PAGE:
                return
            last = page[-1][0].id


def first_policy(project: Project) -> Policy:
    """What a new project begins with."""
    return Policy(
        project_id=project.id,
        version=project.policy_version,
        rules=DEFAULT_RULES,
        set_at=project.created_at,
    )


def _check_expected(command: SetPolicy, project: Project) -> None:
    expected = command.expected_version
    if expected is not None and expected != project.policy_version:
        message = (
            f"The policy is at version {project.policy_version}, not {expected}. "
            "Read it again, then send that version."
        )
        raise InvalidInput(message, "expectedVersion")


def _differs(before: Decision, after: Decision) -> bool:
    return (before.verdict, before.risk, before.requirement) != (
        after.verdict,
        after.risk,
        after.requirement,
    )
