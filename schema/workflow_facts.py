"""The types of workflow run events, one for each kind of fact."""

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
    """Fields shared by events about a step; `fact` has `step_run_id` and `key`."""

    fact: strawberry.Private[Any]

    @strawberry.field(description="The step's key.")
    def key(self) -> str:
        key: str = self.fact.key
        return key

    @strawberry.field(
        description="The step in its current state, which is at least as new as the event.",
        metadata={MANY: _steps},
    )
    async def step_run(self, info: Info) -> StepRun:
        return (await _steps([self], info))[0]


@strawberry.type
class OfApproval(OfStep):
    """Fields shared by events about an approval of a step; `fact` also has `approval_id`."""

    @strawberry.field(description="The approval's id.")
    def approval_id(self) -> strawberry.ID:
        return approval_id(self.fact.approval_id)

    @strawberry.field(
        description="The approval in its current state, which is at least as new as the event.",
        metadata={MANY: _approvals},
    )
    async def approval(self, info: Info) -> Approval:
        return (await _approvals([self], info))[0]


@tells(domain.WorkflowRunStateChanged)
@strawberry.type(description="The workflow run changed state.")
class WorkflowRunStateChanged(WorkflowRunEvent):
    """The first of these has no `from`."""

    fact: strawberry.Private[domain.WorkflowRunStateChanged]

    @strawberry.field(name="from", description="The state before; null for a new workflow run.")
    def from_(self) -> WorkflowRunState | None:
        return self.fact.from_state

    @strawberry.field(description="The new state.")
    def to(self) -> WorkflowRunState:
        return self.fact.to_state

    @strawberry.field(description="The reason given, or why the engine paused it.")
    def reason(self) -> str | None:
        return self.fact.reason

    @strawberry.field(description="The failure, if the new state is FAILED.")
    def failure(self) -> RunFailure | None:
        return _failure(self.fact)


@tells(domain.StepRunStateChanged)
@strawberry.type(description="A step changed state.")
class StepRunStateChanged(OfStep):
    """Both states belong to `attempt`, unless the step went back to PENDING."""

    fact: strawberry.Private[domain.StepRunStateChanged]

    @strawberry.field(name="from", description="The state before.")
    def from_(self) -> StepRunState:
        return self.fact.from_state

    @strawberry.field(description="The new state.")
    def to(self) -> StepRunState:
        return self.fact.to_state

    @strawberry.field(description="The attempt; 0 before the first.")
    def attempt(self) -> int:
        return self.fact.attempt

    @strawberry.field(description="The failure, if the new state is FAILED.")
    def failure(self) -> RunFailure | None:
        return _failure(self.fact)

    @strawberry.field(description="The run that executes the step; null where no run does.")
    def run_id(self) -> strawberry.ID | None:
        return run_id(self.fact.run_id) if self.fact.run_id else None


@tells(domain.StepRunApprovalRequested)
@strawberry.type(description="People were asked to approve something about a step.")
class StepRunApprovalRequested(OfApproval):
    """The approval says who may decide and until when."""

    fact: strawberry.Private[domain.StepRunApprovalRequested]


@tells(domain.StepRunApprovalDecided)
@strawberry.type(description="An approval of a step was decided.")
class StepRunApprovalDecided(OfApproval):
    """By people, by expiry, by a new policy version, or by a change of the plan."""

    fact: strawberry.Private[domain.StepRunApprovalDecided]

    @strawberry.field(description="The new state of the approval.")
    def state(self) -> ApprovalState:
        return self.fact.state

    @strawberry.field(description="The actor's answer; null where no person decided.")
    def decision(self) -> ApprovalDecision | None:
        return self.fact.decision


@tells(domain.StepRunRetried)
@strawberry.type(description="A step will be tried again.")
class StepRunRetried(OfStep):
    """Because a person asked for it, or by the step's retry policy."""

    fact: strawberry.Private[domain.StepRunRetried]

    @strawberry.field(description="The number of the coming attempt.")
    def attempt(self) -> int:
        return self.fact.attempt

    @strawberry.field(description="The earliest time at which it may start; null: at once.")
    def due_at(self) -> datetime | None:
        return self.fact.due_at

    @strawberry.field(description="The actor's reason; null where the retry policy decided.")
    def reason(self) -> str | None:
        return self.fact.reason


