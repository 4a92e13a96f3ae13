"""A whole server at work on the local provider, without its socket: workflows as they run."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import orjson
from pydantic import SecretStr

from app import Workbench
from domain.ids import NodeId, PrincipalId, RunId, StepRunId, WorkflowId
from domain.lifecycle import StepRunState, WorkflowRunState
from domain.models.approvals import Approval, ApprovalDecision
from domain.models.audit import Caller, chain_of
from domain.models.commands import DecideApproval, SetPolicy
from domain.models.pages import ApprovalFilter, Window, WorkflowRunFilter
from domain.models.policies import PolicyRule
from domain.models.principals import Membership, Principal, PrincipalKind, Role
from domain.models.projects import Project
from domain.models.runs import Run
from domain.models.workflow_commands import (
    ActOnStepRun,
    ActOnWorkflowRun,
    StartWorkflow,
    WorkflowSource,
)
from domain.models.workflow_events import WorkflowRunEvent
from domain.models.workflow_runs import StepAttempt, StepRun, WorkflowRun
from domain.models.workflows import Step, StepType, Workflow, WorkflowDefinition
from domain.services.audit_proof import AuditProof
from domain.workflows.writing import write
from serving.settings import Settings
from tests.contract.store.scene import ANYTHING

TOKEN: Final = "wb_" + "w" * 20
WAIT_S: Final = 60.0
AT_REST: Final = frozenset(
    {
        WorkflowRunState.SUCCEEDED,
        WorkflowRunState.FAILED,
        WorkflowRunState.CANCELED,
        WorkflowRunState.BLOCKED,
        WorkflowRunState.PAUSED,
    }
)


def command(key: str, *argv: str, **more: Any) -> Step:
    """A step that runs a program; without one, `true`."""
    return Step(key=key, type=StepType.COMMAND, command=argv or ("true",), **more)


def source_of(plan: WorkflowDefinition) -> WorkflowSource:
    """As somebody would write it."""
    return WorkflowSource(written=write(plan))


def gate(key: str, condition: str, **more: Any) -> Step:
    return Step(key=key, type=StepType.VALIDATION, condition=condition, **more)


def asking(key: str, **more: Any) -> Step:
    return Step(key=key, type=StepType.APPROVAL, **more)


@dataclass(kw_only=True)
class Stage:
    """One server, its administrator, and somebody who may approve."""

    workbench: Workbench
    settings: Settings
    root: Path
    admin: Caller
    approver: Caller
    project: Project

    def script(self, key: str, code: str, *arguments: str, **more: Any) -> Step:
        """A step that runs a program of the workspace; code in an argument would be opaque, and
        of high risk."""
        (self.root / f"{key}.py").write_text(code, encoding="utf-8")
        return command(key, "python3", f"{key}.py", *arguments, **more)

    async def policy(self, *rules: PolicyRule) -> None:
        policies = self.workbench.governance.policies
        told = SetPolicy(project=self.project.slug, rules=rules, reason="tests")
        self.project, _ = await policies.set(told, self.project.id, self.admin)

    async def start(self, *steps: Step, **fields: Any) -> WorkflowRun:
        """A run of a workflow of these steps; `given` are its inputs."""
        given = fields.pop("given", {})
        definition = WorkflowDefinition(**{"name": "flow", "steps": steps, **fields})
        workflow = Workflow(
            id=WorkflowId(self.workbench.new_id()),
            project_id=self.project.id,
            version=0,
            definition=definition,
            author_id=self.admin.principal.id,
            created_at=self.workbench.clock.now(),
        )
        async with self.workbench.database.transaction() as unit:
            stored = await unit.workflows.add(workflow)
        assert stored is not None
        asked = StartWorkflow(workflow_id=stored.id, inputs=given)
        return await self.workbench.workflows.runs.start(asked, stored, self.project, self.admin)

    async def all_runs(self) -> list[WorkflowRun]:
        """Newest first."""
        async with self.workbench.database.snapshot() as unit:
            page = await unit.workflow_runs.page(
                self.project.id, WorkflowRunFilter(), Window(limit=100)
            )
        return list(page)

    async def check_audit(self) -> None:
        """The project's chain is whole."""
        signer, store = self.workbench.attestor._signer, self.workbench.database
        proof = await AuditProof(store=store, signer=signer, read=orjson.loads).verify(
            chain_of(self.project.id)
        )
        assert proof.fault is None, proof.fault
        assert proof.entries

    async def run(self, run: WorkflowRun) -> WorkflowRun:
        async with self.workbench.database.snapshot() as unit:
            found = await unit.workflow_runs.get(run.id)
        assert found is not None
        return found

    async def steps(self, run: WorkflowRun) -> dict[str, StepRun]:
        async with self.workbench.database.snapshot() as unit:
            return {one.key: one for one in await unit.step_runs.of(run.id)}

    async def attempts(self, run: WorkflowRun) -> Mapping[StepRunId, Sequence[StepAttempt]]:
        """Those that are over, by their steps."""
        async with self.workbench.database.snapshot() as unit:
            return await unit.step_runs.attempts(
                [one.id for one in await unit.step_runs.of(run.id)]
            )

    async def states(self, run: WorkflowRun) -> dict[str, str]:
        return {key: str(one.state) for key, one in (await self.steps(run)).items()}

    async def events(self, run: WorkflowRun) -> list[WorkflowRunEvent]:
        async with self.workbench.database.snapshot() as unit:
            return list(await unit.workflow_runs.after(run.id, 0, 100_000))

    async def child(self, step_run: StepRun) -> Run:
        """The run of its present attempt."""
        assert step_run.run_id is not None
        async with self.workbench.database.snapshot() as unit:
            run = await unit.runs.get(RunId(step_run.run_id))
        assert run is not None
        return run

    async def when(
        self, run: WorkflowRun, is_so: Callable[[WorkflowRun, dict[str, StepRun]], bool]
    ) -> WorkflowRun:
        """As it is as soon as this is so."""
        async with asyncio.timeout(WAIT_S):
            while not is_so(found := await self.run(run), await self.steps(run)):
                await asyncio.sleep(0.01)
        return found

    async def at_rest(self, run: WorkflowRun) -> WorkflowRun:
        """As it is when nothing comes of it by itself."""
        return await self.when(run, lambda now, _: now.state in AT_REST)

    async def in_state(self, run: WorkflowRun, state: WorkflowRunState) -> WorkflowRun:
        return await self.when(run, lambda now, _: now.state is state)

    async def step_in(self, run: WorkflowRun, key: str, state: StepRunState) -> StepRun:
        await self.when(run, lambda _, steps: steps[key].state is state)
        return (await self.steps(run))[key]

    async def approvals(self) -> list[Approval]:
        """All that were ever asked for, newest first."""
        chosen = ApprovalFilter(project_ids=frozenset({self.project.id}))
        async with self.workbench.database.snapshot() as unit:
            return list(await unit.approvals.page(chosen, Window(limit=100)))

    async def decide(
        self, approval: Approval, decision: ApprovalDecision = ApprovalDecision.APPROVE
    ) -> Approval:
        said = DecideApproval(approval_id=approval.id, decision=decision, digest=approval.digest)
        decide = self.workbench.governance.approvals.decide
        return await decide(said, self.approver, is_vouched=False)

    async def act(self, what: str, run: WorkflowRun, **more: Any) -> WorkflowRun:
        """Pause, resume or cancel."""
        asked = ActOnWorkflowRun(workflow_run_id=run.id, reason="a test", **more)
        done: WorkflowRun = await getattr(self.workbench.workflows.runs, what)(asked, self.admin)
        return done

    async def act_on_step(self, what: str, step_run: StepRun) -> StepRun:
        """Retry or skip."""
        asked = ActOnStepRun(step_run_id=step_run.id, reason="a test")
        done: StepRun = await getattr(self.workbench.workflows.recovery, what)(asked, self.admin)
        return done


