"""Column types that mean the same on SQLite and PostgreSQL."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import orjson
from sqlalchemy import BigInteger, DateTime, Dialect, Integer, Text, bindparam
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeDecorator, TypeEngine

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND: Final = timedelta(microseconds=1)

SortedText: Final = Text().with_variant(Text(collation="C"), "postgresql")
"""Text that sorts by code point on both databases: SQLite knows no other order."""


class UtcDateTime(TypeDecorator[datetime]):
    """An aware time, in UTC when read back. Naive ones are refused with ValueError.

    Whole microseconds since 1970 on SQLite, which has no type for a time and would compare text.
    """

    impl = DateTime(timezone=True)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        if dialect.name == "sqlite":
            return dialect.type_descriptor(BigInteger())
        return dialect.type_descriptor(DateTime(timezone=True))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"a time without a zone cannot be stored: {value}")
        return (value - EPOCH) // MICROSECOND if dialect.name == "sqlite" else value

    def result_processor(
        self,
        dialect: Dialect,
        coltype: object,  # noqa: ARG002 - as it is called
    ) -> Callable[[Any], datetime | None]:
        """Instead of `process_result_value`, which would cost a call more for each value."""
        return _from_microseconds if dialect.name == "sqlite" else _in_utc


def _from_microseconds(value: int | None) -> datetime | None:
    return None if value is None else EPOCH + timedelta(microseconds=value)


def _in_utc(value: datetime | None) -> datetime | None:
    return None if value is None else value.astimezone(UTC)


class Json(TypeDecorator[Any]):
    """A JSON value, kept as the text that was written: never JSONB, which reorders keys."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, _dialect: Dialect) -> str | None:
        return None if value is None else orjson.dumps(value).decode()

    def result_processor(self, *_: object) -> Callable[[Any], Any]:
        """Instead of `process_result_value`, which would cost a call more for each value."""
        return _from_json


def _from_json(value: str | None) -> Any:
    return None if value is None else orjson.loads(value)


class PositionOf(FunctionElement[int]):
    """Where a text holds another, counted from 1, case and all taken as they are; 0: nowhere."""

    inherit_cache = True
    name = "position_of"
    type = Integer()


@compiles(PositionOf, "sqlite")
def _instr(element: PositionOf, compiler: SQLCompiler, **kwargs: Any) -> str:
    return f"instr({compiler.process(element.clauses, **kwargs)})"


@compiles(PositionOf, "postgresql")
def _strpos(element: PositionOf, compiler: SQLCompiler, **kwargs: Any) -> str:
    return f"strpos({compiler.process(element.clauses, **kwargs)})"


class Sha256(FunctionElement[str]):
    """Hex SHA-256 over the UTF-8 of a text. SQLite has no such function: each connection that
    writes gets ours (persistence/engines.py)."""

    inherit_cache = True
    name = "sha256_hex"
    type = Text()


@compiles(Sha256, "sqlite")
def _sha256_hex(element: Sha256, compiler: SQLCompiler, **kwargs: Any) -> str:
    return f"sha256_hex({compiler.process(element.clauses, **kwargs)})"


@compiles(Sha256, "postgresql")
def _sha256(element: Sha256, compiler: SQLCompiler, **kwargs: Any) -> str:
    text = compiler.process(element.clauses, **kwargs)
    return f"encode(sha256(convert_to({text}, 'UTF8')), 'hex')"


class Microseconds(FunctionElement[int]):
    """Of a UtcDateTime: whole microseconds since 1970, also where the driver is asked."""

    inherit_cache = True
    name = "microseconds"
    type = BigInteger()


@compiles(Microseconds, "sqlite")
def _as_stored(element: Microseconds, compiler: SQLCompiler, **kwargs: Any) -> str:
    return compiler.process(element.clauses, **kwargs)


@compiles(Microseconds, "postgresql")
def _from_epoch(element: Microseconds, compiler: SQLCompiler, **kwargs: Any) -> str:
    time = compiler.process(element.clauses, **kwargs)
    return f"CAST(extract(epoch FROM {time}) * 1000000 AS BIGINT)"


def instant(name: str) -> Any:
    """A parameter that is a time."""
    return bindparam(name, type_=UtcDateTime())
