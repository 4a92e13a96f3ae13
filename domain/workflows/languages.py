"""What the libraries know that workflows are written in: CEL, JSON Schema and YAML, as ports."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, NamedTuple, Protocol

from domain.models.workflows import Fault


class Place(NamedTuple):
    """In a file, as editors count: from 1 on."""

    line: int
    column: int


class Conditions(Protocol):
    """CEL."""

    def check(self, expression: str) -> None:
        """Whether it can be evaluated: bounds, grammar, names. Raises InvalidInput."""
        ...

    def holds(self, expression: str, values: Mapping[str, Any]) -> bool:
        """Raises InvalidInput with the reason for whatever keeps it from being true or false."""
        ...


class Schemas(Protocol):
    """JSON Schema, draft 2020-12."""

    def check_schema(self, schema: Mapping[str, Any]) -> None:
        """Whether it is one. Raises InvalidInput with the path inside it."""
        ...

    def faults(self, schema: Mapping[str, Any], value: object) -> Sequence[Fault]:
        """All that the schema has against the value, with paths inside it; bounded."""
        ...


class Files(Protocol):
    """YAML 1.2, as people write it."""

    def read(self, text: str) -> object:
        """Mappings, lists, texts, numbers, booleans and null. Raises InvalidInput; every message
        says the line and the column."""
        ...

    def places(
        self, text: str, paths: Collection[tuple[str, ...]]
    ) -> Mapping[tuple[str, ...], Place]:
        """Where each of these is in a text that can be read; what is not there itself is where that
        is which it is missing from."""
        ...

    def write(self, value: Mapping[str, Any]) -> str:
        """The inverse of `read`."""
        ...
