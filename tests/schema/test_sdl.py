"""The schema as a document: committed, described, and every operation guarded."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    is_introspection_type,
    is_specified_scalar_type,
)

import schema
from domain.errors import ErrorCode
from resolvers.access import NEEDS, OF_FIELDS
from schema.errors import ERRORS

COMMITTED = Path(schema.__file__).parent / "schema.graphql"


@pytest.fixture(scope="module")
def graphql_schema() -> GraphQLSchema:
    return schema.build()._schema


def test_the_committed_document_is_what_the_code_says() -> None:
    """`python -m schema > schema/schema.graphql` was run after the last change."""
    assert COMMITTED.read_text(encoding="utf-8") == schema.build().as_str() + "\n"


def test_everything_is_described(graphql_schema: GraphQLSchema) -> None:
    """Every type, field, argument, input field and enum value says what it means."""
    assert [] == sorted(undescribed(graphql_schema))


def undescribed(graphql_schema: GraphQLSchema) -> Iterator[str]:
    for name, kind in graphql_schema.type_map.items():
        if not is_introspection_type(kind) and not is_specified_scalar_type(kind):
            parts = {name: kind.description, **dict(described_parts(kind))}
            yield from (f"{name} {part}" for part, text in parts.items() if not text)


def described_parts(kind: GraphQLNamedType) -> Iterator[tuple[str, str | None]]:
    match kind:
        case GraphQLObjectType() | GraphQLInterfaceType():
            for name, field in kind.fields.items():
                yield name, field.description
                yield from ((f"{name}({a})", v.description) for a, v in field.args.items())
        case GraphQLInputObjectType():
            yield from ((name, field.description) for name, field in kind.fields.items())
        case GraphQLEnumType():
            yield from ((name, value.description) for name, value in kind.values.items())
        case _:
            pass


def test_every_operation_that_acts_declares_its_permission(graphql_schema: GraphQLSchema) -> None:
    """A mutation or subscription nobody thought about is refused to everybody, and found here."""
    assert graphql_schema.mutation_type
    assert graphql_schema.subscription_type
    fields = {**graphql_schema.mutation_type.fields, **graphql_schema.subscription_type.fields}
    assert set(NEEDS) == {*fields, *OF_FIELDS}


def test_mutations_answer_null_rather_than_hide_each_other(graphql_schema: GraphQLSchema) -> None:
    """A non-null root field that fails would take the results of the others with it."""
    assert graphql_schema.mutation_type
    fields = graphql_schema.mutation_type.fields.items()
    assert [] == [name for name, field in fields if isinstance(field.type, GraphQLNonNull)]


def test_every_error_has_its_type_or_is_top_level() -> None:
    """A new error of the domain is put into the table, or here."""
    top_level = {
        ErrorCode.UNAUTHENTICATED,
        ErrorCode.CURSOR_INVALID,
        ErrorCode.STORAGE_UNAVAILABLE,
        ErrorCode.PROVIDER_ERROR,
        ErrorCode.COST_EXCEEDED,
        ErrorCode.RATE_LIMITED,
        ErrorCode.ISSUER_UNAVAILABLE,
    }
    assert set(ErrorCode) == {error.code for error in ERRORS} | top_level
