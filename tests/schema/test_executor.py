"""The executor answers as graphql-core's own does, only by a shorter way."""

import gc
from collections.abc import Sequence
from enum import StrEnum
from functools import cache
from random import Random
from typing import Any, Final

import pytest
import strawberry
from graphql import (
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    get_named_type,
    is_leaf_type,
    is_required_argument,
)
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext
from strawberry.types import ExecutionResult

from benchmarks.reading import LIST
from domain.limits import DocumentLimits
from domain.models.audit import (
    AuditAction,
    AuditRecord,
    AuditSubject,
    Caller,
    SubjectKind,
    chain_of,
)
from domain.models.principals import Membership, Role
from domain.models.runs import Run
from resolvers.context import Context, Viewer
from resolvers.loaders import Loaders
from schema import build, ids
from schema.answering import Schema
from schema.plans import MANY
from tests.contract.store.scene import NOW, output
from tests.schema.api import ADMIN, Api, principal_of

pytestmark = [
    pytest.mark.anyio,
    # graphql-core drops what it was to await where a field beside it fails at once.
    pytest.mark.filterwarnings("ignore:coroutine .* was never awaited:RuntimeWarning"),
]

DOCUMENTS: Final = 25
DEEP: Final = 5
SIZES: Final = (1, 2, 3)
WRONG_SIZE: Final = 0
"""Once a document at most: of several refusals, each of which may leave no data at all, which one
is told first is nobody's promise."""
UNSTEADY: Final = frozenset({"checkedAt", "uptimeS"})
"""Fields that two questions never get the same answer to."""


class Composer:
    """Random documents that are valid for a schema, with aliases, fragments and conditions."""

    def __init__(self, schema: GraphQLSchema, seed: int, arguments: dict[str, str]) -> None:
        self._schema = schema
        self._random = Random(seed)
        self._arguments = arguments
        self._sizes: Sequence[int] = SIZES

    def document(self) -> str:
        assert self._schema.query_type is not None
        self._sizes = (*SIZES, WRONG_SIZE)
        selection = self._selection(self._schema.query_type, DEEP)
        return f"query($yes: Boolean!) {selection}" if "$yes" in selection else selection

    def _selection(self, kind: Any, depth: int) -> str:
        chosen = [self._typename()] if self._random.random() < 0.3 else []
        if not isinstance(kind, GraphQLUnionType):
            names = [name for name in kind.fields if name not in UNSTEADY]
            count = self._random.randint(1, min(7, len(names)))
            fields = [self._field(kind, name, depth) for name in self._random.sample(names, count)]
            chosen += [field for field in fields if field]
        if isinstance(kind, GraphQLInterfaceType | GraphQLUnionType) and depth:
            all_possible = self._schema.get_possible_types(kind)
            for possible in self._random.sample(all_possible, min(2, len(all_possible))):
                chosen.append(f"... on {possible.name} {self._selection(possible, depth - 1)}")
        return "{ " + " ".join(chosen or [self._typename()]) + " }"

    def _first(self) -> int:
        first = self._random.choice(self._sizes)
        if first == WRONG_SIZE:
            self._sizes = SIZES
        return first

    def _typename(self) -> str:
        return f"t{self._random.randrange(10**9)}: __typename"

    def _field(self, kind: GraphQLObjectType, name: str, depth: int) -> str:
        field = kind.fields[name]
        required = [key for key, value in field.args.items() if is_required_argument(value)]
        named = get_named_type(field.type)
        if not (is_leaf_type(named) or depth) or not set(required) <= self._arguments.keys():
            return ""
        given = [f"{key}: {self._arguments[key]}" for key in required]
        if "first" in field.args and self._random.random() < 0.5:
            given.append(f"first: {self._first()}")
        call = f"({', '.join(given)})" if given else ""
        below = "" if is_leaf_type(named) else " " + self._selection(named, depth - 1)
        condition = self._random.choice([""] * 8 + [" @include(if: $yes)", " @skip(if: $yes)"])
        # Fields of the same name must ask the same: an alias for each lets them differ.
        return f"f{self._random.randrange(10**9)}: {name}{call}{condition}{below}"


