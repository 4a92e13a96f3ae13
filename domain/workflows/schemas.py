"""JSON Schemas that people write into workflows: what of the language they may use."""

from collections.abc import Mapping
from typing import Any, Final

from domain.configs import check_config
from domain.errors import InvalidInput
from domain.limits import SCHEMA_BYTES_MAX
from domain.workflows.fields import Faults, Fields, Path

NOT_IN_SCHEMAS: Final = frozenset({"$ref", "$dynamicRef", "pattern", "patternProperties"})
"""What could fetch, go round in circles, or take for ever on a text that was made for it."""


def read_schema(fields: Fields, name: str) -> Mapping[str, Any]:
    """A JSON Schema of an object; whether it is a good one is for the library to say."""
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


def _check_keywords(value: object, path: Path, faults: Faults) -> None:
    if isinstance(value, Mapping):
        for name, each in value.items():
            is_keyword = path[-1:] != ("properties",)
            if is_keyword and name in NOT_IN_SCHEMAS:
                faults.add(
                    (*path, name), f"{name!r} is not to be used here; say it in a condition."
                )
            if name not in {"enum", "const", "default", "examples"} or not is_keyword:
                _check_keywords(each, (*path, str(name)), faults)
    elif isinstance(value, list | tuple):
        for index, each in enumerate(value):
            _check_keywords(each, (*path, str(index)), faults)
