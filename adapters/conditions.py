"""Conditions in CEL, with the library that knows it."""

from collections.abc import Mapping
from functools import cache, lru_cache
from importlib.machinery import PathFinder
from importlib.util import find_spec, module_from_spec
from typing import Any, Final

from domain.errors import InvalidInput
from domain.limits import EXPRESSION_ITEMS_MAX, EXPRESSION_VALUES_MAX
from domain.workflows.expressions import MACROS, ROOTS, bound_names, check_bounds, tokens

FUNCTIONS: Final = frozenset(
    {
        *("size", "int", "uint", "double", "string", "bytes", "type", "dyn"),
        *("duration", "timestamp", "contains", "startsWith", "endsWith", "matches"),
        *("getFullYear", "getMonth", "getDate", "getDayOfMonth", "getDayOfWeek", "getDayOfYear"),
        *("getHours", "getMinutes", "getSeconds", "getMilliseconds"),
    }
)
COMPILED_MAX: Final = 1024
"""Kept, so that a condition in a loop of attempts is parsed once."""
REASON_CHARACTERS_MAX: Final = 300


class CelConditions:
    """See domain.workflows.languages.Conditions.

    The library holds the interpreter while it works and can be stopped by nothing, so what it is
    given is bounded beforehand: its length, its brackets, macros inside macros, and lists.
    """

    def check(self, expression: str) -> None:
        program = _compiled(expression)
        known = {*ROOTS, *bound_names(expression)}
        for name in program.variables():
            if name not in known:
                message = f"There is no {name!r}; a condition knows {', '.join(ROOTS)}."
                raise InvalidInput(message)
        for name in program.functions():
            if name.isidentifier() and name not in FUNCTIONS:
                raise InvalidInput(f"There is no function {name!r}.")

    def holds(self, expression: str, values: Mapping[str, Any]) -> bool:
        program = _compiled(expression)
        _check_size(values, goes_through_lists=_has_macros(expression))
        try:
            found = program.execute(dict(values))
        except KeyError as missing:
            raise InvalidInput(f"There is no {missing.args[0]!r} in what it looks at.") from None
        except Exception as error:  # noqa: BLE001 - the library raises whatever comes closest
            raise InvalidInput(_told(error)) from None
        if not isinstance(found, bool):
            raise InvalidInput(f"It gives a {type(found).__name__}, neither true nor false.")
        return found


@lru_cache(maxsize=COMPILED_MAX)
def _compiled(expression: str) -> Any:  # noqa: ANN401 - the library's
    check_bounds(expression)
    try:
        return _library().compile(expression)
    except Exception as error:  # noqa: BLE001 - the library raises whatever comes closest
        raise InvalidInput(f"No condition in CEL: {_told(error)}") from None


@cache
def _library() -> Any:  # noqa: ANN401 - the library's
    """The compiled half of it alone. Its package imports a command line with all that belongs to
    one, which takes half a second."""
    package = find_spec("cel")
    assert package is not None, "it is a dependency"
    spec = PathFinder.find_spec("cel", package.submodule_search_locations)
    assert spec is not None, "the package holds it"
    assert spec.loader is not None, "it is a file"
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _has_macros(expression: str) -> bool:
    return any(token.text in MACROS for token in tokens(expression))


def _check_size(values: object, *, goes_through_lists: bool) -> None:
    count, waiting = 0, [values]
    while waiting:
        value = waiting.pop()
        if not isinstance(value, Mapping | list | tuple):
            continue
        inner = list(value.values()) if isinstance(value, Mapping) else list(value)
        if goes_through_lists and len(inner) > EXPRESSION_ITEMS_MAX:
            message = f"A list of {len(inner)}; {EXPRESSION_ITEMS_MAX} items can be gone through."
            raise InvalidInput(message)
        count += len(inner)
        if count > EXPRESSION_VALUES_MAX:
            raise InvalidInput(f"It would look at over {EXPRESSION_VALUES_MAX} values.")
        waiting += inner


def _told(error: Exception) -> str:
    """The library's first line of it, without the expression, which the reader has."""
    text = str(error).split("ERROR: <input>:")[-1].splitlines()[0] if str(error) else ""
    return (text or type(error).__name__)[:REASON_CHARACTERS_MAX]
