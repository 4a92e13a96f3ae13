"""Expands a definition and its inputs into the step runs that a workflow run starts with. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from domain.errors import InvalidInput
from domain.limits import EDGES_MAX, FOR_EACH_MAX, PLAN_CHARACTERS_MAX, STEP_RUNS_MAX
from domain.models.workflows import Step, WorkflowDefinition
from domain.workflows.expressions import reference
from domain.workflows.templates import look_up


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedStep:
    """A step run to be made; `needs` are keys of planned steps.

    `is_empty` marks the one planned for an empty `forEach` list; it will be skipped.
    """

    key: str
    step: Step
    needs: tuple[str, ...]
    item: Any = None
    item_index: int | None = None
    is_empty: bool = False


def expand(definition: WorkflowDefinition, inputs: Mapping[str, Any]) -> tuple[PlannedStep, ...]:
    """Return the planned steps in the order of the definition.

    A step with `forEach` becomes `key[0]`, `key[1]` and so on, and the steps that need it need all
    of those. For an empty list there is one, under the step's own key.
    Raises InvalidInput where the list is not one, or there are too many steps or edges.
    """
    items = {step.key: _items(step, inputs) for step in definition.steps}
    if sum(max(1, len(each or ())) for each in items.values()) > STEP_RUNS_MAX:
        raise InvalidInput(f"With these items there are over {STEP_RUNS_MAX} steps.", "inputs")
    if _characters(definition, items) > PLAN_CHARACTERS_MAX:
        message = f"With these items the plan has over {PLAN_CHARACTERS_MAX} characters."
        raise InvalidInput(message, "inputs")
    keys = {key: _keys(key, each) for key, each in items.items()}
    _check_edges(definition, keys)
    planned: list[PlannedStep] = []
    for step in definition.steps:
        needs = tuple(key for need in dict.fromkeys(step.needs) for key in keys[need])
        planned += _planned(step, needs, items[step.key])
    return tuple(planned)


def _characters(
    definition: WorkflowDefinition, items: Mapping[str, Sequence[object] | None]
) -> int:
    """Count what is stored of the steps: each item has a copy of its step."""
    return sum(max(1, len(items[step.key] or ())) * _written(step) for step in definition.steps)


def _written(step: Step) -> int:
    texts = (step.prompt, step.when, step.condition, str(step.output_schema or ""))
    lists = (*step.command, *step.artifacts, *step.documents, *step.tool_scopes)
    return sum(len(text) for text in (*texts, *lists) if text)


def _check_edges(definition: WorkflowDefinition, keys: Mapping[str, list[str]]) -> None:
    """Count edges before making them: between two `forEach` steps the numbers of items multiply."""
    edges = sum(len(keys[s.key]) * len(keys[need]) for s in definition.steps for need in s.needs)
    if edges > EDGES_MAX:
        message = f"With these items the steps have {edges} needs in all; the limit is {EDGES_MAX}."
        raise InvalidInput(message, "inputs")


def _items(step: Step, inputs: Mapping[str, Any]) -> list[Any] | None:
    """Return the items of a `forEach` step; None for any other step."""
    if step.for_each is None:
        return None
    wanted = reference(step.for_each)
    path = [str(part) for part in wanted.path]
    try:
        items = look_up(wanted, {"inputs": inputs})
    except InvalidInput as fault:
        raise InvalidInput(fault.message, *path) from None
    if not isinstance(items, list | tuple):
        raise InvalidInput(f"The step {step.key!r} needs a list here, for forEach.", *path)
    if len(items) > FOR_EACH_MAX:
        message = f"{len(items)} items; the limit for the step {step.key!r} is {FOR_EACH_MAX}."
        raise InvalidInput(message, *path)
    return list(items)


def _keys(key: str, items: list[Any] | None) -> list[str]:
    return [f"{key}[{index}]" for index in range(len(items))] if items else [key]


def _planned(step: Step, needs: tuple[str, ...], items: list[Any] | None) -> list[PlannedStep]:
    if not items:
        return [PlannedStep(key=step.key, step=step, needs=needs, is_empty=items == [])]
    return [
        PlannedStep(key=key, step=step, needs=needs, item=item, item_index=index)
        for index, (key, item) in enumerate(zip(_keys(step.key, items), items, strict=True))
    ]
