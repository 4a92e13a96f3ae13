"""Configs against JSON Schema: what is wrong is named, and its value is not."""

from typing import Any

import pytest

from adapters.config_schemas import check_config
from adapters.local.adapter import LocalAdapter
from domain.errors import InvalidInput
from tests.keyed import SCHEMA

GOOD = {"baseUrl": "https://here.example"}


def test_what_the_schema_lets_through_is_let_through() -> None:
    """All of it."""
    check_config(SCHEMA, {**GOOD, "queue": "fast", "retries": 3, "labels": {"a": "b"}})


@pytest.mark.parametrize(
    ("changed", "path"),
    [
        ({"baseUrl": "hush://hush"}, ("baseUrl",)),
        ({"unknown": "hush"}, ("unknown",)),
        ({"queue": "hush"}, ("queue",)),
        ({"retries": 10}, ("retries",)),
        ({"retries": "hush"}, ("retries",)),
        ({"labels": {"a": ["hush"]}}, ("labels", "a")),
    ],
)
def test_what_is_wrong_is_named_by_its_path(changed: dict[str, Any], path: tuple[str]) -> None:
    """Without what was written there: it may be a secret in the wrong place."""
    with pytest.raises(InvalidInput) as refused:
        check_config(SCHEMA, GOOD | changed)
    assert path == refused.value.path
    assert "hush" not in refused.value.message


def test_what_is_missing_is_named() -> None:
    """By the path that it would have."""
    with pytest.raises(InvalidInput, match="required") as refused:
        check_config(SCHEMA, {})
    assert ("baseUrl",) == refused.value.path


def test_nothing_is_fetched_for_a_reference() -> None:
    """A schema that leads elsewhere is a mistake of the provider, and no request."""
    with pytest.raises(Exception, match="Unresolvable"):
        check_config({"$ref": "http://127.0.0.1:9/schema"}, GOOD)


def test_where_nothing_can_be_wrong_the_library_is_not_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As for this machine, whose first run would wait for it."""

    def read(name: str) -> None:
        raise AssertionError(name)

    monkeypatch.setattr("adapters.config_schemas.import_module", read)
    check_config(LocalAdapter.config_schema, {})
    check_config({key: SCHEMA[key] for key in SCHEMA if key != "required"}, {})
    for schema in (SCHEMA, {}, {"type": "object", "minProperties": 1}):
        with pytest.raises(AssertionError, match="jsonschema"):
            check_config(schema, {})
    with pytest.raises(AssertionError, match="jsonschema"):
        check_config(LocalAdapter.config_schema, {"a": 1})
