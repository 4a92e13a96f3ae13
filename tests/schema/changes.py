"""What a change of the schema takes from clients of the released one without notice.

Notice is a deprecation that was released, names what to use instead, and whose day has come:

    @deprecated(reason: "Use `Run.state` instead; it goes on 2027-06-01.")
"""

import re
from collections.abc import Iterator
from datetime import date
from typing import Any, Final, NamedTuple

from graphql import (
    REMOVE,
    EnumValueDefinitionNode,
    FieldDefinitionNode,
    GraphQLDeprecatedDirective,
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    InputValueDefinitionNode,
    Visitor,
    build_ast_schema,
    get_directive_values,
    parse,
    visit,
)
from graphql.utilities import find_breaking_changes

NOTICE: Final = re.compile(r"Use `([^`]+)` instead; it goes on (\d{4}-\d{2}-\d{2})\.")

Part = FieldDefinitionNode | EnumValueDefinitionNode | InputValueDefinitionNode


class Notice(NamedTuple):
    """What the reason of a deprecation says."""

    replacement: str
    goes_on: date


def notice_of(reason: str) -> Notice | None:
    """None where it does not say what to use instead, and until when there is time."""
    found = NOTICE.fullmatch(reason)
    return Notice(found[1], date.fromisoformat(found[2])) if found else None


def breaking_changes(released: str, present: str, today: date) -> list[str]:
    """In words; nothing where each was announced."""
    kept = _reachable(build_ast_schema(visit(parse(released), _Announced(today))))
    changes = find_breaking_changes(kept, build_ast_schema(parse(present)))
    return sorted(change.description for change in changes)


def silent_deprecations(sdl: str) -> list[str]:
    """The reasons that give no notice, or name a replacement that is not there."""
    document = parse(sdl)
    places = set(_coordinates(build_ast_schema(document)))
    deprecations = _Deprecations()
    visit(document, deprecations)
    return [
        reason
        for reason in deprecations.reasons
        if (notice := notice_of(reason)) is None or notice.replacement not in places
    ]


def _reason(part: Part) -> str | None:
    values = get_directive_values(GraphQLDeprecatedDirective, part)
    return str(values["reason"]) if values else None


class _Parts(Visitor):
    """Calls `part` for whatever can be deprecated."""

    def part(self, part: Part) -> Any:
        raise NotImplementedError

    def enter_field_definition(self, node: FieldDefinitionNode, *_: Any) -> Any:
        return self.part(node)

    def enter_enum_value_definition(self, node: EnumValueDefinitionNode, *_: Any) -> Any:
        return self.part(node)

    def enter_input_value_definition(self, node: InputValueDefinitionNode, *_: Any) -> Any:
        return self.part(node)


class _Announced(_Parts):
    """Takes out what may be gone by now."""

    def __init__(self, today: date) -> None:
        super().__init__()
        self._today = today

    def part(self, part: Part) -> Any:
        notice = notice_of(_reason(part) or "")
        return REMOVE if notice and notice.goes_on <= self._today else None


class _Deprecations(_Parts):
    def __init__(self) -> None:
        super().__init__()
        self.reasons: list[str] = []

    def part(self, part: Part) -> None:
        if (reason := _reason(part)) is not None:
            self.reasons.append(reason)


def _reachable(schema: GraphQLSchema) -> GraphQLSchema:
    """Without the types that no operation leads to."""
    roots = (schema.query_type, schema.mutation_type, schema.subscription_type)
    types: tuple[GraphQLNamedType, ...] = ()
    while True:
        found = GraphQLSchema(*roots, types=types)
        interfaces = {name for name, kind in found.type_map.items() if _is_interface(kind)}
        more = tuple(
            kind
            for kind in schema.type_map.values()
            if isinstance(kind, GraphQLObjectType)
            and interfaces & {interface.name for interface in kind.interfaces}
        )
        if len(more) == len(types):
            return found
        types = more


def _is_interface(kind: GraphQLNamedType) -> bool:
    return isinstance(kind, GraphQLInterfaceType)


def _coordinates(schema: GraphQLSchema) -> Iterator[str]:
    """`Type.field`, `Type.field(argument:)` and `Enum.VALUE` of all there is."""
    for name, kind in schema.type_map.items():
        for part, value in {
            **getattr(kind, "fields", {}),
            **getattr(kind, "values", {}),
        }.items():
            yield f"{name}.{part}"
            if isinstance(value, GraphQLField):
                yield from (f"{name}.{part}({argument}:)" for argument in value.args)
