"""The state of one turn: what was read (`Held`) and what is to be written (`Draft`)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

from domain.ids import ArtifactId, DecisionId, RunId, StepRunId
from domain.models.audit import Caller
from domain.models.projects import Project
from domain.models.runs import Run
from domain.models.steps import StepChange, WorkflowLease
from domain.models.workflow_events import StepRunApprovalRequested, WorkflowRunFact
from domain.models.workflow_runs import StepRun, WorkflowRun
from domain.progress import Progress
from domain.questions import Question
from domain.services.gate import Judgement
from domain.step_questions import StepQuestion
from domain.steps import StepMove

STARTS_PER_TURN: Final = 32
"""Steps that start in one transaction at most."""


@dataclass(slots=True, kw_only=True)
class Held:
    """A workflow run that this node holds, as it was when it was last read or written.

    `caller` is whoever started the run or last replanned it, with the roles of that time; its steps
    run in that name.
    """

    lease: WorkflowLease
    run: WorkflowRun
    project: Project
    caller: Caller
    progress: Progress
    has_no_news: bool = False
    """It was read just now, and nothing of it goes on of which anything could have come."""
    is_stale: bool = False
    """It must be read again: somebody else has written, or our own write did not succeed."""
    overtaken: int = 0
    """How many writes in a row lost to somebody else's."""
    told_to_stop: set[RunId] = field(default_factory=set)
    starts_max: int = STARTS_PER_TURN
    """Steps that may start in the next turn; lowered while the queue is nearly full, since a
    transaction that exceeds the queue is rolled back whole."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Launch:
    """A run to be stored and dispatched."""

    run: Run
    judged: Judgement


@dataclass(frozen=True, slots=True, kw_only=True)
class Assigned:
    """All artifacts of a run belong to attempt `number` of a step."""

    run_id: RunId
    step_run_id: StepRunId
    number: int


@dataclass(slots=True, kw_only=True)
class Draft:
    """What a turn is to write in one transaction. `progress` already reflects every change."""

    before: WorkflowRun
    progress: Progress
    at: datetime
    after: WorkflowRun
    facts: list[WorkflowRunFact] = field(default_factory=list)
    launches: list[Launch] = field(default_factory=list)
    questions: list[Question] = field(default_factory=list)
    step_questions: list[StepQuestion] = field(default_factory=list)
    denials: list[Judgement] = field(default_factory=list)
    ahead: RunId | None = None
    """A run whose end is not stored before all this is."""
    has_more: bool = False
    """Whether more steps could start than this turn may."""
    assigned: list[Assigned] = field(default_factory=list)
    consumed: list[tuple[StepRunId, ArtifactId]] = field(default_factory=list)
    _changes: dict[StepRunId, StepChange] = field(default_factory=dict)

    @property
    def changes(self) -> Iterable[StepChange]:
        return self._changes.values()

    @property
    def decisions(self) -> Mapping[RunId, DecisionId]:
        """The policy decision of each new run."""
        launched = {one.run.id: one.judged.decision.id for one in self.launches}
        return launched | {one.run.id: one.decision.id for one in self.questions}

    @property
    def is_empty(self) -> bool:
        return not self.facts

    def take(self, move: StepMove) -> StepRun:
        """Add a change of a step, and return the step afterwards.

        Two changes of one step become one write; the facts tell of both.
        """
        change = move.change
        if earlier := self._changes.get(change.before.id):
            ended = change.ended or earlier.ended
            change = replace(change, before=earlier.before, ended=ended)
        self._changes[change.before.id] = change
        self.facts += move.facts
        self.progress.set(move.after)
        return move.after

    def ask(self, step_run: StepRun, question: Question | StepQuestion) -> None:
        """Add a question to people about a step that is now BLOCKED."""
        if isinstance(question, Question):
            self.questions.append(question)
            approval_id = question.approval_id
        else:
            self.step_questions.append(question)
            approval_id = question.approval.id
        assert approval_id is not None, "whoever asks names the approval"
        self.facts.append(
            StepRunApprovalRequested(
                step_run_id=step_run.id, key=step_run.key, approval_id=approval_id
            )
        )
