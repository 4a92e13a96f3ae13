"""What operations cost: told by a table, and by counting the long way."""

from functools import partial
from typing import Any, Final

import pytest
from graphql import (
    DocumentNode,
    FieldNode,
    FragmentSpreadNode,
    GraphQLField,
    GraphQLList,
    InlineFragmentNode,
    IntValueNode,
    OperationDefinitionNode,
    VariableNode,
    get_named_type,
    get_nullable_type,
    is_composite_type,
    parse,
    validate,
)
from hypothesis import given
from hypothesis import strategies as st

from schema import build, costs
from schema.costs import ITEMS_ASSUMED, costs_of
from schema.limits import fragments_of
from tests.schema.test_limits import calls

SCHEMA: Final = build()._schema
LIST = """query($n: Int = 7, $m: Int) { project(slug: "a") { runs(first: $n) {
  nodes { id latestEvents(first: $m) { at } } pageInfo { endCursor } } } }"""


def cost(text: str, **variables: Any) -> int:
    document = parse(text)
    assert [] == validate(SCHEMA, document)
    (operation,) = costs_of(SCHEMA, document).values()
    return operation.given(variables)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{ __typename }", 1),
        ("{ viewer { kind } }", 2),
        ("{ viewer { kind principal { name id } } serverInfo { version } }", 7),
        ("{ projects { nodes { id } } }", 1 + 50 * 2),
        ("{ projects(first: 10) { nodes { id } } }", 1 + 10 * 2),
        ("{ projects(first: 10) { edges { cursor node { id } } pageInfo { endCursor } } }", 43),
        ("{ projects(first: 10) { ...P } } fragment P on ProjectConnection { nodes { id } }", 21),
        ("{ projects(first: 10) { ... { ... on ProjectConnection { nodes { id } } } } }", 21),
        ("{ projects(first: 1) { nodes { providers { key } } } }", 2 + ITEMS_ASSUMED * 2),
        ('{ project(slug: "a") { runs(first: 2) { nodes { latestEvents { at } } } } }', 16),
        (
            '{ project(slug: "a") { runs(first: 2) { nodes { latestEvents(first: 5) { at } } } } }',
            24,
        ),
        ("{ projects(first: 0) { nodes { id } } }", 3),
        ("{ projects(first: -5) { nodes { id } } }", 3),
        ("{ projects(first: 2000000000) { nodes { id } } }", 201),
        ("{ projects(first: null) { nodes { id } } }", 101),
        ("{ viewer @skip(if: true) { kind @include(if: false) } }", 2),
        ("{ viewer { kind } viewer { kind } a: viewer { kind } }", 6),
        ("{ __schema { types { name fields { name args { name } } } } }", 1000),
        ('{ __type(name: "Run") { name } }', 100),
        ('mutation { runCancel(input: {id: "a"}) { __typename } }', 51),
        ('subscription { runEvents(runId: "a") { at cursor } }', 52),
        ('subscription { runLogs(runId: "a") { at lines } }', 61),
    ],
)
def test_an_operation_costs_what_its_answer_can_hold(text: str, expected: int) -> None:
    """A point a field, as often as it can be there; the table of weights says what else."""
    assert expected == cost(text)


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({}, 3 + 7 * (2 + 3 * 2) + 1),
        ({"n": 100}, 3 + 100 * 8 + 1),
        ({"n": 100, "m": 100}, 3 + 100 * 202 + 1),
        ({"n": None}, 3 + 50 * 8 + 1),
        ({"n": 10**9}, 3 + 100 * 8 + 1),
        ({"n": "100"}, 3 + 50 * 8 + 1),
        ({"n": True}, 3 + 50 * 8 + 1),
        ({"n": [1], "m": {}}, 3 + 50 * 8 + 1),
        ({"m": 1}, 3 + 7 * 4 + 1),
        ({"unknown": 5}, 3 + 7 * 8 + 1),
        ({"n": 100.0, "m": 100.0}, 3 + 100 * 202 + 1),
    ],
)
def test_variables_size_pages(variables: dict[str, Any], expected: int) -> None:
    """With the default of the operation, of the argument, of the API; what is no number will be
    refused anyway."""
    assert expected == cost(LIST, **variables)


def test_each_operation_of_a_document_has_its_own() -> None:
    """Under its name."""
    found = costs_of(SCHEMA, parse("query A { __typename } query B { viewer { kind } }"))
    assert {"A": 1, "B": 2} == {name: each.given({}) for name, each in found.items()}


def bomb(levels: int) -> str:
    """Pages within pages, each written twice, each as large as a variable says."""
    chain = [
        f"fragment F{n} on Run {{ project {{ runs(first: $n) {{ "
        f"nodes {{ ...F{n + 1} }} edges {{ node {{ ...F{n + 1} }} }} }} }} }}"
        for n in range(levels)
    ]
    return " ".join(
        [
            'query($n: Int) { node(id: "a") { ...F0 } }',
            *chain,
            f"fragment F{levels} on Run {{ id }}",
        ]
    )


def test_counting_is_linear_on_a_fragment_bomb() -> None:
    """Compiling as well as working it out: twice the fragments, twice the calls."""

    def work(document: DocumentNode) -> int:
        return costs_of(SCHEMA, document)[None].given({"n": 2})

    short, long = (calls(partial(work, parse(bomb(levels)))) for levels in (10, 20))
    assert long < 2.2 * short


