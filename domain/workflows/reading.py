"""Reads plain values, from a file or a GraphQL input, into a definition."""

from typing import Final

from domain.limits import (
    CONCURRENCY_MAX,
    DESCRIPTION_CHARACTERS_MAX,
    SLUG_CHARACTERS_MAX,
    STEPS_MAX,
    SUBSCHEMAS_MAX,
    TIMEOUT_MS_MAX,
    TOOL_SCOPES_MAX,
    WORKFLOW_NAME_CHARACTERS_MAX,
)
from domain.models.workflows import Step, WorkflowDefinition
from domain.workflows.fields import Faults, Fields
from domain.workflows.schemas import read_schema, subschemas
from domain.workflows.steps import read_step

KEYS: Final = (
    "name", "description", "feature", "inputs", "toolScopes", "concurrency", "timeoutMs", "steps",
)  # fmt: skip


def read(raw: object) -> WorkflowDefinition:
    """Read the form of a definition; `checking` checks whether its parts fit together.

    Raises InvalidInput with all faults.
    """
    faults = Faults()
    fields = Fields(raw, (), KEYS, faults)
    if not fields.is_mapping:
        faults.raise_any()
    definition = _definition(fields, faults)
    faults.raise_any()
    return definition


def _definition(fields: Fields, faults: Faults) -> WorkflowDefinition:
    inputs = read_schema(fields, "inputs")
    if inputs and inputs.get("type") != "object":
        message = "inputs is a JSON Schema: give it `type: object`, and the inputs as `properties`."
        fields.fault("inputs", message)
    definition = WorkflowDefinition(
        name=_name(fields),
        description=fields.text("description", DESCRIPTION_CHARACTERS_MAX),
        feature=fields.text("feature", SLUG_CHARACTERS_MAX),
        inputs=inputs,
        tool_scopes=fields.texts("toolScopes", TOOL_SCOPES_MAX),
        concurrency=fields.number("concurrency", 1, CONCURRENCY_MAX),
        timeout_ms=fields.number("timeoutMs", 1, TIMEOUT_MS_MAX),
        steps=_steps(fields, faults),
    )
    _check_schemas(definition, fields)
    return definition


def _check_schemas(definition: WorkflowDefinition, fields: Fields) -> None:
    of_steps = [step.output_schema for step in definition.steps if step.output_schema]
    if sum(map(subschemas, [definition.inputs, *of_steps])) > SUBSCHEMAS_MAX:
        message = f"The schemas hold over {SUBSCHEMAS_MAX} schemas in all."
        fields.fault("steps" if of_steps else "inputs", message)


def _name(fields: Fields) -> str:
    name = fields.required("name", WORKFLOW_NAME_CHARACTERS_MAX)
    if not name.isprintable() or name != name.strip():
        fields.fault("name", "A name has visible characters, and spaces only between them.")
    return name


def _steps(fields: Fields, faults: Faults) -> tuple[Step, ...]:
    raw = fields.raw("steps")
    if not isinstance(raw, list | tuple) or not raw:
        fields.fault("steps", "A workflow has a list of steps, one at least.")
        return ()
    if len(raw) > STEPS_MAX:
        fields.fault("steps", f"There are {len(raw)} steps; {STEPS_MAX} are the most.")
        return ()
    steps: list[Step] = []
    for index, each in enumerate(raw):
        before = (steps[-1].key,) if steps else ()
        steps.append(read_step(each, ("steps", str(index)), before, faults))
    return tuple(steps)
