"""Checks that everything a step refers to exists by the time the step starts."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from domain.errors import InvalidInput
from domain.graph import Ancestry
from domain.models.workflows import Step
from domain.workflows.expressions import STEP_FIELDS, Reference, reference, references
from domain.workflows.fields import Path, nearest
from domain.workflows.templates import dotted, parse, texts


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """What references may name: inputs with their schemas, and steps by key.

    `ancestry` is None where the graph is faulty; then the order of steps is not checked.
    """

    inputs: Mapping[str, Any]
    steps: Mapping[str, Step]
    ancestry: Ancestry | None


def reference_faults(step: Step, scope: Scope, path: Path) -> Iterator[tuple[Path, str]]:
    """Yield each faulty reference of a step, with the path of the text that contains it."""
    for where, text in texts(step):
        try:
            parts = parse(text)
        except InvalidInput as fault:
            yield (*path, *where), fault.message
            continue
        found = [part for part in parts if not isinstance(part, str)]
        yield from _told(found, step, scope, (*path, *where))
    for name, condition in (("when", step.when), ("validate", step.condition)):
        yield from _told(references(condition or ""), step, scope, (*path, name))
    if step.checks:
        wanted = Reference(path=("steps", step.checks))
        yield from _told([wanted], step, scope, (*path, "validate", "step"))
    if step.for_each is not None:
        yield from _of_list(step.for_each, scope, (*path, "forEach"))


def _told(
    wanted: Iterable[Reference], step: Step, scope: Scope, path: Path
) -> Iterator[tuple[Path, str]]:
    for each in wanted:
        message = _fault(each, step, scope)
        if message is not None:
            yield path, message


def _fault(wanted: Reference, step: Step, scope: Scope) -> str | None:
    match wanted.root:
        case "inputs":
            return _of_input(wanted, scope)
        case "steps":
            return _of_step(wanted, step, scope)
        case root if step.for_each is None:
            return f"{root!r} exists only in a step with forEach."
        case _:
            return None


def _of_input(wanted: Reference, scope: Scope) -> str | None:
    if len(wanted.path) == 1 or wanted.path[1] in scope.inputs:
        return None
    name = str(wanted.path[1])
    return f"The workflow declares no input {name!r}.{nearest(name, scope.inputs)}"


def _of_step(wanted: Reference, step: Step, scope: Scope) -> str | None:
    key = wanted.step
    if key is None:
        return 'Say which step: steps.key, or steps["key"].'
    if key not in scope.steps:
        return f"There is no step {key!r}.{nearest(key, scope.steps)}"
    if scope.ancestry is not None and not scope.ancestry.precedes(key, step.key):
        return f"The step {key!r} may not be over when this one starts: add it to needs."
    return _of_field(wanted, scope.steps[key])


def _of_field(wanted: Reference, other: Step) -> str | None:
    """Check the field of a step; with forEach it comes after an index, which may be dynamic."""
    at = 2 if other.for_each is None else 3
    if len(wanted.path) <= at or wanted.path[at] in STEP_FIELDS:
        return None
    name = str(wanted.path[at])
    close = nearest(name, STEP_FIELDS)
    return (
        f"There is no {dotted(wanted.path[: at + 1])}; a step has {', '.join(STEP_FIELDS)}.{close}"
    )


def _of_list(text: str, scope: Scope, path: Path) -> Iterator[tuple[Path, str]]:
    try:
        wanted = reference(text)
    except InvalidInput as fault:
        yield path, fault.message
        return
    if wanted.root != "inputs" or len(wanted.path) != 2:  # noqa: PLR2004 - inputs, and its name
        yield path, "forEach names an input: inputs.name."
    elif (message := _of_input(wanted, scope)) is not None:
        yield path, message
    elif not _is_list(scope.inputs[str(wanted.path[1])]):
        yield path, f"The input {wanted.path[1]!r} is not declared as a list (type: array)."


def _is_list(schema: object) -> bool:
    return isinstance(schema, Mapping) and schema.get("type") == "array"