NAMES: Final = ("Query", "Project", "ProjectConnection", "Run", "RunConnection", "LogConnection")
SIZES: Final = ("2", "3", "$n", "$m", "null")


@st.composite
def selections(draw: st.DrawFn, name: str, spreadable: tuple[str, ...], depth: int) -> str:
    """A selection of a type, deep enough to multiply, with spreads of any fragment."""
    fields = getattr(SCHEMA.type_map[name], "fields", {})
    parts = ["__typename"]
    parts += [
        draw(field_of(each, fields[each], spreadable, depth))
        for each in draw(st.lists(st.sampled_from(sorted(fields)), max_size=4) if fields else EMPTY)
        if depth or not is_composite_type(get_named_type(fields[each].type))
    ]
    spreads = st.lists(st.sampled_from(spreadable), max_size=2) if spreadable else EMPTY
    parts += [f"...{each}" for each in draw(spreads)]
    if depth and draw(st.booleans()):
        parts.append(f"... on {name} {draw(selections(name, spreadable, depth - 1))}")
    return f"{{ {' '.join(parts)} }}"


@st.composite
def field_of(
    draw: st.DrawFn, name: str, field: GraphQLField, spreadable: tuple[str, ...], depth: int
) -> str:
    """A field, with a page of any size where it has pages."""
    inner = get_named_type(field.type)
    pages = [each for each in ("first", "last") if each in field.args and draw(st.booleans())]
    sizes = [f"{each}: {draw(st.sampled_from(SIZES))}" for each in pages]
    arguments = f"({', '.join(sizes)})" if sizes else ""
    is_leaf = not is_composite_type(inner)
    below = "" if is_leaf else draw(selections(inner.name, spreadable, depth - 1))
    return f"{name}{arguments} {below}"


EMPTY: Final[st.SearchStrategy[list[str]]] = st.just([])


@st.composite
def documents(draw: st.DrawFn) -> str:
    """Not valid, for spreads stand anywhere, but counted all the same."""
    names = [f"F{number}" for number in range(4)]
    texts = []
    for number, name in enumerate(names):
        of_type = draw(st.sampled_from(NAMES))
        inside = draw(selections(of_type, tuple(names[number + 1 :]), 1))
        texts.append(f"fragment {name} on {of_type} {inside}")
    root = draw(selections("Query", tuple(names), 3))
    return " ".join([f"query($n: Int = 5, $m: Int) {root}", *texts])


class TheLongWay:
    """The cost by its definition: every spread is written out, every page counted as it comes."""

    def __init__(self, text: str, variables: dict[str, Any]) -> None:
        self.document = parse(text)
        self.fragments = fragments_of(self.document)
        self.variables = {"n": 5, **variables}

    def cost(self) -> int:
        operation = self.document.definitions[0]
        assert isinstance(operation, OperationDefinitionNode)
        return self.selection(operation.selection_set, "Query", ITEMS_ASSUMED)

    def selection(self, inside: Any, of_type: str, items: int) -> int:
        """`items` is the size of the page that the selection is of."""
        total = 0
        for node in inside.selections if inside else ():
            if isinstance(node, FieldNode):
                total += self.field(node, of_type, items)
            elif isinstance(node, InlineFragmentNode):
                narrowed = node.type_condition.name.value if node.type_condition else of_type
                total += self.selection(node.selection_set, narrowed, items)
            elif isinstance(node, FragmentSpreadNode):
                spread = self.fragments[node.name.value]
                total += self.selection(
                    spread.selection_set, spread.type_condition.name.value, items
                )
        return total

    def field(self, node: FieldNode, of_type: str, items: int) -> int:
        own = costs.weight(of_type, node.name.value)
        field = getattr(SCHEMA.type_map[of_type], "fields", {}).get(node.name.value)
        if field is None:
            return own
        inner = get_named_type(field.type)
        size = self.size(node, field)
        if not isinstance(get_nullable_type(field.type), GraphQLList):
            return own + self.selection(node.selection_set, inner.name, size or ITEMS_ASSUMED)
        each = own + self.selection(node.selection_set, inner.name, ITEMS_ASSUMED)
        return each * (size or items) if is_composite_type(inner) else each

    def size(self, node: FieldNode, field: Any) -> int | None:
        if not {"first", "last"} & set(field.args):
            return None
        given = {argument.name.value: argument.value for argument in node.arguments or ()}
        for name in ("first", "last"):
            value = given.get(name)
            if isinstance(value, IntValueNode):
                return min(100, max(1, int(value.value)))
            if isinstance(value, VariableNode) and self.variables.get(value.name.value) is not None:
                return min(100, max(1, int(self.variables[value.name.value])))
        usual = [field.args[name].default_value for name in ("first", "last") if name in field.args]
        return next((size for size in usual if isinstance(size, int)), 50)


@given(
    documents(),
    st.fixed_dictionaries(
        {}, optional={"n": st.integers(-1, 120), "m": st.none() | st.integers(0, 9)}
    ),
)
def test_the_cost_is_what_counting_the_long_way_gives(text: str, variables: dict[str, Any]) -> None:
    """On documents small enough for that."""
    (operation,) = costs_of(SCHEMA, parse(text)).values()
    assert TheLongWay(text, variables).cost() == operation.given(variables)
