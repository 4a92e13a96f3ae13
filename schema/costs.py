"""What an operation costs: a point for each field that its answer can hold at the most.

A list counts as many times as it may have items: as the page's size says, which a variable may
give. So the cost of a document is worked out as far as possible when it is first seen, and the
rest for each operation with its variables, before anything is resolved. @skip and @include change
nothing. Each fragment is looked into once, so both steps are linear in the document.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLArgument,
    GraphQLField,
    GraphQLList,
    GraphQLNamedType,
    GraphQLSchema,
    InlineFragmentNode,
    IntValueNode,
    OperationDefinitionNode,
    SelectionNode,
    SelectionSetNode,
    ValueNode,
    VariableNode,
    get_named_type,
    get_nullable_type,
    is_composite_type,
)

from resolvers.paging import PAGE_SIZE_DEFAULT, PAGE_SIZE_MAX
from schema.limits import fragments_of, inside

PAGE_ARGUMENTS: Final = ("first", "last")
ITEMS_ASSUMED: Final = 10
"""Of a list that has no page: what an object has several of, but not many."""
WEIGHTS: Final[Mapping[str, int]] = {
    "Query.__schema": 1000,
    "Query.__type": 100,
    "Query.policySimulate": 2000,
    "Query.policyCheck": 50,
    "Query.workflowCheck": 250,
    "WorkflowRun.report": 1000,
    "WorkflowRun.reportDownload": 1000,
    "WorkflowRun.impact": 250,
    "Run.logs": 20,
    "LogBatch.lines": 10,
}
"""What costs otherwise than its fields: introspection as a whole, and what reads or sends much."""
ROOT_WEIGHTS: Final[Mapping[str, int]] = {"Mutation": 50, "Subscription": 50}
"""Of each of their fields: one writes, the other stays."""

Variables: TypeAlias = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class PageSize:
    """How many items a page may have: the first of the wishes that is known, else what is usual.

    A wish is a number or the name of a variable.
    """

    wishes: tuple[int | str, ...]
    otherwise: int

    @property
    def is_fixed(self) -> bool:
        return not self.wishes or isinstance(self.wishes[0], int)

    def given(self, variables: Variables) -> int:
        """From 1 to PAGE_SIZE_MAX: what is beyond will be refused, and costs nothing till then.

        As an Int, JSON's 100.0 is 100: GraphQL specification, 3.5.1, Input Coercion.
        """
        for wish in self.wishes:
            size = variables.get(wish) if isinstance(wish, str) else wish
            if isinstance(size, int | float) and not isinstance(size, bool):
                return int(min(max(size, 1), PAGE_SIZE_MAX))
        return self.otherwise


ONCE: Final = PageSize((), 1)
SOME: Final = PageSize((), ITEMS_ASSUMED)


@dataclass(frozen=True, slots=True)
class Cost:
    """A number of points, and others that are multiplied by what variables say."""

    points: int = 0
    parts: tuple[tuple[PageSize, "Cost"], ...] = ()

    def and_also(self, other: "Cost") -> "Cost":
        if other.parts:
            return Cost(self.points, (*self.parts, (ONCE, other)))
        return Cost(self.points + other.points, self.parts)

    def times(self, size: PageSize) -> "Cost":
        if size is ONCE:
            return self
        if size.is_fixed and not self.parts:
            return Cost(self.points * size.given({}))
        return Cost(0, ((size, self),))

    def given(self, variables: Variables, known: dict[int, int] | None = None) -> int:
        """The points with these variables. `known` is what parts that several share have come to,
        by their identity."""
        if not self.parts:
            return self.points
        known = {} if known is None else known
        if id(self) not in known:
            parts = (
                size.given(variables) * part.given(variables, known) for size, part in self.parts
            )
            known[id(self)] = self.points + sum(parts)
        return known[id(self)]


NOTHING: Final = Cost()


@dataclass(frozen=True, slots=True)
class Content:
    """The cost of a selection: what is there once, and what is there for each item of the page
    that the selection may be of. A connection's items are fields of it, its page size is not."""

    once: Cost = NOTHING
    per_item: Cost = NOTHING

    def and_also(self, other: "Content") -> "Content":
        return Content(self.once.and_also(other.once), self.per_item.and_also(other.per_item))

    def of_page(self, size: PageSize) -> Cost:
        return self.once.and_also(self.per_item.times(size))


