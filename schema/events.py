"""What happened to a run: one type for each fact, behind one interface."""

from collections.abc import Sequence
from typing import Final, assert_never

import strawberry

from domain.lifecycle import ApprovalState, RunState
from domain.models import events as domain
from domain.models.approvals import ApprovalDecision
from domain.models.artifacts import ArtifactFault
from domain.models.logs import LogBatch as DomainBatch
from domain.models.outputs import OutputsFault
from domain.models.runs import SyncStatus
from schema.cursors import stream_cursor
from schema.failures import RunFailure
from schema.happenings import Happening
from schema.ids import approval_id, artifact_id, run_id
from schema.logs import INT_MAX, LogBatch


@strawberry.interface(description="Something that happened to a run, in the past tense.")
class RunEvent(Happening):
    """A fact with its place in the run's stream."""

    value: strawberry.Private[domain.RunEvent]

    @strawberry.field(description="Resume behind this event with it.")
    def cursor(self) -> str:
        return stream_cursor(self.value.run_id, self.value.sequence)

    @strawberry.field(description="The run.")
    def run_id(self) -> strawberry.ID:
        return run_id(self.value.run_id)


@strawberry.type(description="The run went from one state to another.")
class RunStateChanged(RunEvent):
    """The first of these has no `from`, the last one a final `to`."""

    from_: RunState | None = strawberry.field(
        name="from", description="The state before; null for a new run."
    )
    to: RunState = strawberry.field(description="The state since.")
    failure: RunFailure | None = strawberry.field(description="Why, if it did not end well.")


@strawberry.type(description="The run printed something.")
class RunLogged(RunEvent):
    """A log batch as an event."""

    batch: LogBatch = strawberry.field(description="The lines.")


@strawberry.type(description="How sure we are of the run changed.")
class RunSynced(RunEvent):
    """Our record agrees with the provider, or no longer does."""

    sync_status: SyncStatus = strawberry.field(description="How sure we are.")
    reason: str | None = strawberry.field(description="What is wrong, if something is.")
    provider_status_raw: str | None = strawberry.field(
        description="The provider's own word for the run's state, where it has one."
    )


@strawberry.type(description="The provider has taken the run.")
class RunDispatched(RunEvent):
    """From here on the provider works on it."""

    provider_run_id: str = strawberry.field(description="The provider's name for the run.")
    external_url: str | None = strawberry.field(description="Where the provider shows it.")


@strawberry.type(description="The run goes to another provider than the one before.")
class RunRerouted(RunEvent):
    """It was decided on afresh for that."""

    provider: str = strawberry.field(description="Key of the provider that it goes to.")
    reason: str = strawberry.field(description="Why not to the one before.")


@strawberry.type(description="Somebody asked for the run to be canceled.")
class RunCancelRequested(RunEvent):
    """A request until the run is CANCELED."""

    reason: str | None = strawberry.field(description="What they said.")


@strawberry.type(description="The run waits for people, or from now on for others.")
class RunApprovalRequested(RunEvent):
    """Its approval says for whom and how long."""

    approval_id: strawberry.ID = strawberry.field(description="The approval.")


@strawberry.type(description="An approval of the run was decided on.")
class RunApprovalDecided(RunEvent):
    """By one of several people, by the last that was needed, by time, or by a new policy."""

    approval_id: strawberry.ID = strawberry.field(description="The approval.")
    state: ApprovalState = strawberry.field(
        description="Where it is since; PENDING while more people are asked."
    )
    decision: ApprovalDecision | None = strawberry.field(
        description="What the actor said; null where nobody was asked."
    )


@strawberry.type(description="Lines that were here once have been removed by retention.")
class LogsExpired(RunEvent):
    """A gap, told instead of hidden."""

    from_: int = strawberry.field(name="from", description="Number of the first missing line.")
    to: int = strawberry.field(description="Number of the last missing line.")


@strawberry.type(description="The run printed more than is kept; what follows is not there.")
class LogsTruncated(RunEvent):
    """The log ends here although the run went on printing."""

    kept_lines: int = strawberry.field(description="How many lines are there.")
    limit_bytes: int = strawberry.field(description="The limit that was reached, in bytes.")


@strawberry.type(description="The run waits for somebody to answer what it asks.")
class RunAsked(RunEvent):
    """See runAnswer."""

    question: str = strawberry.field(description="What it wants to know.")