@tells(domain.StepRunSkipped)
@strawberry.type(description="A step was skipped, and the steps that need it go on.")
class StepRunSkipped(OfStep):
    """Because a person asked for it, or its condition did not hold."""

    fact: strawberry.Private[domain.StepRunSkipped]

    @strawberry.field(description="Why.")
    def reason(self) -> str:
        return self.fact.reason


@tells(domain.WorkflowRunReplanned)
@strawberry.type(description="The steps that had not started were replaced by those of a new plan.")
class WorkflowRunReplanned(WorkflowRunEvent):
    """Steps that had started stay as they were."""

    fact: strawberry.Private[domain.WorkflowRunReplanned]

    @strawberry.field(description="The new revision of the plan.")
    def revision(self) -> int:
        return self.fact.revision

    @strawberry.field(description="Keys of the steps that were added.")
    def added(self) -> list[str]:
        return list(self.fact.added)

    @strawberry.field(description="Keys of the steps that were removed before they had ended.")
    def removed(self) -> list[str]:
        return list(self.fact.removed)

    @strawberry.field(description="Keys of the steps whose definition changed.")
    def changed(self) -> list[str]:
        return list(self.fact.changed)

    @strawberry.field(description="The actor's reason.")
    def reason(self) -> str:
        return self.fact.reason


@tells(domain.StepRunArtifactAdded)
@strawberry.type(description="A step produced an artifact.")
class StepRunArtifactAdded(OfStep):
    """Sent when the attempt that made it has ended."""

    fact: strawberry.Private[domain.StepRunArtifactAdded]

    @strawberry.field(description="The file's name.")
    def name(self) -> str:
        return self.fact.name

    @strawberry.field(description="The artifact's id.")
    def artifact_id(self) -> strawberry.ID:
        return artifact_id(ArtifactId(self.fact.artifact_id))

    @strawberry.field(
        description="The artifact in its current state, which is at least as new as the event.",
        metadata={MANY: _artifacts},
    )
    async def artifact(self, info: Info) -> Artifact:
        return (await _artifacts([self], info))[0]


@tells(domain.StepRunBriefed)
@strawberry.type(description="Documents of the feature were put before the prompt of a step.")
class StepRunBriefed(OfStep):
    """The text itself is in the prompt of the step's run."""

    fact: strawberry.Private[domain.StepRunBriefed]

    @strawberry.field(
        description="The documents, how many bytes of each, their SHA-256 digests, and the rule."
    )
    def briefing(self) -> JSON:
        return JSON(dict(self.fact.record))


@tells(domain.StepRunToolCalled)
@strawberry.type(description="The agent of a step used a tool.")
class StepRunToolCalled(OfStep):
    """As its provider reports it."""

    fact: strawberry.Private[domain.StepRunToolCalled]

    @strawberry.field(description="The tool's name.")
    def tool(self) -> str:
        return self.fact.tool

    @strawberry.field(description="What it was used for.")
    def summary(self) -> str:
        return self.fact.summary

    @strawberry.field(description="The outcome, as the provider reports it.")
    def status(self) -> str:
        return self.fact.status


@tells(domain.CheckpointSaved)
@strawberry.type(description="A step is over; a resume continues from here.")
class CheckpointSaved(OfStep):
    """What was finished up to here is not repeated when the workflow run is resumed."""

    fact: strawberry.Private[domain.CheckpointSaved]


@tells(domain.WorkflowRunCancelRequested)
@strawberry.type(description="Somebody asked for the workflow run to be canceled.")
class WorkflowRunCancelRequested(WorkflowRunEvent):
    """It stays a request until the workflow run is CANCELED."""

    fact: strawberry.Private[domain.WorkflowRunCancelRequested]

    @strawberry.field(description="What they said.")
    def reason(self) -> str | None:
        return self.fact.reason
