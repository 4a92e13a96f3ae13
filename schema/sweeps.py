"""What plans are made of: each takes all values of a place and makes something of each.

They know the usual case alone and raise in any other; see schema/plans.py.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from operator import attrgetter
from typing import Any, Final

from graphql import (
    GraphQLBoolean,
    GraphQLEnumType,
    GraphQLID,
    GraphQLLeafType,
    GraphQLObjectType,
    GraphQLString,
    Undefined,
)
from graphql.pyutils import gather_with_cancel

EXACT: Final[Mapping[GraphQLLeafType, type]] = {
    GraphQLString: str,
    GraphQLID: str,
    GraphQLBoolean: bool,
}
"""Scalars whose values, where of exactly this class, are sent as they are."""

NO_SCALARS: Final = (type(None), type(Undefined), Exception)
"""Classes of what graphql-core takes for a null or a failure wherever it stands."""

Values = Sequence[Any]


class Unplanned(Exception):
    """Not the usual case: the long way is to be taken."""


class Lines(list[str]):
    """Log lines, which need no completion as list items: they were made valid at intake."""


@dataclass(frozen=True, slots=True)
class Sweep:
    """A loop over all values of a place, to what is made of each. Unless it `waits`, it never
    suspends."""

    run: Callable[[Values], Awaitable[Values]]
    waits: bool = False


def then(first: Sweep, second: Sweep) -> Sweep:
    async def run(values: Values) -> Values:
        return await second.run(await first.run(values))

    return Sweep(run, waits=first.waits or second.waits)


def constant(answer: str) -> Sweep:
    async def run(values: Values) -> Values:
        return [answer] * len(values)

    return Sweep(run)


def attribute(name: str) -> Sweep:
    read = attrgetter(name)

    async def run(values: Values) -> Values:
        return list(map(read, values))

    return Sweep(run)


def method(ask: Callable[..., Any], arguments: Mapping[str, Any]) -> Sweep:
    async def run(values: Values) -> Values:
        return [ask(value, **arguments) for value in values]

    return Sweep(run)


def loaded(ask: Callable[..., Awaitable[Values]], arguments: Mapping[str, Any]) -> Sweep:
    async def run(values: Values) -> Values:
        return await ask(values, **arguments) if values else []

    return Sweep(run, waits=True)


def leaf(kind: GraphQLLeafType, *, is_nullable: bool) -> Sweep:
    if exact := EXACT.get(kind):
        return _exact({exact, type(None)} if is_nullable else {exact})
    if isinstance(kind, GraphQLEnumType):
        # By a table, not by trying each of its names.
        names: dict[Any, Any] = {value.value: name for name, value in kind.values.items()}
        return _coerced((names | {None: None} if is_nullable else names).__getitem__)
    return sparse(_scalar(kind)) if is_nullable else _scalar(kind)


def _exact(classes: set[type]) -> Sweep:
    async def run(values: Values) -> Values:
        if set(map(type, values)) <= classes:
            return values
        raise Unplanned

    return Sweep(run)


def _coerced(coerce: Callable[[Any], Any]) -> Sweep:
    async def run(values: Values) -> Values:
        return list(map(coerce, values))

    return Sweep(run)


def _scalar(kind: GraphQLLeafType) -> Sweep:
    async def run(values: Values) -> Values:
        if any(issubclass(of, NO_SCALARS) for of in set(map(type, values))):
            raise Unplanned
        made = list(map(kind.coerce_output_value, values))
        if any(value is None or value is Undefined for value in made):
            raise Unplanned
        return made

    return Sweep(run)


def sparse(sweep: Sweep) -> Sweep:
    """The same for values of which some are null."""

    async def run(values: Values) -> Values:
        present = [value for value in values if value is not None]
        made = await sweep.run(present) if present else []
        if len(present) == len(values):
            return made
        answers = iter(made)
        return [None if value is None else next(answers) for value in values]

    return Sweep(run, waits=sweep.waits)


def lists(items: Sweep) -> Sweep:
    """All items of all lists at once."""

    async def run(values: Values) -> Values:
        classes = set(map(type, values))
        if classes == {Lines}:
            return values
        if not classes <= {list, tuple, Lines}:
            raise Unplanned
        made = iter(await items.run(list(chain.from_iterable(values))))
        return [list(islice(made, len(value))) for value in values]

    return Sweep(run, waits=items.waits)


def objects(kind: GraphQLObjectType, keys: Sequence[str], sweeps: Sequence[Sweep]) -> Sweep:
    known: set[type] = set()

    async def run(values: Values) -> Values:
        for of, value in {type(value): value for value in values}.items():
            if of not in known:
                _check(kind, value)
                known.add(of)
        answers = [() if sweep.waits else await sweep.run(values) for sweep in sweeps]
        later = [place for place, sweep in enumerate(sweeps) if sweep.waits]
        if later:
            waiting = [sweeps[place].run(values) for place in later]
            done = [await waiting[0]] if len(later) == 1 else await gather_with_cancel(*waiting)
            for place, answer in zip(later, done, strict=True):
                answers[place] = answer
        if not sweeps:
            return [{} for _ in values]
        return [dict(zip(keys, row, strict=True)) for row in zip(*answers, strict=True)]

    return Sweep(run, waits=any(sweep.waits for sweep in sweeps))


def _check(kind: GraphQLObjectType, value: Any) -> None:
    """Raises Unplanned for what is no object of the type; one of a class speaks for all."""
    if not hasattr(type(value), "__strawberry_definition__"):
        raise Unplanned
    info: Any = None
    if kind.is_type_of is not None and kind.is_type_of(value, info) is not True:
        raise Unplanned
