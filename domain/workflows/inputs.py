"""The inputs of a workflow run: filled with defaults and checked against the workflow's schema."""

import json
from collections.abc import Mapping
from typing import Any

from domain.configs import check_config
from domain.errors import InvalidInput
from domain.limits import INPUTS_BYTES_MAX
from domain.models.workflows import Fault, WorkflowDefinition
from domain.workflows.languages import Schemas


def declared(definition: WorkflowDefinition) -> Mapping[str, Any]:
    """Return the declared inputs by name, each with its JSON Schema."""
    properties = definition.inputs.get("properties")
    return properties if isinstance(properties, Mapping) else {}


def settle(definition: WorkflowDefinition, given: object, schemas: Schemas) -> Mapping[str, Any]:
    """Return the inputs of a run, with defaults filled in.

    An undeclared input is a fault whatever the schema says of additional properties, since
    nothing could refer to it. Raises InvalidInput with paths below `inputs`.
    """
    try:
        checked = check_config(given, ())
    except InvalidInput as fault:
        raise InvalidInput(fault.message, "inputs", *fault.path) from None
    known = declared(definition)
    filled = {
        name: schema["default"]
        for name, schema in known.items()
        if isinstance(schema, Mapping) and "default" in schema
    }
    settled = {**filled, **checked}
    if len(json.dumps(settled).encode()) > INPUTS_BYTES_MAX:
        raise InvalidInput(f"Inputs have at most {INPUTS_BYTES_MAX} bytes.", "inputs")
    faults = [
        Fault(path=("inputs", name), message="The workflow declares no such input.")
        for name in checked
        if name not in known
    ]
    faults += [
        Fault(path=("inputs", *fault.path), message=fault.message)
        for fault in schemas.faults(definition.inputs, settled)
    ]
    if faults:
        raise InvalidInput(faults[0].message, *faults[0].path, faults=faults)
    return settled
