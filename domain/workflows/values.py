"""The values that the conditions and references of a step can use."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from domain.lifecycle import StepRunState
from domain.limits import LAST_LINES_MAX
from domain.models.workflow_runs import StepRun
from domain.models.workflows import Step
from domain.workflows.expressions import references
from domain.workflows.templates import parse, texts

Values = Mapping[str, Any]


def needed_steps(step: Step) -> frozenset[str]:
    """Return the keys of all steps that a step refers to, so that only those are loaded."""
    found = [each for text in (step.when, step.condition) if text for each in references(text)]
    for _, text in texts(step):
        found += [part for part in parse(text) if not isinstance(part, str)]
    keys = {each.step for each in found if each.step is not None}
    return frozenset(keys | ({step.checks} if step.checks else set()))


def of_step_run(
    step_run: StepRun,
    *,
    last_lines: Sequence[str] = (),
    artifacts: Sequence[Mapping[str, Any]] = (),
) -> Values:
    """Return what other steps can use of a step run: its STEP_FIELDS."""
    return {
        "state": str(step_run.state),
        "exitCode": step_run.exit_code,
        "outputs": dict(step_run.outputs),
        "skipped": step_run.state is StepRunState.SKIPPED,
        "attempt": step_run.attempt,
        "lastLines": list(last_lines[-LAST_LINES_MAX:]),
        "artifacts": list(artifacts),
    }


def seen(
    inputs: Mapping[str, Any],
    step_runs: Iterable[tuple[StepRun, Values]],
    *,
    item: object = None,
    index: int | None = None,
) -> Values:
    """Return all values for one step run. A `forEach` step is a list in the order of its items."""
    steps: dict[str, Any] = {}
    items: dict[str, dict[int, Values]] = {}
    for step_run, values in step_runs:
        key = step_run.step.key
        if step_run.step.for_each is None:
            steps[key] = values
        elif step_run.item_index is None:
            items.setdefault(key, {})
        else:
            items.setdefault(key, {})[step_run.item_index] = values
    for key, by_index in items.items():
        steps[key] = [by_index[each] for each in sorted(by_index)]
    own = {} if index is None else {"item": item, "index": index}
    return {"inputs": inputs, "steps": steps, **own}
