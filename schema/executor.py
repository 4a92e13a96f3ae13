"""How a document is executed: as the library does, but without its detours for plain values.

Shortcuts, all for speed alone. A list of log lines is known to hold texts, so its items are
not completed one by one: a batch of 1,500 lines costs as much as one of 10. A field that is an
attribute holding a scalar or an enum is read and coerced at once, without the resolver machinery.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from graphql import (
    GraphQLEnumType,
    GraphQLField,
    GraphQLLeafType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    is_introspection_type,
    is_leaf_type,
)
from graphql.execution.collect_fields import FieldDetailsList
from graphql.pyutils import Path
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext
from strawberry.schema.schema_converter import GraphQLCoreConverter
from strawberry.types.field import StrawberryField

PLAIN: Final = "workbench-plain"
"""Where a field's extensions keep its Plain."""


@dataclass(frozen=True, slots=True)
class Plain:
    """A field that is read from an attribute of the same object and holds a scalar or an enum."""

    attribute: str
    coerce: Callable[[Any], Any]
    is_nullable: bool


def mark_plain_fields(schema: GraphQLSchema) -> None:
    """Note on every field that is plain how it is read."""
    for graphql_type in schema.type_map.values():
        if isinstance(graphql_type, GraphQLObjectType) and not is_introspection_type(graphql_type):
            for field in graphql_type.fields.values():
                _mark(field)


def _mark(field: GraphQLField) -> None:
    definition = field.extensions.get(GraphQLCoreConverter.DEFINITION_BACKREF)
    leaf = field.type.of_type if isinstance(field.type, GraphQLNonNull) else field.type
    if isinstance(definition, StrawberryField) and definition.is_basic_field and is_leaf_type(leaf):
        is_nullable = leaf is field.type
        field.extensions[PLAIN] = Plain(definition.python_name, _coercion(leaf), is_nullable)


def _coercion(leaf: GraphQLLeafType) -> Callable[[Any], Any]:
    """How a value becomes what is sent: an enum's by a table, not by trying each of its names."""
    if isinstance(leaf, GraphQLEnumType):
        return {value.value: name for name, value in leaf.values.items()}.__getitem__
    return leaf.coerce_output_value


class Lines(list[str]):
    """Log lines, which need no completion as list items: they were made valid at intake."""


class Executor(StrawberryGraphQLCoreExecutionContext):
    """Strawberry's executor with the shortcuts."""

    def execute_field(
        self,
        parent_type: GraphQLObjectType,
        source: Any,
        field_details_list: FieldDetailsList,
        path: Path,
        position_context: Any,
    ) -> Any:
        field = parent_type.fields.get(field_details_list[0].node.name.value)
        plain: Plain | None = field.extensions.get(PLAIN) if field else None
        if plain is not None:
            value = getattr(source, plain.attribute)
            if value is None and plain.is_nullable:
                return None
            try:
                return plain.coerce(value)
            except Exception:  # noqa: BLE001, S110 - the long way finds the same fault and reports it
                pass
        return super().execute_field(
            parent_type, source, field_details_list, path, position_context
        )

    def get_stream_usage(self, field_details_list: FieldDetailsList, path: Path) -> None:
        """Never: our schema has no @stream, which else would be looked for in each list."""

    def complete_list_value(  # noqa: PLR0917 - as it is called
        self,
        return_type: GraphQLList[Any],
        field_details_list: FieldDetailsList,
        info: Any,
        path: Path,
        result: Any,
        position_context: Any,
    ) -> Any:
        if type(result) is Lines:
            return result
        return super().complete_list_value(
            return_type, field_details_list, info, path, result, position_context
        )