def stock(schema: Schema) -> Schema:
    """The same schema, executed as the library does."""
    schema.execution_context_class = StrawberryGraphQLCoreExecutionContext
    return schema


async def execute(
    schema: Schema, document: str, variables: dict[str, Any], context: Context
) -> ExecutionResult:
    """As the library's schema does, which leaves errors as they are.

    What was dropped is collected here, and not in the midst of a later test, as that one's fault.
    """
    gc.disable()
    try:
        return await strawberry.Schema.execute(
            schema, document, variable_values=variables, context_value=context
        )
    finally:
        gc.collect()
        gc.enable()


def told(result: ExecutionResult) -> tuple[Any, ...]:
    """All that a client gets to see, whatever the order of the errors."""
    errors = [(str(e.message), e.path, e.locations, e.extensions) for e in result.errors or ()]
    return result.data, sorted(map(repr, errors))


def context(api: Api) -> Context:
    """Of an administrator, who may ask for everything."""
    principal = principal_of(ADMIN, api.scene)
    membership = Membership(
        project_id=api.scene.project.id,
        principal_id=principal.id,
        roles=frozenset({Role.OPERATOR}),
    )
    return Context(
        viewer=Viewer(principal=principal, memberships=(membership,)),
        services=api.workbench.services,
        store=api.workbench.database,
        loaders=Loaders(api.workbench.database),
        request_id="",
    )


async def audited(api: Api, run: Run) -> None:
    """The audit log tells of a launch by somebody and of one by the server itself."""
    people = Caller(principal=api.scene.actor), None
    async with api.workbench.database.transaction() as unit:
        for caller in people:
            record = AuditRecord(
                chain=chain_of(run.project_id),
                at=NOW,
                caller=caller,
                action=AuditAction.RUN_LAUNCH,
                subject=AuditSubject(kind=SubjectKind.RUN, id=run.id),
                after={"state": run.state},
            )
            unit.audit.add(record)


@pytest.mark.timeout(300)
@pytest.mark.parametrize("seed", range(3))
async def test_random_documents_get_the_same_answers(api: Api, seed: int) -> None:
    """The same data in the same order, and the same errors at the same places."""
    run, lease = await api.scene.started(reason="to see it run")
    await api.scene.print_out(run, lease, output("hello\nworld"))
    for _ in range(3):
        await api.scene.queued()
    await audited(api, run)
    ours, theirs = build(), stock(build())
    arguments = {"id": f'"{ids.run_id(run.id)}"', "slug": '"main"', "key": '"local"'}
    composer = Composer(ours._schema, seed, arguments)
    variables = {"yes": True}
    answered = 0
    for _ in range(DOCUMENTS):
        document = composer.document()
        expected = await execute(theirs, document, variables, context(api))
        actual = await execute(ours, document, variables, context(api))
        assert told(expected) == told(actual), document
        assert repr(expected.data) == repr(actual.data), document
        answered += expected.data is not None
    assert answered > DOCUMENTS / 2, "most documents should have been answered"


