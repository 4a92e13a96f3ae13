"""One turn of a workflow run: what it has read, and what it is to write, all in one transaction."""

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
"""So many steps start in one transaction, where the queue of runs has room for them."""


@dataclass(slots=True, kw_only=True)
class Held:
    """A workflow run that this node sees to, as it was when it was read or written last.

    `caller` is whoever asked for what is left of it, with the roles they had then: in their name
    its steps run.
    """

    lease: WorkflowLease
    run: WorkflowRun
    project: Project
    caller: Caller
    progress: Progress
    is_stale: bool = False
    """Somebody else has written, or what was to be written was not: it has to be read again."""
    overtaken: int = 0
    """How often in a row."""
    told_to_stop: set[RunId] = field(default_factory=set)
    starts_max: int = STARTS_PER_TURN
    """Fewer while the queue is nearly full: what does not fit would be written never."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Launch:
    """A run to be stored and dispatched."""

    run: Run
    judged: Judgement


@dataclass(frozen=True, slots=True, kw_only=True)
class Assigned:
    """All artifacts of a run were made by this attempt of a step."""

    run_id: RunId
    step_run_id: StepRunId
    number: int


@dataclass(slots=True, kw_only=True)
class Draft:
    """What is to be written. Whatever is added is true at once of the progress it is made with."""

    before: WorkflowRun
    progress: Progress
    at: datetime
    after: WorkflowRun
    facts: list[WorkflowRunFact] = field(default_factory=list)
    launches: list[Launch] = field(default_factory=list)
    questions: list[Question] = field(default_factory=list)
    step_questions: list[StepQuestion] = field(default_factory=list)
    denials: list[Judgement] = field(default_factory=list)
    has_more: bool = False
    """More could start than do."""
    assigned: list[Assigned] = field(default_factory=list)
    consumed: list[tuple[StepRunId, ArtifactId]] = field(default_factory=list)
    _changes: dict[StepRunId, StepChange] = field(default_factory=dict)

    @property
    def changes(self) -> Iterable[StepChange]:
        return self._changes.values()

    @property
    def decisions(self) -> Mapping[RunId, DecisionId]:
        """Under which each new run goes out."""
        launched = {one.run.id: one.judged.decision.id for one in self.launches}
        return launched | {one.run.id: one.decision.id for one in self.questions}

    @property
    def is_empty(self) -> bool:
        return not self.facts

    def take(self, move: StepMove) -> StepRun:
        """A step has changed; changed twice, what lies between is in the facts only."""
        change = move.change
        if earlier := self._changes.get(change.before.id):
            ended = change.ended or earlier.ended
            change = replace(change, before=earlier.before, ended=ended)
        self._changes[change.before.id] = change
        self.facts += move.facts
        self.progress.set(move.after)
        return move.after

    def ask(self, step_run: StepRun, question: Question | StepQuestion) -> None:
        """People are asked about a step that is blocked from now on."""
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
