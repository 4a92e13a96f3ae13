"""JSON to and from providers."""

from typing import Any

import orjson
import pytest

from adapters.http import documents
from domain.errors import ProviderRefused


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("18446744073709551615", 2**64 - 1),
        ("18446744073709551616", "18446744073709551616"),
        ("-9223372036854775808", -(2**63)),
        ("-9223372036854775809", "-9223372036854775809"),
        ('{"a": [1,' + "7" * 300 + "]}", {"a": [1, "7" * 300]}),
        ('{"a": 0.12345678901234567890123}', {"a": 0.12345678901234567890123}),
        ('{"a": "x 12345678901234567890123"}', {"a": "x 12345678901234567890123"}),
    ],
)
def test_a_number_beyond_64_bits_keeps_its_digits(text: str, value: Any) -> None:
    """As text: a name stays what it is, and everything can be sent again."""
    read = documents.read(text.encode())
    assert value == read
    assert read == documents.read(documents.write(read))


@pytest.mark.parametrize("text", ["NaN", "1e400", "7" * 400, "{", '"\\ud800"', "[" * 100_000, ""])
def test_what_is_no_json_is_not_taken(text: str) -> None:
    """Also with a long number beside it."""
    for each in (text, f"[12345678901234567890123, {text}]"):
        with pytest.raises(orjson.JSONDecodeError):
            documents.read(each.encode())


def test_deep_lists_with_long_numbers_are_read() -> None:
    """As far as they are without."""
    deep = "[" * 1000 + "12345678901234567890123" + "]" * 1000
    value = documents.read(deep.encode())
    while isinstance(value, list):
        [value] = value
    assert str(value) in {"12345678901234567890123", str(float("12345678901234567890123"))}


@pytest.mark.parametrize("value", [2**64, -(2**63) - 1, {1: 2}, "\ud800", object()])
def test_what_is_no_json_is_not_sent(value: object) -> None:
    """The caller is told, and not by an error of ours."""
    with pytest.raises(ProviderRefused, match="no JSON"):
        documents.write({"a": value})