async def test_a_page_of_runs_takes_the_short_way(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of the benchmark's list the library completes the two fields above the page, nothing else."""
    await api.scene.queued()
    names: list[str] = []
    long_way = StrawberryGraphQLCoreExecutionContext.execute_field

    def execute_field(*arguments: Any) -> Any:
        names.append(arguments[3][0].node.name.value)
        return long_way(*arguments)

    monkeypatch.setattr(StrawberryGraphQLCoreExecutionContext, "execute_field", execute_field)
    result = await execute(build(), LIST.replace('"default"', '"main"'), {}, context(api))
    assert (None, ["project", "runs"]) == (result.errors, names)


class Color(StrEnum):
    """An enum of the faulty schema."""

    RED = "RED"


strawberry.enum(Color)


@strawberry.interface
class Named:
    """What some of its objects implement."""

    name: str


async def _slow(things: Sequence["Thing"], info: strawberry.Info[Any, Any]) -> Sequence[str]:
    return [thing.slowly() for thing in things]


@strawberry.type
class Thing(Named):
    """An object whose values may be wrong."""

    count: int = 0
    color: Color | None = None
    tags: list[str] = strawberry.field(default_factory=list)
    inner: Named | None = None
    others: list["Thing | None"] = strawberry.field(default_factory=list)
    failing: strawberry.Private[bool] = False

    def slowly(self) -> str:
        if self.failing:
            raise ValueError("too slow")
        return f"slow {self.name}"

    @strawberry.field
    def asked(self) -> str:
        if self.failing:
            raise ValueError("not now")
        return self.name

    @strawberry.field(metadata={MANY: _slow})  # type: ignore[untyped-decorator] # has no types
    async def slow(self, info: strawberry.Info[Any, Any]) -> str | None:
        return self.slowly()


@strawberry.type
class Stranger(Named):
    """Another kind of what is named."""

    age: int = 1


WRONG: Final[Any] = object()
FAULTS: Final[dict[str, Any]] = {
    "nothing": Thing(name="a"),
    "all": Thing(
        name="a",
        count=3,
        color=Color.RED,
        tags=["x"],
        inner=Stranger(name="s"),
        others=[Thing(name="b"), None, Thing(name="c", inner=Thing(name="d"))],
    ),
    "null where none may be": Thing(name=None),  # type: ignore[arg-type]
    "null below a list": Thing(name="a", others=[Thing(name=None), Thing(name="b")]),  # type: ignore[arg-type]
    "too large": Thing(name="a", count=2**31),
    "no number": Thing(name="a", count="many"),  # type: ignore[arg-type]
    "no such color": Thing(name="a", color="GREEN"),  # type: ignore[arg-type]
    "a color's name": Thing(name="a", color="RED"),  # type: ignore[arg-type]
    "a number as text": Thing(name=17),  # type: ignore[arg-type]
    "an object as text": Thing(name=b"x"),  # type: ignore[arg-type]
    "null in a list": Thing(name="a", tags=["x", None]),  # type: ignore[list-item]
    "no list": Thing(name="a", tags=7),  # type: ignore[arg-type]
    "a text as list": Thing(name="a", tags="xy"),  # type: ignore[arg-type]
    "a set": Thing(name="a", tags={"x"}),  # type: ignore[arg-type]
    "no object": Thing(name="a", inner=WRONG),
    "an object of another type": Thing(name="a", others=[Stranger(name="s")]),  # type: ignore[list-item]
    "an error as a value": Thing(name=ValueError("kept")),  # type: ignore[arg-type]
    "an error as an object": Thing(name="a", inner=ValueError("kept")),  # type: ignore[arg-type]
    "failing": Thing(name="a", failing=True),
    "one of many failing": Thing(name="a", others=[Thing(name="b"), Thing(name="c", failing=True)]),
}


@strawberry.type
class Query:
    """Every thing, by what is wrong with it."""

    @strawberry.field
    def thing(self, fault: str) -> Thing | None:
        found = FAULTS[fault]
        assert isinstance(found, Thing)
        return found

    @strawberry.field
    async def things(self, fault: str) -> list[Thing]:
        return [Thing(name="first"), FAULTS[fault], Thing(name="last")]


@cache
def faulty() -> tuple[Schema, Schema]:
    """Ours and the library's: to build them takes longer than all the questions."""
    ours, theirs = (
        Schema(query=Query, types=[Stranger]).served(DocumentLimits()) for _ in range(2)
    )
    return ours, stock(theirs)


SELECTION: Final = """
  __typename name count color tags asked slow again: slow
  inner { name ... on Stranger { age } ... on Thing { asked slow } }
  others { name asked slow others { name } }
"""


@pytest.mark.parametrize("field", ["thing", "things"])
@pytest.mark.parametrize("selection", [SELECTION, "name count color", "others { name slow }"])
@pytest.mark.parametrize("fault", FAULTS)
async def test_faults_are_told_alike(fault: str, selection: str, field: str) -> None:
    """Wrong values and failing resolvers give the same nulls and the same errors."""
    document = f"query($fault: String!) {{ {field}(fault: $fault) {{ {selection} }} }}"
    answers = []
    for schema in faulty():
        asking = Context.__new__(Context)
        object.__setattr__(asking, "request_id", "")
        answers.append(told(await execute(schema, document, {"fault": fault}, asking)))
    assert answers[1] == answers[0]
