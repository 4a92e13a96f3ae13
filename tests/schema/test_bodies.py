"""JSON that clients send, as far as it is taken."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schema import bodies

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(alphabet='a:"\\é\n'),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(alphabet="a:b\\"), inner),
    max_leaves=12,
)


@given(VALUES, st.booleans(), st.booleans())
def test_valid_json_is_read_as_it_is(value: object, escaped: bool, spaced: bool) -> None:  # noqa: FBT001 - drawn
    """However it is written."""
    text = json.dumps(value, ensure_ascii=escaped, indent=1 if spaced else None)
    assert value == bodies.read(text) == bodies.read(text.encode())


@pytest.mark.parametrize(
    "text",
    [
        '{"a": 1, "a": 2}',
        '{"a": ":", "a": ":"}',
        r'{"a": "\u003a", "a": 1}',
        r'{"a": 1, "\u0061": 2}',
        '{"q": "x: y", "v": {"b": [{"c": 1, "c": 1}]}}',
        '{"a": {"b:c": 1, "b:c": ["::"]}}',
        "[" * 51 + "]" * 51,
        '{"a":' * 51 + "1" + "}" * 51,
        "[" * 100_000,
        "[" + "0," * 20_000 + "0]",
        "[1e400]",
        "[" + "9" * 5000 + "]",
        "NaN",
        '"\\ud800"',
        "{",
        "",
    ],
)
def test_what_is_invalid_or_too_much_is_refused(text: str) -> None:
    """Names given twice, endless nesting, many values, numbers that are none."""
    with pytest.raises(json.JSONDecodeError):
        bodies.read(text)


def test_the_bounds_themselves_are_taken() -> None:
    """One less than too much."""
    deep = "[" * bodies.NESTING_MAX + "]" * bodies.NESTING_MAX
    assert json.loads(deep) == bodies.read(deep)
    many = [0] * (bodies.VALUES_MAX - 1)
    assert many == bodies.read(json.dumps(many))


def test_bytes_that_are_no_utf_8_are_refused() -> None:
    """As are other encodings that Python's own reader would guess."""
    for raw in (b'{"a": "\xff"}', '{"a": 1}'.encode("utf-16")):
        with pytest.raises(json.JSONDecodeError):
            bodies.read(raw)
