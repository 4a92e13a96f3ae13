"""JSON Schemas that people write, with the library that knows it."""

from collections.abc import Iterable, Mapping, Sequence
from importlib import import_module
from itertools import islice
from typing import Any

from adapters.config_schemas import path_of, told
from domain.errors import InvalidInput
from domain.limits import FAULTS_MAX
from domain.models.workflows import Fault


class JsonSchemas:
    """See domain.workflows.languages.Schemas. Nothing is fetched for a reference."""

    def check_schema(self, schema: Mapping[str, Any]) -> None:
        if not schema:
            return
        # Read where there is something to check only: see adapters.config_schemas.
        validator = import_module("jsonschema.validators").Draft202012Validator
        best = import_module("jsonschema.exceptions").best_match
        found = best(validator(validator.META_SCHEMA).iter_errors(dict(schema)))
        if found is not None:
            raise InvalidInput(f"No JSON Schema: {told(found)}", *path_of(found))

    def faults(self, schema: Mapping[str, Any], value: object) -> Sequence[Fault]:
        if not schema:
            return ()
        validators = import_module("jsonschema.validators")
        registry = import_module("referencing").Registry()
        validator = validators.Draft202012Validator(dict(schema), registry=registry)
        errors: Iterable[Any] = validator.iter_errors(value)
        return [
            Fault(path=path_of(error), message=told(error)) for error in islice(errors, FAULTS_MAX)
        ]
