"""JSON Schemas that people write: what they let through, and that they cannot keep us busy."""

from typing import Any, Final

import pytest

from adapters.json_schemas import JsonSchemas
from domain.errors import InvalidInput

SCHEMAS: Final = JsonSchemas()
MANY: Final = 5000
UNIQUE: Final = {"properties": {"x": {"uniqueItems": True}}}


def nested(levels: int) -> dict[str, Any]:
    """Each level looks at all below it twice."""
    schema: dict[str, Any] = {"properties": {"a": {}}}
    for _ in range(levels):
        schema = {"allOf": [schema], "unevaluatedProperties": False}
    return schema


BUSY: Final[dict[str, tuple[dict[str, Any], Any]]] = {
    "many schemas for many items": (
        {"properties": {"x": {"items": {"allOf": [{} for _ in range(900)]}}}},
        [0] * MANY,
    ),
    "each object with each": (UNIQUE, [{"a": number} for number in range(MANY)]),
    "each with each of another type": (UNIQUE, ["a", *range(MANY)]),
    "what is below twice, on every level": ({"properties": {"x": nested(20)}}, {"a": 1}),
}


@pytest.mark.parametrize("name", BUSY)
def test_a_schema_does_only_so_much(name: str) -> None:
    """What would take minutes is a fault of what is held to it."""
    schema, value = BUSY[name]
    with pytest.raises(InvalidInput, match="too much"):
        SCHEMAS.faults(schema, {"x": value})


def test_what_is_sensible_is_held_to_its_schema() -> None:
    """Long lists too; and what was done for one value does not count for the next."""
    schema = {"properties": {"x": {"items": {"type": "integer"}, "uniqueItems": True}}}
    for _ in range(9):
        assert [] == SCHEMAS.faults(schema, {"x": list(range(MANY))})
    (fault,) = SCHEMAS.faults(schema, {"x": [1, 2, 1]})
    assert (("x",), "It does not hold uniqueItems: True.") == (fault.path, fault.message)