@asynccontextmanager
async def served(settings: Settings, *, node: str = "node") -> AsyncIterator[Workbench]:
    """A server on these settings, at work."""
    workbench = Workbench(settings=settings, node=NodeId(node), token=TOKEN)
    await workbench.prepare()
    async with workbench.started():
        yield workbench


def settings_of(folder: Path, database_url: str, **more: Any) -> Settings:
    for name in ("data/spool", "project"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    return Settings(
        data_dir=folder / "data",
        project_root=folder / "project",
        database_url=SecretStr(database_url),
        bootstrap_token=SecretStr(TOKEN),
        **more,
    )


async def set_up(workbench: Workbench, settings: Settings) -> Stage:
    """Everything is allowed, and there is one who may approve what the administrator asks for."""
    admin = await workbench.sign_in.bootstrap(TOKEN)
    async with workbench.database.snapshot() as unit:
        project = await unit.projects.by_slug("default")
    assert project is not None
    approver = await _member(workbench, project, {Role.APPROVER, Role.ELEVATED_APPROVER})
    stage = Stage(
        workbench=workbench,
        settings=settings,
        root=settings.project_root,
        admin=Caller(principal=admin),
        approver=approver,
        project=project,
    )
    await stage.policy(ANYTHING)
    return stage


async def _member(workbench: Workbench, project: Project, roles: set[Role]) -> Caller:
    who = Principal(
        id=PrincipalId(workbench.new_id()),
        name="anna",
        kind=PrincipalKind.USER,
        is_server_admin=False,
    )
    held = Membership(project_id=project.id, principal_id=who.id, roles=frozenset(roles))
    async with workbench.database.transaction() as unit:
        await unit.principals.add(who)
        await unit.principals.set_membership(held)
    return Caller(principal=who, memberships=(held,))


def kinds(events: Sequence[WorkflowRunEvent]) -> list[str]:
    return [type(event.fact).__name__ for event in events]
