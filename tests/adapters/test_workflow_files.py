"""Workflows as YAML: what is read, what is refused and where, and what is written."""

from typing import Final

import pytest
from hypothesis import given

from adapters.workflow_files import YamlFiles
from domain.errors import InvalidInput
from domain.limits import WORKFLOW_BYTES_MAX, WORKFLOW_DEPTH_MAX
from domain.models.workflows import WorkflowDefinition
from domain.workflows.languages import Place
from domain.workflows.reading import read
from domain.workflows.writing import write
from tests.domain.workflows.written import DEFINITIONS

FILES: Final = YamlFiles()
BOMB: Final = "a: &a [x, x]\n" + "".join(
    f"{chr(98 + n)}: &{chr(98 + n)} [*{chr(97 + n)}, *{chr(97 + n)}]\n" for n in range(20)
)


def test_values_are_those_of_yaml_1_2() -> None:
    """Where `no` is a word and times are texts."""
    text = """
    # a comment
    booleans: [true, False, no, on, "true"]
    numbers: [1, -2, 0o17, 0x1F, 1.5, 1e3, .5, 1_000, "1"]
    others: [null, ~, , 2026-11-21, 12:30:00, .inf, +x]
    text: |
      two
      lines
    folded: >-
      one
      line
    """.replace("~, ,", "~,")

    assert {
        "booleans": [True, False, "no", "on", "true"],
        "numbers": [1, -2, 15, 31, 1.5, 1000.0, 0.5, "1_000", "1"],
        "others": [None, None, "2026-11-21", "12:30:00", ".inf", "+x"],
        "text": "two\nlines\n",
        "folded": "one line",
    } == FILES.read(text)


@given(DEFINITIONS)
def test_what_is_written_reads_as_it_was(definition: WorkflowDefinition) -> None:
    """Through the file and through the reading of what it says."""
    assert definition == read(FILES.read(FILES.write(write(definition))))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: &x 1\nb: *x", "Line 1, column 4: anchors"),
        (BOMB, "Line 1, column 4: anchors"),
        ("<<: {a: 1}", "Line 1, column 1: merge keys"),
        ("a: !!python/object/apply:os.system [id]", "Line 1, column 4: tags"),
        ("a: !!str 1", "tags"),
        ("a: 1\nb: 2\na: 3", "Line 3, column 1: the key 'a' is here twice"),
        ("a: {b: 1, b: 2}", "Line 1, column 11: the key 'b' is here twice"),
        ("[a]: 1", "Line 1, column 1: a key is a text"),
        ("a: 1\n---\nb: 2", "Line 2, column 1: a second document"),
        ("a:\n\tb: 1", "Line 2, column 1:"),
        ("a: [1, 2", "Line 2, column 1:"),
        ('a: "open', "Line 1, column 9:"),
        ("a: b: c", "Line 1, column 5:"),
        ("a: \0", "It is no YAML"),
        ("[" * (WORKFLOW_DEPTH_MAX + 1), f"more than {WORKFLOW_DEPTH_MAX} levels"),
        ("[" * 100_000, "levels"),
        ("x" * (WORKFLOW_BYTES_MAX + 1), "are the most"),
        ("x: é\n" * 1_100_000, "are the most"),
    ],
    ids=lambda each: str(each)[:30],
)
def test_what_is_refused_is_told_with_its_place(text: str, message: str) -> None:
    """Lines and columns as an editor counts them."""
    with pytest.raises(InvalidInput) as refused:
        FILES.read(text)
    assert message in refused.value.message


def test_an_empty_file_holds_nothing() -> None:
    """Which is no workflow, as its reading says."""
    assert FILES.read("") is None
    assert FILES.read("# only this\n") is None


def test_a_path_is_found_in_the_text() -> None:
    """What is in a mapping is where its key is; what is not there, where it is missing from."""
    text = """# first
name: x
steps:
  - {key: a, needs: [b,
      c]}
  -
    key: d
"""
    expected = {
        ("name",): Place(2, 1),
        ("steps", "0"): Place(4, 5),
        ("steps", "0", "needs"): Place(4, 14),
        ("steps", "0", "needs", "1"): Place(5, 7),
        ("steps", "1", "key"): Place(7, 5),
        ("steps", "1", "command", "0"): Place(7, 5),
        ("steps", "9"): Place(3, 1),
        ("inputs", "x"): Place(2, 1),
        (): Place(2, 1),
    }

    assert expected == FILES.places(text, expected)
    assert {} == FILES.places("# nothing", {("name",)})


@given(DEFINITIONS)
def test_every_path_of_what_is_written_has_a_place(definition: WorkflowDefinition) -> None:
    """The keys of steps are where they stand in the text."""
    text = FILES.write(write(definition))
    paths = [("steps", str(index), "key") for index in range(len(definition.steps))]
    found = FILES.places(text, paths)
    lines = text.splitlines()

    assert paths == list(found)
    for place in found.values():
        assert lines[place.line - 1][place.column - 1 :].startswith("key: ")
