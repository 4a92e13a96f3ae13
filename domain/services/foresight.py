"""Previews of actions on workflow runs: the impact, or why the action is not possible now."""

from dataclasses import dataclass

from domain.errors import FeatureDisabled, IllegalTransition
from domain.ids import StepRunId, WorkflowRunId
from domain.impact import Impact
from domain.models.workflow_commands import WorkflowSource
from domain.models.workflow_runs import WorkflowAction
from domain.services.recovery import Recovery


@dataclass(frozen=True, slots=True, kw_only=True)
class Foreseen:
    """Either an impact, or a `refusal`: a sentence for people."""

    impact: Impact | None = None
    refusal: str | None = None


async def foresee(
    recovery: Recovery,
    workflow_run_id: WorkflowRunId,
    action: WorkflowAction,
    step_run_id: StepRunId | None = None,
    source: WorkflowSource | None = None,
) -> Foreseen:
    """Raises NotFound for a step of another run, InvalidInput where something has to be named."""
    try:
        impact = await recovery.impact(workflow_run_id, action, step_run_id, source)
    except (IllegalTransition, FeatureDisabled) as error:
        return Foreseen(refusal=error.message)
    return Foreseen(impact=impact)
