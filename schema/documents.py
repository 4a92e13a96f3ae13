"""Documents, parsed and validated once: validation alone costs ten times an execution."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from graphql import (
    SKIP,
    ArgumentNode,
    DocumentNode,
    FieldNode,
    GraphQLError,
    GraphQLSchema,
    VariableDefinitionNode,
    VariableNode,
    Visitor,
    parse,
    specified_rules,
    visit,
)
from strawberry.extensions import SchemaExtension
from strawberry.schema.schema import validate_document

TOKENS_MAX: Final = 10_000
KEPT_MAX: Final = 256
KEPT_CHARACTERS_MAX: Final = 16_384
CURSOR_ARGUMENTS: Final = frozenset({"after", "from"})
FEEDS: Final = frozenset({"runEvents", "runLogs"})


@dataclass(frozen=True, slots=True)
class Prepared:
    """A parsed document, what is wrong with it, and the variables that shape its results.

    The variables that only say where a subscription begins are not among them.
    """

    document: DocumentNode
    errors: Sequence[GraphQLError]
    shaping_variables: frozenset[str]


class Documents:
    """The documents a schema has seen of late. Long ones are not kept: they are sent once."""

    def __init__(self, schema: GraphQLSchema) -> None:
        self._schema = schema
        self._kept = lru_cache(KEPT_MAX)(self._prepare)

    def prepare(self, query: str) -> Prepared:
        """Raises GraphQLSyntaxError."""
        return self._kept(query) if len(query) <= KEPT_CHARACTERS_MAX else self._prepare(query)

    def _prepare(self, query: str) -> Prepared:
        document = parse(query, max_tokens=TOKENS_MAX)
        errors = validate_document(self._schema, document, tuple(specified_rules))
        return Prepared(document, errors, _shaping_variables(document))


class PreparedDocuments(SchemaExtension):
    """Gives queries and mutations their document from the schema's Documents."""

    def on_parse(self) -> Iterator[None]:
        context = self.execution_context
        try:
            context.graphql_document = _documents(context).prepare(context.query or "").document
        except GraphQLError:
            context.graphql_document = None  # Strawberry parses it again and tells what is wrong.
        yield

    def on_validate(self) -> Iterator[None]:
        context = self.execution_context
        prepared = _documents(context).prepare(context.query or "")
        context.pre_execution_errors = list(prepared.errors)
        yield


def _documents(context: Any) -> Documents:
    documents = context.schema.documents
    assert isinstance(documents, Documents)
    return documents


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


def _shaping_variables(document: DocumentNode) -> frozenset[str]:
    variables = _Variables()
    visit(document, variables)
    return frozenset(variables.names)
