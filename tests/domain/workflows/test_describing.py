"""The JSON Schema of workflow files: what is read is what it describes."""

import json
from importlib import import_module
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import given

from domain.models.workflows import WorkflowDefinition
from domain.workflows import reading, steps
from domain.workflows.describing import schema
from domain.workflows.writing import write
from tests.domain.workflows.written import DEFINITIONS

PAGE: Final = Path(__file__).parents[3] / "docs" / "reference" / "workflow.schema.json"
DRAFT: Final = import_module("jsonschema").Draft202012Validator
VALIDATOR: Final = DRAFT(schema())
STEP: Final = {"key": "a", "command": ["x"]}


def workflow(**step: Any) -> dict[str, Any]:
    return {"name": "x", "steps": [{**STEP, **step}]}


def test_the_file_for_editors_is_what_the_code_says() -> None:
    """`workbench workflow schema > docs/reference/workflow.schema.json` makes it."""
    DRAFT.check_schema(schema())
    assert json.loads(PAGE.read_text(encoding="utf-8")) == schema()


def test_every_key_that_is_read_is_described() -> None:
    """And no other, of a workflow and of a step."""
    members = schema()["properties"]

    assert set(reading.KEYS) == set(members)
    assert set(steps.KEYS) == set(members["steps"]["items"]["properties"])


@given(DEFINITIONS)
def test_what_can_be_read_is_taken(definition: WorkflowDefinition) -> None:
    """Whatever the server writes."""
    assert [] == list(VALIDATOR.iter_errors(write(definition)))


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": "x", "steps": []},
        {"steps": [STEP]},
        {"name": "x", "steps": [{"key": "a"}]},
        workflow(sdk={"prompt": "x"}),
        workflow(onFailure="wait"),
        workflow(command="make all"),
        workflow(timeout=5),
        workflow(key="1"),
        workflow(retry={"codes": ["POLICY_DENIED"]}),
        {"name": "x", "steps": [{"key": "a", "validate": "true", "cwd": "src"}]},
        {"name": "x", "steps": [{"key": "a", "sdk": {"prompt": "x"}, "provider": "a2a"}]},
    ],
)
def test_what_cannot_be_read_is_not(wrong: dict[str, Any]) -> None:
    """An editor underlines it."""
    assert VALIDATOR.is_valid(workflow(onFailure="stop", retry=None))
    assert not VALIDATOR.is_valid(wrong)
