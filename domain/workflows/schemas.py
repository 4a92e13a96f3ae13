"""Reads the JSON Schemas in workflows, and refuses keywords that are unsafe to evaluate."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from domain.configs import check_config
from domain.errors import InvalidInput
from domain.limits import SCHEMA_BYTES_MAX
from domain.workflows.fields import Faults, Fields, Path

NOT_IN_SCHEMAS: Final = frozenset({"$ref", "$dynamicRef", "pattern", "patternProperties"})
"""Keywords that could fetch documents, recurse without end, or backtrack for ever."""
WITH_NAMES: Final = frozenset({"properties", "$defs", "definitions", "dependentSchemas"})
"""Keywords whose value has a schema for each name."""
WITH_VALUES: Final = frozenset({"enum", "const", "default", "examples", "dependentRequired"})
"""Keywords in whose value there are no schemas."""

Keywords = Mapping[str, Any]


def read_schema(fields: Fields, name: str) -> Mapping[str, Any]:
    """Read a JSON Schema, within bounds; whether it is valid is checked by the `Schemas` port."""
    schema = fields.mapping(name)
    path = (*fields.path, name)
    try:
        check_config(schema, ())
    except InvalidInput as fault:
        fields.faults.add((*path, *fault.path), fault.message)
        return {}
    if len(str(schema)) > SCHEMA_BYTES_MAX:
        fields.fault(name, f"A schema has at most {SCHEMA_BYTES_MAX} characters.")
        return {}
    _check_keywords(schema, path, fields.faults)
    return schema


def subschemas(schema: Mapping[str, Any]) -> int:
    """How many schemas there are in it, itself among them."""
    return sum(1 for _ in _schemas(schema, (), by_name=False))


def _check_keywords(schema: object, path: Path, faults: Faults) -> None:
    for where, each in _schemas(schema, path, by_name=False):
        for name in NOT_IN_SCHEMAS.intersection(each):
            faults.add((*where, name), f"{name!r} is not to be used here; say it in a condition.")


def _schemas(value: object, path: Path, *, by_name: bool) -> Iterator[tuple[Path, Keywords]]:
    """Every schema and the way to it. `by_name`: the members of the value are schemas by names
    that people chose, which may be those of keywords."""
    if isinstance(value, Mapping):
        if not by_name:
            yield path, value
        for name, each in value.items():
            if by_name or name not in WITH_VALUES:
                is_names = not by_name and name in WITH_NAMES
                yield from _schemas(each, (*path, str(name)), by_name=is_names)
    elif isinstance(value, list | tuple):
        for index, each in enumerate(value):
            yield from _schemas(each, (*path, str(index)), by_name=False)
    elif isinstance(value, bool):
        yield path, {}