@strawberry.type(description="Somebody answered what the run had asked.")
class RunAnswered(RunEvent):
    """What they said went to the provider, and is not kept."""

    question: str = strawberry.field(description="What it wanted to know.")


@strawberry.type(description="The run wanted to hand something on, and nothing of it was taken.")
class RunOutputsRefused(RunEvent):
    """It ends as it would have without."""

    code: OutputsFault = strawberry.field(description="What is wrong with it.")
    message: str = strawberry.field(description="The same for people.")


@strawberry.type(description="A file that the run has left behind is kept, or known.")
class RunArtifactAdded(RunEvent):
    """Told when the run has ended, before its end."""

    artifact_id: strawberry.ID = strawberry.field(description="The artifact.")
    name: str = strawberry.field(description="Its name.")


@strawberry.type(description="A file that the run has left behind is not kept.")
class RunArtifactRefused(RunEvent):
    """The run ends as it would have without."""

    name: str | None = strawberry.field(description="Its name; null where it is about several.")
    code: ArtifactFault = strawberry.field(description="Why it is not kept.")
    message: str = strawberry.field(description="The same for people.")


EVENT_TYPES: Final[Sequence[type[RunEvent]]] = (
    RunStateChanged,
    RunLogged,
    RunSynced,
    RunDispatched,
    RunRerouted,
    RunCancelRequested,
    RunApprovalRequested,
    RunApprovalDecided,
    RunAsked,
    RunAnswered,
    RunOutputsRefused,
    RunArtifactAdded,
    RunArtifactRefused,
    LogsExpired,
    LogsTruncated,
)


def event_of(event: domain.RunEvent) -> RunEvent:  # noqa: C901, PLR0912 - a closed branch
    """The GraphQL type of an event's fact."""
    fact = event.fact
    made: RunEvent
    match fact:
        case domain.RunStateChanged():
            failure = RunFailure.of(fact.failure) if fact.failure else None
            made = RunStateChanged(
                value=event, from_=fact.from_state, to=fact.to_state, failure=failure
            )
        case DomainBatch():
            made = RunLogged(value=event, batch=LogBatch.of_event(event))
        case domain.RunSynced():
            made = RunSynced(
                value=event,
                sync_status=fact.sync_status,
                reason=fact.reason,
                provider_status_raw=fact.raw,
            )
        case domain.RunDispatched():
            made = RunDispatched(
                value=event, provider_run_id=fact.provider_run_id, external_url=fact.external_url
            )
        case domain.RunRerouted():
            made = RunRerouted(value=event, provider=fact.provider, reason=fact.reason)
        case domain.RunCancelRequested():
            made = RunCancelRequested(value=event, reason=fact.reason)
        case domain.RunApprovalRequested() | domain.RunApprovalDecided():
            made = _of_approval(event, fact)
        case domain.RunAsked():
            made = RunAsked(value=event, question=fact.question)
        case domain.RunAnswered():
            made = RunAnswered(value=event, question=fact.question)
        case domain.RunOutputsRefused():
            made = RunOutputsRefused(value=event, code=fact.code, message=fact.message)
        case domain.RunArtifactAdded() | domain.RunArtifactRefused():
            made = _of_artifact(event, fact)
        case domain.LogsExpired():
            made = LogsExpired(value=event, from_=fact.from_line, to=fact.to_line)
        case domain.LogsTruncated():
            limit = min(fact.limit_bytes, INT_MAX)
            made = LogsTruncated(value=event, kept_lines=fact.kept_lines, limit_bytes=limit)
        case _:
            assert_never(fact)
    return made


def _of_approval(
    event: domain.RunEvent, fact: domain.RunApprovalRequested | domain.RunApprovalDecided
) -> RunEvent:
    asked = approval_id(fact.approval_id)
    if isinstance(fact, domain.RunApprovalRequested):
        return RunApprovalRequested(value=event, approval_id=asked)
    return RunApprovalDecided(
        value=event, approval_id=asked, state=fact.state, decision=fact.decision
    )


def _of_artifact(
    event: domain.RunEvent, fact: domain.RunArtifactAdded | domain.RunArtifactRefused
) -> RunEvent:
    if isinstance(fact, domain.RunArtifactAdded):
        added = artifact_id(fact.artifact_id)
        return RunArtifactAdded(value=event, artifact_id=added, name=fact.name)
    return RunArtifactRefused(value=event, name=fact.name, code=fact.code, message=fact.message)
