"""A store with a project and an actor in it, and short ways to put runs there."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from domain.ids import (
    ApprovalId,
    DecisionId,
    DelegationId,
    IntentId,
    NodeId,
    PrincipalId,
    ProjectId,
    RunId,
)
from domain.lifecycle import ApprovalState, RunState
from domain.models.approvals import Approval, ApprovalSubject, Delegation
from domain.models.decisions import Decision, DecisionReason, PolicyVerdict, RiskLevel
from domain.models.events import RunEvent, RunStateChanged
from domain.models.intents import Intent, IntentKind, Lease
from domain.models.logs import LogBatch
from domain.models.policies import DispatchRequest, Policy, PolicyEffect, PolicyRule
from domain.models.principals import Principal, PrincipalKind, Role
from domain.models.projects import Project
from domain.models.providers import EnvProfile, LogStream
from domain.models.runs import Run, RunKind
from domain.models.settings import ProjectSettings
from domain.ports import UnitOfWork
from persistence.unit_of_work import Database

NOW = datetime(2026, 11, 20, 12, 0, 0, 123456, tzinfo=UTC)
NODE = NodeId("node-1")
MAIN = ProjectId("f" * 32)


ANYTHING = PolicyRule(name="anything", effect=PolicyEffect.ALLOW)
"""The rule of projects in which a test may launch what it likes."""


def later(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


def output(text: str, stream: LogStream = LogStream.STDOUT) -> LogBatch:
    """A batch as intake makes it: its lines get their numbers from the store."""
    return LogBatch(stream=stream, first_line=0, count=text.count("\n") + 1, text=text, at=NOW)


def lease_of(intent: Intent) -> Lease:
    return Lease(intent_id=intent.id, fence=intent.fence)


@dataclass(slots=True)
class Scene:
    """What the tests of one store share."""

    store: Database
    woken: list[frozenset[str]]
    project: Project
    actor: Principal
    numbers: Any = field(default_factory=lambda: count(1000))

    @classmethod
    async def set_up(cls, store: Database, woken: list[frozenset[str]]) -> "Scene":
        project = Project(
            id=MAIN,
            slug="main",
            name="Main",
            root_path="/srv/main",
            created_at=NOW,
            settings=ProjectSettings(default_provider="local"),
        )
        actor = Principal(
            id=PrincipalId("a" * 32), name="ada", kind=PrincipalKind.USER, is_server_admin=False
        )
        rules = Policy(
            project_id=project.id, version=project.policy_version, rules=(ANYTHING,), set_at=NOW
        )
        async with store.transaction() as unit:
            await unit.projects.add(project)
            await unit.policies.add(rules)
            await unit.principals.add(actor)
        return cls(store=store, woken=woken, project=project, actor=actor)

    def new_id(self) -> str:
        return f"{next(self.numbers):032x}"

    def decision(self, **changes: Any) -> Decision:
        reason = DecisionReason(code="ALL", explanation="Everything goes.", rule=None)
        decision = Decision(
            id=DecisionId(self.new_id()),
            project_id=self.project.id,
            verdict=PolicyVerdict.ALLOW,
            risk=RiskLevel.LOW,
            reasons=(reason,),
            policy_version=1,
            input_digest="d" * 64,
            decided_at=NOW,
        )
        return replace(decision, **changes)

    @property
    def request(self) -> DispatchRequest:
        """What the decisions of the scene were made on."""
        return DispatchRequest(
            project_id=self.project.id,
            provider="local",
            kind=RunKind.COMMAND,
            root_path=self.project.root_path,
            command=("git", "log", "--oneline"),
            cwd="/srv/main",
            env_profile=EnvProfile.DEFAULT,
        )

    def run(self, decision: Decision, **changes: Any) -> Run:
        run = Run(
            id=RunId(self.new_id()),
            project_id=self.project.id,
            kind=RunKind.COMMAND,
            requested_provider="local",
            provider="local",
            command=("git", "log", "--oneline"),
            cwd="/srv/main",
            env_profile=EnvProfile.DEFAULT,
            timeout_ms=60_000,
            state=RunState.QUEUED,
            decision_id=decision.id,
            requested_by=self.actor.id,
            created_at=NOW,
            queued_at=NOW,
        )
        return replace(run, **changes)

    def approval(self, run: Run, **changes: Any) -> Approval:
        """Of a run, by its decision."""
        approval = Approval(
            id=ApprovalId(self.new_id()),
            project_id=run.project_id,
            subject_kind=ApprovalSubject.RUN,
            subject_id=run.id,
            run_id=run.id,
            decision_id=run.decision_id,
            requested_by=run.requested_by,
            required_role=Role.APPROVER,
            required_count=1,
            state=ApprovalState.PENDING,
            digest="d" * 64,
            shown={"command": ["git", "log"], "risk": "LOW"},
            risk=RiskLevel.LOW,
            policy_version=1,
            created_at=NOW,
            expires_at=later(60),
        )
        return replace(approval, **changes)

    def delegation(self, giver: Principal, to: Principal, **changes: Any) -> Delegation:
        """For a minute from now on."""
        delegation = Delegation(
            id=DelegationId(self.new_id()),
            project_id=self.project.id,
            from_id=giver.id,
            to_id=to.id,
            starts_at=NOW,
            ends_at=later(60),
            reason="away",
            created_at=NOW,
        )
        return replace(delegation, **changes)

    def intent(self, run: Run, **changes: Any) -> Intent:
        intent = Intent(
            id=IntentId(self.new_id()),
            run_id=run.id,
            project_id=run.project_id,
            provider=run.provider,
            kind=IntentKind.DISPATCH,
            created_at=run.created_at,
            due_at=run.created_at,
        )
        return replace(intent, **changes)

    async def queue(self, unit: UnitOfWork, **changes: Any) -> tuple[Run, Intent]:
        """A run as a launch leaves it, within the caller's unit."""
        decision = self.decision()
        await unit.decisions.add(decision, self.request)
        run = self.run(decision, **changes)
        run = await unit.runs.add(run, [RunStateChanged(from_state=None, to_state=run.state)])
        intent = self.intent(run)
        await unit.intents.add(intent)
        return run, intent

    async def queued(self, **changes: Any) -> tuple[Run, Intent]:
        async with self.store.transaction() as unit:
            return await self.queue(unit, **changes)

    async def started(self, **changes: Any) -> tuple[Run, Lease]:
        """A run that its provider works on, followed by NODE."""
        async with self.store.transaction() as unit:
            run, intent = await self.queue(unit, **changes)
            claimed = await unit.intents.claim(intent.id, fence=0, owner=NODE, until=later(30))
            assert claimed is not None
            lease = lease_of(claimed)
            after = replace(run, state=RunState.RUNNING, started_at=NOW)
            fact = RunStateChanged(from_state=run.state, to_state=after.state)
            changed = await unit.runs.change(run, after, [fact], actor=None, at=NOW, lease=lease)
            assert changed is not None
            await unit.intents.become_followed(lease, site=None)
            return changed, lease

    async def print_out(self, run: Run, lease: Lease, *outputs: LogBatch, at: str = "p") -> bool:
        async with self.store.transaction() as unit:
            return await unit.logs.append(run.id, outputs, redactions=0, position=at, lease=lease)

    async def stored(self, run: Run) -> Run:
        async with self.store.snapshot() as unit:
            found = await unit.runs.get(run.id)
        assert found is not None
        return found

    async def after(self, run: Run, sequence: int = 0, limit: int = 100) -> Sequence[RunEvent]:
        async with self.store.snapshot() as unit:
            return await unit.events.after(run.id, sequence, limit)
