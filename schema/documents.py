"""Documents, parsed and validated once: validation alone costs ten times an execution."""

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from graphql import (
    SKIP,
    ArgumentNode,
    DocumentNode,
    FieldNode,
    GraphQLError,
    GraphQLSchema,
    NoSchemaIntrospectionCustomRule,
    OperationDefinitionNode,
    OverlappingFieldsCanBeMergedRule,
    ValidationContext,
    VariableDefinitionNode,
    VariableNode,
    Visitor,
    parse,
    specified_rules,
    validate,
    visit,
)
from strawberry.exceptions import MissingQueryError
from strawberry.schema.exceptions import CannotGetOperationTypeError
from strawberry.schema.validation_rules.maybe_null import MaybeNullValidationRule
from strawberry.schema.validation_rules.one_of import OneOfInputValidationRule
from strawberry.types.graphql import OperationType

from domain.limits import DocumentLimits
from schema.costs import OperationCost, costs_of
from schema.limits import check_document, check_length

KEPT_MAX: Final = 1000
KEPT_CHARACTERS_MAX: Final = 512 * 1024
"""Of all kept documents together. Parsed, a character takes up to 200 bytes."""
CURSOR_ARGUMENTS: Final = frozenset({"after", "from"})
PERSONAL: Final = frozenset({"availableActions", "canDecide", "ineligibleReason"})
"""Fields that depend on who looks, and not only on what they are permitted."""
FEEDS: Final = frozenset({"runEvents", "runLogs"})
OVERLAPS_MAX: Final = 20_000
"""Of selections with the same name, which are compared each with each: two for a comparison."""


class BoundedOverlaps(OverlappingFieldsCanBeMergedRule):
    """graphql-core's, which takes up to a second of CPU before its own bound stops it."""

    def __init__(self, context: ValidationContext) -> None:
        super().__init__(context)
        self.rule_context.remaining_complexity_budget = OVERLAPS_MAX


RULES: Final = (
    *(rule for rule in specified_rules if rule is not OverlappingFieldsCanBeMergedRule),
    BoundedOverlaps,
    MaybeNullValidationRule,
    OneOfInputValidationRule,
)


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation of a document. Only where the document is valid it is known what it costs."""

    name: str | None
    kind: OperationType
    cost: OperationCost | None


@dataclass(frozen=True, slots=True)
class Prepared:
    """A parsed document, what is wrong with it, and the variables that shape its results.

    The variables that only say where a subscription begins are not among them.
    """

    document: DocumentNode
    errors: Sequence[GraphQLError]
    operations: Mapping[str | None, Operation]
    shaping_variables: frozenset[str]
    is_personal: bool
    """Whether it asks for what depends on who looks."""

    def operation(self, name: str | None) -> Operation:
        """By its name, or the only one. Raises CannotGetOperationTypeError."""
        found = self.operations.get(name or None)
        if found is None and not name and len(self.operations) == 1:
            found = next(iter(self.operations.values()))
        if found is None:
            raise CannotGetOperationTypeError(name)
        return found


class Documents:
    """The documents a schema has seen of late, as far as there was nothing wrong with them."""

    def __init__(self, schema: GraphQLSchema, limits: DocumentLimits) -> None:
        self._schema = schema
        self._limits = limits
        self._kept: OrderedDict[str, Prepared] = OrderedDict()
        self._characters = 0
        allowed = () if limits.has_introspection else (NoSchemaIntrospectionCustomRule,)
        self._rules = (*RULES, *allowed)

    def prepare(self, query: str | None) -> Prepared:
        """Raises MissingQueryError, and GraphQLError for what is no document or too large a one."""
        if not query:
            raise MissingQueryError
        if kept := self._kept.get(query):
            self._kept.move_to_end(query)
            return kept
        prepared = self._prepare(query)
        if not prepared.errors:
            self._keep(query, prepared)
        return prepared

    def _prepare(self, query: str) -> Prepared:
        check_length(query, self._limits)
        document = parse(query, max_lexical_tokens=self._limits.tokens_max)
        check_document(document, self._limits)
        hide = not self._limits.has_suggestions
        errors = validate(self._schema, document, self._rules, hide_suggestions=hide)
        costs = {} if errors else costs_of(self._schema, document)
        operations = _operations(document, costs)
        return Prepared(document, errors, operations, _shaping(document), _is_personal(document))

    def _keep(self, query: str, prepared: Prepared) -> None:
        self._kept[query] = prepared
        self._characters += len(query)
        while len(self._kept) > KEPT_MAX or self._characters > KEPT_CHARACTERS_MAX:
            dropped, _ = self._kept.popitem(last=False)
            self._characters -= len(dropped)


def _operations(
    document: DocumentNode, costs: Mapping[str | None, OperationCost]
) -> Mapping[str | None, Operation]:
    found = {}
    for definition in document.definitions:
        if isinstance(definition, OperationDefinitionNode):
            name = definition.name.value if definition.name else None
            kind = OperationType(definition.operation.value)
            found[name] = Operation(name, kind, costs.get(name))
    return found


class _Variables(Visitor):
    def __init__(self) -> None:
        super().__init__()
        self.names: set[str] = set()

    def enter_variable_definition(self, node: VariableDefinitionNode, *_: Any) -> Any:
        return SKIP

    def enter_argument(
        self, node: ArgumentNode, _key: Any, _parent: Any, _path: Any, ancestors: list[Any]
    ) -> Any:
        field = ancestors[-1]
        is_feed = isinstance(field, FieldNode) and field.name.value in FEEDS
        return SKIP if is_feed and node.name.value in CURSOR_ARGUMENTS else None

    def enter_variable(self, node: VariableNode, *_: Any) -> None:
        self.names.add(node.name.value)


class _Personal(Visitor):
    """Whether a field is asked for that is another one for each viewer."""

    def __init__(self) -> None:
        super().__init__()
        self.found = False

    def enter_field(self, node: FieldNode, *_: Any) -> None:
        self.found = self.found or node.name.value in PERSONAL


def _is_personal(document: DocumentNode) -> bool:
    personal = _Personal()
    visit(document, personal)
    return personal.found


def _shaping(document: DocumentNode) -> frozenset[str]:
    variables = _Variables()
    visit(document, variables)
    return frozenset(variables.names)
