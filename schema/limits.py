"""How large a document may be, found out before anybody validates it.

Validating takes far longer than looking, and on some documents grows with the square of their
length. Each fragment is looked into once, however often it is spread, so that the work here is
linear. A cycle of fragments adds nothing: a rule of graphql-core's refuses it.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    OperationDefinitionNode,
    SelectionNode,
    SelectionSetNode,
)

from domain.limits import DocumentLimits

DEFINITIONS_MAX: Final = 250
"""Operations and fragments of one document. Rules of graphql-core compare each with each."""
NESTING_MAX: Final = 100
"""Selections inside of selections, through fragments and inline ones too: no stack is endless."""
INTROSPECTION: Final = frozenset({"__schema", "__type"})
"""Counted as one level: graphql-core has a rule for how deep these may go, and the usual
introspection keeps it."""
TOKEN: Final = re.compile(
    r'"""(?:\\"""|[^"]|"{1,2}(?!"))*+"""|"(?:\\.|[^"\\\n\r])*+"|#[^\n\r]*+'
    r"|\.\.\.|-?\d[\w.+-]*+|\w++|[^\s,\w\ufeff]"
)
"""A token or a comment. What is no GraphQL may be counted otherwise than by the parser, which
counts again."""


@dataclass(frozen=True, slots=True)
class Extent:
    """How large a selection is, with all that is under it."""

    depth: int = 0
    nesting: int = 0
    fields: int = 0
    aliases: int = 0
    directives: int = 0

    def beside(self, other: "Extent") -> "Extent":
        return Extent(
            max(self.depth, other.depth),
            max(self.nesting, other.nesting),
            self.fields + other.fields,
            self.aliases + other.aliases,
            self.directives + other.directives,
        )


NOTHING: Final = Extent()


def check_length(text: str, limits: DocumentLimits) -> None:
    """Refuse a text for its length alone; parsing it would take far longer. Raises GraphQLError."""
    size = len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))
    if size > limits.bytes_max:
        raise _refusal(f"{size} bytes", limits.bytes_max)
    if next(islice(TOKEN.finditer(text), limits.tokens_max, None), None) is not None:
        raise _refusal(f"over {limits.tokens_max} tokens", limits.tokens_max)


def check_document(document: DocumentNode, limits: DocumentLimits) -> None:
    """Refuse a document of which validating or executing would take too long.

    Raises GraphQLError.
    """
    if len(document.definitions) > DEFINITIONS_MAX:
        raise _refusal(f"{len(document.definitions)} definitions", DEFINITIONS_MAX)
    measuring = Measuring(fragments_of(document))
    for definition in document.definitions:
        if isinstance(definition, OperationDefinitionNode | FragmentDefinitionNode):
            _check(definition, measuring, limits)


def _check(
    definition: OperationDefinitionNode | FragmentDefinitionNode,
    measuring: "Measuring",
    limits: DocumentLimits,
) -> None:
    extent = measuring.extent(definition.selection_set)
    found = [
        ("nested selections", extent.nesting, NESTING_MAX),
        ("fields", extent.fields, limits.fields_max),
        ("aliases", extent.aliases, limits.aliases_max),
        (
            "directives",
            extent.directives + len(definition.directives or ()),
            limits.directives_max,
        ),
    ]
    if isinstance(definition, OperationDefinitionNode):
        root_fields = measuring.root_fields(definition.selection_set)
        found += [
            ("levels", extent.depth, limits.depth_max),
            ("root fields", root_fields, limits.root_fields_max),
        ]
    for what, count, most in found:
        if count > most:
            raise _refusal(f"{count} {what}", most, definition)


def fragments_of(document: DocumentNode) -> Mapping[str, FragmentDefinitionNode]:
    """By name; of two with the same name the last, which a rule of graphql-core's refuses."""
    return {
        definition.name.value: definition
        for definition in document.definitions
        if isinstance(definition, FragmentDefinitionNode)
    }


def inside(node: SelectionNode) -> SelectionSetNode | None:
    """What is selected inside of a field or an inline fragment, if anything is."""
    found: SelectionSetNode | None = getattr(node, "selection_set", None)
    return found


class Measuring:
    """Measures the definitions of one document, each fragment once."""

    def __init__(self, fragments: Mapping[str, FragmentDefinitionNode]) -> None:
        self._fragments = fragments
        self._extents: dict[str, Extent] = {}
        self._roots: dict[str, int] = {}

    def extent(self, selections: SelectionSetNode | None, level: int = 0) -> Extent:
        """Raises GraphQLError where selections are nested too deeply to go on."""
        if selections is None:
            return NOTHING
        if level > NESTING_MAX:
            raise _refusal("more nested selections", NESTING_MAX, selections)
        found = Extent(nesting=1)
        for node in selections.selections:
            found = found.beside(self._extent_of(node, level + 1))
        return found

    def _extent_of(self, node: SelectionNode, level: int) -> Extent:
        if isinstance(node, FragmentSpreadNode):
            below = self._fragment(node.name.value, level)
        else:
            below = self.extent(inside(node), level)
        field = node if isinstance(node, FieldNode) else None
        is_introspection = field is not None and field.name.value in INTROSPECTION
        return Extent(
            depth=1 if is_introspection else below.depth + (field is not None),
            nesting=below.nesting + 1,
            fields=below.fields + (field is not None),
            aliases=below.aliases + (field is not None and field.alias is not None),
            directives=below.directives + len(node.directives or ()),
        )

    def _fragment(self, name: str, level: int) -> Extent:
        known = self._extents.get(name)
        if known is None and name in self._fragments:
            self._extents[name] = NOTHING  # what a cycle finds
            fragment = self._fragments[name]
            known = self.extent(fragment.selection_set, level)
            known = known.beside(Extent(directives=len(fragment.directives or ())))
            self._extents[name] = known
        return known or NOTHING

    def root_fields(self, selections: SelectionSetNode | None) -> int:
        """Fields of the operation itself. As deep as `extent` went before, so it needs no guard."""
        return sum(self._root_fields_of(node) for node in _nodes(selections))

    def _root_fields_of(self, node: SelectionNode) -> int:
        if isinstance(node, FieldNode):
            return 1
        if not isinstance(node, FragmentSpreadNode):
            return self.root_fields(inside(node))
        name = node.name.value
        if name not in self._roots:
            self._roots[name] = 0
            fragment = self._fragments.get(name)
            self._roots[name] = self.root_fields(fragment.selection_set) if fragment else 0
        return self._roots[name]


def _nodes(selections: SelectionSetNode | None) -> Sequence[SelectionNode]:
    return selections.selections if selections else ()


def _refusal(
    found: str,
    most: int,
    node: SelectionSetNode | OperationDefinitionNode | FragmentDefinitionNode | None = None,
) -> GraphQLError:
    return GraphQLError(f"The document has {found}; {most} are the most.", node)
