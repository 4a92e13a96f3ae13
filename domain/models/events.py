"""What happened to a run: facts in the past tense, numbered by one sequence a run."""

from dataclasses import dataclass
from datetime import datetime

from domain.ids import ApprovalId, ArtifactId, PrincipalId, RunId
from domain.lifecycle import TERMINAL, ApprovalState, RunState
from domain.models.approvals import ApprovalDecision
from domain.models.artifacts import ArtifactFault
from domain.models.logs import LogBatch
from domain.models.outputs import OutputsFault
from domain.models.runs import RunFailure, SyncStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class RunStateChanged:
    """The run went from one state to another; `from_state` is None for its first."""

    from_state: RunState | None
    to_state: RunState
    failure: RunFailure | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunDispatched:
    """The provider has taken the run."""

    provider_run_id: str
    external_url: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRerouted:
    """The run goes to this provider instead, since the one before could not be reached."""

    provider: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RunCancelRequested:
    """Somebody asked for the run to be canceled."""

    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunApprovalRequested:
    """The run waits for people; told once more where a higher role is asked instead."""

    approval_id: ApprovalId


@dataclass(frozen=True, slots=True, kw_only=True)
class RunApprovalDecided:
    """Somebody said `decision`, or time or the policy has decided (None). While `state` is PENDING
    more people are asked."""

    approval_id: ApprovalId
    state: ApprovalState
    decision: ApprovalDecision | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunSynced:
    """How sure we are of the run changed, or what its provider calls its state (`raw`)."""

    sync_status: SyncStatus
    reason: str | None = None
    raw: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunAsked:
    """The run waits for a person to answer this."""

    question: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RunAnswered:
    """Somebody answered what the run had asked."""

    question: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RunOutputsRefused:
    """The run wanted to hand something on of which nothing was taken."""

    code: OutputsFault
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RunArtifactAdded:
    """A file that the run has left is kept, or is known where it is."""

    artifact_id: ArtifactId
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RunArtifactRefused:
    """A file that the run has left is not kept; without a name it stands for several."""

    name: str | None
    code: ArtifactFault
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LogsTruncated:
    """The run printed more than is kept; `kept_lines` are there."""

    kept_lines: int
    limit_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LogsExpired:
    """Lines that were stored once and are no longer, first to last inclusive."""

    from_line: int
    to_line: int


RunFact = (
    RunStateChanged
    | RunDispatched
    | RunRerouted
    | RunCancelRequested
    | RunApprovalRequested
    | RunApprovalDecided
    | RunSynced
    | RunAsked
    | RunAnswered
    | RunOutputsRefused
    | RunArtifactAdded
    | RunArtifactRefused
    | LogsTruncated
)
"""What is stored as an event row."""

StreamFact = RunFact | LogsExpired | LogBatch
"""What a stream may hold besides: log batches, stored apart, and the gap that retention leaves."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunEvent:
    """A fact with its place in the run's stream and who caused it (None: the server itself)."""

    run_id: RunId
    sequence: int
    at: datetime
    actor_id: PrincipalId | None
    fact: StreamFact

    @property
    def is_last(self) -> bool:
        return isinstance(self.fact, RunStateChanged) and self.fact.to_state in TERMINAL
