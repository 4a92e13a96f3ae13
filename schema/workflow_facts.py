"""Each kind of thing that happens to a workflow run, with what it happened to."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import strawberry
from strawberry.scalars import JSON

from domain.ids import ArtifactId
from domain.lifecycle import ApprovalState, StepRunState, WorkflowRunState
from domain.models import workflow_events as domain
from domain.models.approvals import ApprovalDecision
from schema.approvals import Approval
from schema.artifacts import Artifact
from schema.failures import RunFailure
from schema.ids import approval_id, artifact_id, run_id
from schema.info import Info
from schema.plans import MANY
from schema.step_runs import StepRun
from schema.workflow_events import WorkflowRunEvent, tells


def _failure(of: domain.WorkflowRunStateChanged | domain.StepRunStateChanged) -> RunFailure | None:
    return RunFailure.of(of.failure) if of.failure else None


async def _steps(events: Sequence["OfStep"], info: Info) -> Sequence[StepRun]:
    found = await info.context.loaders.step_runs.load_many(
        [event.fact.step_run_id for event in events]
    )
    return [StepRun.of(step) for step in found if step is not None]


async def _approvals(events: Sequence["OfApproval"], info: Info) -> Sequence[Approval]:
    found = await info.context.loaders.approvals.load_many(
        [event.fact.approval_id for event in events]
    )
    return [Approval.of(approval) for approval in found if approval is not None]


async def _artifacts(events: Sequence["StepRunArtifactAdded"], info: Info) -> Sequence[Artifact]:
    found = await info.context.loaders.artifacts.load_many(
        [ArtifactId(event.fact.artifact_id) for event in events]
    )
    return [Artifact.of(each, info.context) for each in found if each is not None]


@strawberry.type
class OfStep(WorkflowRunEvent):
    """Fields of what happens to a step; `fact` has `step_run_id` and `key`."""

    fact: strawberry.Private[Any]

    @strawberry.field(description="The step's key.")
    def key(self) -> str:
        key: str = self.fact.key
        return key

    @strawberry.field(
        description="The step as it is by now: not older than the event.",
        metadata={MANY: _steps},
    )
    async def step_run(self, info: Info) -> StepRun:
        return (await _steps([self], info))[0]


@strawberry.type
class OfApproval(OfStep):
    """Fields of what people are asked about a step; `fact` has `approval_id` too."""

    @strawberry.field(description="The approval's id.")
    def approval_id(self) -> strawberry.ID:
        return approval_id(self.fact.approval_id)

    @strawberry.field(
        description="The approval as it is by now: not older than the event.",
        metadata={MANY: _approvals},
    )
    async def approval(self, info: Info) -> Approval:
        return (await _approvals([self], info))[0]


@tells(domain.WorkflowRunStateChanged)
@strawberry.type(description="The workflow run went from one state to another.")
class WorkflowRunStateChanged(WorkflowRunEvent):
    """The first of these has no `from`."""

    fact: strawberry.Private[domain.WorkflowRunStateChanged]

    @strawberry.field(name="from", description="The state before; null for a new one.")
    def from_(self) -> WorkflowRunState | None:
        return self.fact.from_state

    @strawberry.field(description="The state since.")
    def to(self) -> WorkflowRunState:
        return self.fact.to_state

    @strawberry.field(description="Why, where there is more to say than the state.")
    def reason(self) -> str | None:
        return self.fact.reason

    @strawberry.field(description="What went wrong, if something did.")
    def failure(self) -> RunFailure | None:
        return _failure(self.fact)


@tells(domain.StepRunStateChanged)
@strawberry.type(description="A step went from one state to another.")
class StepRunStateChanged(OfStep):
    """In one attempt, unless it went back to PENDING."""

    fact: strawberry.Private[domain.StepRunStateChanged]

    @strawberry.field(name="from", description="The state before.")
    def from_(self) -> StepRunState:
        return self.fact.from_state

    @strawberry.field(description="The state since.")
    def to(self) -> StepRunState:
        return self.fact.to_state

    @strawberry.field(description="The attempt; 0 before the first.")
    def attempt(self) -> int:
        return self.fact.attempt

    @strawberry.field(description="Why, if it did not end well.")
    def failure(self) -> RunFailure | None:
        return _failure(self.fact)

    @strawberry.field(description="The run that does it; null for a step that makes none.")
    def run_id(self) -> strawberry.ID | None:
        return run_id(self.fact.run_id) if self.fact.run_id else None


@tells(domain.StepRunApprovalRequested)
@strawberry.type(description="A step waits for people.")
class StepRunApprovalRequested(OfApproval):
    """Its approval says for whom and how long."""

    fact: strawberry.Private[domain.StepRunApprovalRequested]


@tells(domain.StepRunApprovalDecided)
@strawberry.type(description="An approval of a step was decided on.")
class StepRunApprovalDecided(OfApproval):
    """By people, by time, by a new policy or by a change of the plan."""

    fact: strawberry.Private[domain.StepRunApprovalDecided]

    @strawberry.field(description="Where the approval is since.")
    def state(self) -> ApprovalState:
        return self.fact.state

    @strawberry.field(description="What the actor said; null where nobody was asked.")
    def decision(self) -> ApprovalDecision | None:
        return self.fact.decision


@tells(domain.StepRunRetried)
@strawberry.type(description="A step is to be tried once more.")
class StepRunRetried(OfStep):
    """Because somebody wants that, or by its own policy."""

    fact: strawberry.Private[domain.StepRunRetried]

    @strawberry.field(description="The number of the attempt that is to come.")
    def attempt(self) -> int:
        return self.fact.attempt

    @strawberry.field(description="When that may start at the earliest; null: at once.")
    def due_at(self) -> datetime | None:
        return self.fact.due_at

    @strawberry.field(description="What the actor said; null where it is the step's own policy.")
    def reason(self) -> str | None:
        return self.fact.reason


@tells(domain.StepRunSkipped)
@strawberry.type(description="A step is left out, and what needs it goes on.")
class StepRunSkipped(OfStep):
    """Because somebody wants that, or by its own condition."""

    fact: strawberry.Private[domain.StepRunSkipped]

    @strawberry.field(description="Why.")
    def reason(self) -> str:
        return self.fact.reason


@tells(domain.WorkflowRunReplanned)
@strawberry.type(description="The steps that had not started were replaced by those of a new plan.")
class WorkflowRunReplanned(WorkflowRunEvent):
    """What had started stays."""

    fact: strawberry.Private[domain.WorkflowRunReplanned]

    @strawberry.field(description="The revision since.")
    def revision(self) -> int:
        return self.fact.revision

    @strawberry.field(description="Keys of the steps that came in.")
    def added(self) -> list[str]:
        return list(self.fact.added)

    @strawberry.field(description="Keys of those that were taken out.")
    def removed(self) -> list[str]:
        return list(self.fact.removed)

    @strawberry.field(description="Keys of those that do something else now.")
    def changed(self) -> list[str]:
        return list(self.fact.changed)

    @strawberry.field(description="What the actor said.")
    def reason(self) -> str:
        return self.fact.reason


@tells(domain.StepRunArtifactAdded)
@strawberry.type(description="A step has left a file behind.")
class StepRunArtifactAdded(OfStep):
    """It is kept."""

    fact: strawberry.Private[domain.StepRunArtifactAdded]

    @strawberry.field(description="The file's name.")
    def name(self) -> str:
        return self.fact.name

    @strawberry.field(description="The artifact's id.")
    def artifact_id(self) -> strawberry.ID:
        return artifact_id(ArtifactId(self.fact.artifact_id))

    @strawberry.field(
        description="The file as it is by now: not older than the event.",
        metadata={MANY: _artifacts},
    )
    async def artifact(self, info: Info) -> Artifact:
        return (await _artifacts([self], info))[0]


@tells(domain.StepRunBriefed)
@strawberry.type(description="Documents of the feature went along with the prompt of a step.")
class StepRunBriefed(OfStep):
    """What they said is in the prompt of its run."""

    fact: strawberry.Private[domain.StepRunBriefed]

    @strawberry.field(
        description="Which documents, which bytes of each, their digests, and by which rule."
    )
    def briefing(self) -> JSON:
        return JSON(dict(self.fact.record))


@tells(domain.StepRunToolCalled)
@strawberry.type(description="The agent of a step has used a tool.")
class StepRunToolCalled(OfStep):
    """As its provider tells it."""

    fact: strawberry.Private[domain.StepRunToolCalled]

    @strawberry.field(description="The tool's name.")
    def tool(self) -> str:
        return self.fact.tool

    @strawberry.field(description="What it was used for.")
    def summary(self) -> str:
        return self.fact.summary

    @strawberry.field(description="What came of it.")
    def status(self) -> str:
        return self.fact.status


@tells(domain.CheckpointSaved)
@strawberry.type(description="A step is over, and the work goes on from there.")
class CheckpointSaved(OfStep):
    """What was done up to here is not done again when the workflow run is resumed."""

    fact: strawberry.Private[domain.CheckpointSaved]


@tells(domain.WorkflowRunCancelRequested)
@strawberry.type(description="Somebody asked for the workflow run to be stopped.")
class WorkflowRunCancelRequested(WorkflowRunEvent):
    """A request until it is CANCELED."""

    fact: strawberry.Private[domain.WorkflowRunCancelRequested]

    @strawberry.field(description="What they said.")
    def reason(self) -> str | None:
        return self.fact.reason
