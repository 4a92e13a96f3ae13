"""Places in texts, and where things are in documents."""

from typing import Any

import pytest

from adapters.rest.paths import find
from adapters.rest.templates import PlaceMissing, fill, fill_path, fill_text, has_malformed, places

SCOPE: dict[str, dict[str, Any]] = {
    "config": {"folder": "/srv", "env": {"pip": ["torch"]}, "none": None},
    "run": {"id": "r1", "command": ["a", "b c"], "timeout_s": 60},
    "item": {"content": [{"text": "one"}, {"text": "two"}]},
}


def test_a_place_alone_keeps_its_type() -> None:
    """In the middle of a text it becomes text."""
    assert {"pip": ["torch"]} == fill("{{config.env}}", SCOPE)
    assert ["a", "b c"] == fill("{{run.command}}", SCOPE)
    assert 60 == fill("{{ run.timeout_s }}", SCOPE)
    assert "60 s" == fill("{{run.timeout_s}} s", SCOPE)
    assert "one\ntwo" == fill_text("{{item.content.*.text}}", SCOPE)


def test_what_has_no_value_is_left_out() -> None:
    """Of tables and lists, however deep; what is false or empty has a value."""
    body = {"a": "{{config.none}}", "b": ["{{config.absent}}", 1], "c": {"d": "x{{run.cwd}}"}}
    assert {"b": [1], "c": {}} == fill(body, SCOPE)
    assert {"e": False, "f": 0, "g": ""} == fill({"e": False, "f": 0, "g": ""}, SCOPE)


def test_the_first_name_with_a_value_counts() -> None:
    """Of several in one place."""
    assert "/srv" == fill("{{run.cwd | config.folder}}", SCOPE)
    assert ["run.cwd", "config.folder"] == list(places("{{run.cwd | config.folder}}"))


def test_nothing_is_filled_twice() -> None:
    """A value that looks like a place is text."""
    scope = {"run": {"prompt": "{{config.key}}"}, "config": {"key": "secret"}}
    assert "say {{config.key}}" == fill_text("say {{run.prompt}}", scope)


@pytest.mark.parametrize("value", ["", ".", "..", None])
def test_no_value_climbs_in_a_path(value: str | None) -> None:
    """What would be no segment of its own is refused."""
    with pytest.raises(PlaceMissing):
        fill_path("/runs/{{ref.run}}/stop", {"ref": {"run": value}})


def test_values_in_a_path_are_quoted() -> None:
    """They stay one segment."""
    scope = {"ref": {"run": "a/../b?c#d e%2F"}}
    assert "/runs/a%2F..%2Fb%3Fc%23d%20e%252F" == fill_path("/runs/{{ref.run}}", scope)


@pytest.mark.parametrize("text", ["{{config}}", "{{ }}", "{{Config.url}}", "{{config.url"])
def test_what_is_no_place_is_seen(text: str) -> None:
    """It would else be sent as it stands."""
    assert has_malformed(text)


def test_paths_lead_through_tables_and_lists() -> None:
    """And nowhere where there is nothing."""
    document = {"a": [{"b": 1}, {"b": 2}, {}], "t": {"x": {"v": 1}, "y": {"v": 2}}}
    assert (1, 2) == (find(document, "a.0.b"), find(document, "a.1.b"))
    assert {} == find(document, "a.-1")
    assert [1, 2] == find(document, "a.*.b") == find(document, "t.*.v")
    for path in ("a.7.b", "a.b", "b", "a.0.b.c", "t.0", "a.-9"):
        assert find(document, path) is None
    assert [document] == find([document], "*")
