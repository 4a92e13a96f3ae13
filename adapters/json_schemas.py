"""JSON Schemas that people write, with the library that knows it."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextvars import ContextVar
from functools import cache
from importlib import import_module
from itertools import islice
from typing import Any, Final

from adapters.config_schemas import path_of, told
from domain.errors import InvalidInput
from domain.limits import FAULTS_MAX, SCHEMA_WORK_MAX
from domain.models.workflows import Fault

Keyword = Callable[[Any, Any, Any, Any], Iterable[Any] | None]


class JsonSchemas:
    """See domain.workflows.languages.Schemas. Nothing is fetched for a reference.

    The library holds the interpreter while it works, and a few thousand schemas for each of many
    items take it minutes: so what it does is counted.
    """

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
        registry = import_module("referencing").Registry()
        validator = _counting()(dict(schema), registry=registry)
        _WORK.set(_Work())
        errors: Iterable[Any] = validator.iter_errors(value)
        return [
            Fault(path=path_of(error), message=told(error)) for error in islice(errors, FAULTS_MAX)
        ]


class _Work:
    """What one validation has done so far."""

    done = 0

    def add(self, amount: int) -> None:
        """Raises InvalidInput."""
        self.done += amount
        if self.done > SCHEMA_WORK_MAX:
            raise InvalidInput("There is too much in it to be held to the schema.")


_WORK: Final[ContextVar[_Work]] = ContextVar("work")


@cache
def _counting() -> Any:  # noqa: ANN401 - the library's
    validators = import_module("jsonschema.validators")
    draft = validators.Draft202012Validator
    counted = {name: _counted(check) for name, check in draft.VALIDATORS.items()}
    unique = _counted(draft.VALIDATORS["uniqueItems"], is_quadratic=True)
    return validators.extend(draft, {**counted, "uniqueItems": unique})


def _counted(check: Keyword, *, is_quadratic: bool = False) -> Keyword:
    """The keyword as it was, once its work is counted."""

    def run(validator: object, wanted: object, value: object, schema: object) -> Iterator[Any]:
        work, members = _WORK.get(), _members(value)
        work.add(1 + _members(wanted) + members)
        if is_quadratic and isinstance(value, list) and not _is_sortable(value):
            work.add(members**2)
        yield from check(validator, wanted, value, schema) or ()

    return run


def _is_sortable(values: list[Any]) -> bool:
    """Else each is compared with each."""
    kinds = set(map(type, values))
    return kinds <= {str} or kinds <= {int, float}


def _members(value: object) -> int:
    return len(value) if isinstance(value, Mapping | list | tuple) else 0
