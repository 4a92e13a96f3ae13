"""No change of the schema breaks a client of the released one without notice."""

import re
from datetime import date
from pathlib import Path
from typing import Final

import pytest

import schema
from tests.schema.changes import breaking_changes, silent_deprecations

FOLDER: Final = Path(schema.__file__).parent
CHANGELOG: Final = FOLDER.parent / "CHANGELOG.md"
TODAY: Final = date(2027, 6, 1)

RELEASED: Final = """
type Query {
  old: Old @deprecated(reason: "Use `Query.node` instead; it goes on 2027-06-01.")
  later: Int @deprecated(reason: "Use `Query.node` instead; it goes on 2027-06-02.")
  vague: Int @deprecated(reason: "Nobody needs it.")
  node(
    id: ID!,
    after: Int @deprecated(reason: "Use `Query.node(id:)` instead; it goes on 2027-01-01.")
  ): Node
  list(filter: Filter, kind: Kind = ONE): [Int!]!
}
interface Node { id: ID! }
type Run implements Node { id: ID! name: String! }
type Old { only: OldKind }
enum OldKind { A }
enum Kind { ONE TWO THREE @deprecated(reason: "Use `Kind.TWO` instead; it goes on 2027-01-01.") }
input Filter { a: Int b: Int @deprecated(reason: "Use `Filter.a` instead; it goes on 2027-01-01.") }
"""


def sdl(name: str) -> str:
    return (FOLDER / name).read_text(encoding="utf-8")


def test_nothing_is_taken_from_clients_without_notice() -> None:
    """The code's schema against that of the last release."""
    assert [] == breaking_changes(
        sdl("released.graphql"),
        sdl("schema.graphql"),
        date.today(),  # noqa: DTZ011 - a day is enough
    )


def test_the_released_schema_is_that_of_the_last_release() -> None:
    """It changes with a release, which is a heading of the changelog."""
    newest = re.search(r"^## \[(\d[\d.]*)\]", CHANGELOG.read_text(encoding="utf-8"), re.MULTILINE)
    assert newest
    assert sdl("released.graphql").startswith(f"# The schema of version {newest[1]}. ")


def test_every_deprecation_gives_notice() -> None:
    """It names a replacement that is there, and a day."""
    assert [] == silent_deprecations(sdl("schema.graphql"))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (r"  old: .*\n", ""),
        (r"  old: .*\n|type Old .*\n|enum OldKind .*\n", ""),
        (r"    after: Int @.*\n", ""),
        (r" THREE @.*\"\)", ""),
        (r" b: Int @.*\"\)", ""),
        (r"TWO", "TWO FOUR"),
        (r"list\(", "list(more: Int = 1, "),
        (r"id: ID! name", "id: ID! more: Int name"),
        (r" @deprecated\(reason: \"Nobody needs it.\"\)", ""),
    ],
)
def test_what_was_announced_or_only_adds_is_no_break(before: str, after: str) -> None:
    """Gone on its day, with the types that nothing else leads to; or new."""
    present, changed = re.subn(before, after, RELEASED)
    assert changed
    assert [] == breaking_changes(RELEASED, present, TODAY)


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (r"  later: .*\n", "", "Query.later was removed."),
        (r"  vague: .*\n", "", "Query.vague was removed."),
        (r"  list.*\n", "", "Query.list was removed."),
        (r" name: String!", "", "Run.name was removed."),
        (r"name: String!", "name: String", "Run.name changed type from String! to String."),
        (r"list\(", "list(more: Int!, ", "required argument"),
        (r"kind: Kind = ONE", "kind: Kind!", "changed type"),
        (r"    id: ID!,\n", "", "Query.node(id:) was removed."),
        (r" TWO", "", "TWO was removed"),
        (r"a: Int ", "", "Filter.a was removed."),
        (r"a: Int", "a: Int c: Int!", "A required field Filter.c was added."),
        (r" implements Node", "", "Run no longer implements interface Node."),
        (r"type Run.*\n", "", "Run was removed."),
    ],
)
def test_a_break_without_notice_is_found(before: str, after: str, expected: str) -> None:
    """Too early, never announced without a day, or of a kind that no notice covers."""
    present, changed = re.subn(before, after, RELEASED)
    assert changed
    (found,) = breaking_changes(RELEASED, present, TODAY)
    assert expected in found


def test_a_type_that_is_still_led_to_does_not_go_with_a_field() -> None:
    """Only what nothing else needs."""
    released = RELEASED.replace("name: String!", "name: String! old: Old")
    present = re.sub(r"  old: .*\n|type Old .*\n| old: Old", "", released)
    expected = ["Field Run.old was removed.", "Old was removed."]
    assert expected == breaking_changes(released, present, TODAY)


@pytest.mark.parametrize(
    "reason",
    [
        "",
        "No longer supported",
        "Use something else; it goes on 2027-06-01.",
        "Use `Query.list` instead.",
        "Use `Query.nothing` instead; it goes on 2027-06-01.",
    ],
)
def test_a_deprecation_without_notice_is_found(reason: str) -> None:
    """Without a replacement, without a day, or with a replacement that is not there."""
    present = f'type Query {{ list: Int old: Int @deprecated(reason: "{reason}") }}'
    assert [reason] == silent_deprecations(present)