@dataclass(frozen=True, slots=True)
class OperationCost:
    """The cost of one operation, for any variables."""

    cost: Cost
    defaults: Variables

    def given(self, variables: Variables) -> int:
        """Points, at least 1."""
        return max(
            1, self.cost.given({**self.defaults, **variables} if self.defaults else variables)
        )


def costs_of(schema: GraphQLSchema, document: DocumentNode) -> Mapping[str | None, OperationCost]:
    """What each operation of a valid document costs, by its name."""
    counting = Counting(schema, fragments_of(document))
    return {
        operation.name.value if operation.name else None: counting.operation(operation)
        for operation in document.definitions
        if isinstance(operation, OperationDefinitionNode)
    }


class Counting:
    """Counts the operations of one valid document, each fragment once."""

    def __init__(
        self, schema: GraphQLSchema, fragments: Mapping[str, FragmentDefinitionNode]
    ) -> None:
        self._schema = schema
        self._fragments = fragments
        self._contents: dict[str, Content] = {}

    def operation(self, operation: OperationDefinitionNode) -> OperationCost:
        root = self._schema.get_root_type(operation.operation)
        assert root is not None, "the document is valid"
        content = self.content(operation.selection_set, root)
        return OperationCost(content.of_page(SOME), _defaults(operation))

    def content(self, selections: SelectionSetNode | None, parent: GraphQLNamedType) -> Content:
        found = Content()
        if selections is not None:
            for node in selections.selections:
                found = found.and_also(self._content_of(node, parent))
        return found

    def _content_of(self, node: SelectionNode, parent: GraphQLNamedType) -> Content:
        if isinstance(node, FragmentSpreadNode):
            return self._fragment(node.name.value)
        if isinstance(node, InlineFragmentNode):
            return self.content(node.selection_set, self._narrowed(node, parent))
        assert isinstance(node, FieldNode), "there are no other selections"
        return self._field(node, parent)

    def _fragment(self, name: str) -> Content:
        if name not in self._contents:
            fragment = self._fragments[name]
            narrowed = self._schema.type_map[fragment.type_condition.name.value]
            self._contents[name] = self.content(fragment.selection_set, narrowed)
        return self._contents[name]

    def _narrowed(self, node: InlineFragmentNode, parent: GraphQLNamedType) -> GraphQLNamedType:
        narrow = node.type_condition
        return self._schema.type_map[narrow.name.value] if narrow else parent

    def _field(self, node: FieldNode, parent: GraphQLNamedType) -> Content:
        own = Cost(weight(parent.name, node.name.value))
        field = getattr(parent, "fields", {}).get(node.name.value)
        if field is None:  # __typename, __schema or __type
            return Content(own)
        is_list = isinstance(get_nullable_type(field.type), GraphQLList)
        inner = self.content(inside(node), get_named_type(field.type))
        size = page_size(node, field)
        if not is_list:
            return Content(own.and_also(inner.of_page(size or SOME)))
        item = own.and_also(inner.of_page(SOME))
        if not is_composite_type(get_named_type(field.type)):
            return Content(item)
        return Content(item.times(size)) if size else Content(per_item=item)


def weight(parent: str, field: str) -> int:
    return WEIGHTS.get(f"{parent}.{field}") or ROOT_WEIGHTS.get(parent, 1)


def page_size(node: FieldNode, field: GraphQLField) -> PageSize | None:
    """How a field's page is sized; None where it has no pages."""
    arguments = [(name, field.args[name]) for name in PAGE_ARGUMENTS if name in field.args]
    if not arguments:
        return None
    given = {argument.name.value: argument.value for argument in node.arguments or ()}
    wishes = [_wish(given[name]) for name, _ in arguments if name in given]
    usual = next((size for _, argument in arguments if (size := _usual(argument))), None)
    return PageSize(tuple(wish for wish in wishes if wish is not None), usual or PAGE_SIZE_DEFAULT)


def _wish(value: ValueNode) -> int | str | None:
    if isinstance(value, VariableNode):
        return value.name.value
    return int(value.value) if isinstance(value, IntValueNode) else None


def _usual(argument: GraphQLArgument) -> int | None:
    value = argument.default_value
    return value if isinstance(value, int) else None


def _defaults(operation: OperationDefinitionNode) -> Variables:
    return {
        definition.variable.name.value: int(definition.default_value.value)
        for definition in operation.variable_definitions or ()
        if isinstance(definition.default_value, IntValueNode)
    }
