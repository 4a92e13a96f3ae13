"""Documents that were seen before, and how much of them is kept."""

import pytest
from graphql import GraphQLError, get_introspection_query
from strawberry.exceptions import MissingQueryError
from strawberry.schema.exceptions import CannotGetOperationTypeError

from domain.limits import DocumentLimits
from schema import build, documents
from schema.documents import Documents

TWO = "query A { viewer { kind } } mutation B { runCancel(input: {id: 1}) { __typename } }"


def prepared_by(**limits: int | bool) -> Documents:
    return Documents(build()._schema, DocumentLimits(**limits))  # type: ignore[arg-type] # all are numbers


def test_a_document_is_prepared_once() -> None:
    """The same text gives the same document; another one its own."""
    seen = prepared_by()
    first = seen.prepare("{ viewer { kind } }")

    assert first is seen.prepare("{ viewer { kind } }")
    assert first is not seen.prepare("{ viewer { kind  } }")


def test_what_is_wrong_is_not_kept() -> None:
    """It is mended, or sent to push out what is right."""
    seen = prepared_by()
    assert seen.prepare("{ nope }") is not seen.prepare("{ nope }")


def test_few_large_documents_are_kept() -> None:
    """As many as have so many characters together, the latest used."""
    seen = prepared_by()
    large = ["{ viewer { kind } } #" + f"{n}".rjust(60_000) for n in range(20)]
    kept = [seen.prepare(text) for text in large]

    assert kept[-1] is seen.prepare(large[-1])
    assert kept[0] is not seen.prepare(large[0])
    assert seen._characters == sum(map(len, seen._kept)) <= documents.KEPT_CHARACTERS_MAX


def test_so_many_documents_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """The one that was not used for the longest goes first."""
    monkeypatch.setattr(documents, "KEPT_MAX", 2)
    seen = prepared_by()
    a, _ = seen.prepare("{ a: __typename }"), seen.prepare("{ b: __typename }")
    assert a is seen.prepare("{ a: __typename }")
    seen.prepare("{ c: __typename }")

    assert ["{ a: __typename }", "{ c: __typename }"] == list(seen._kept)


@pytest.mark.parametrize(("name", "expected"), [("A", "query"), ("B", "mutation")])
def test_an_operation_is_found_by_its_name(name: str, expected: str) -> None:
    """Of several."""
    assert expected == prepared_by().prepare(TWO).operation(name).kind.value


@pytest.mark.parametrize("name", [None, "", "C"])
def test_an_operation_that_is_not_named_is_not_guessed(name: str | None) -> None:
    """Where there are several."""
    with pytest.raises(CannotGetOperationTypeError):
        prepared_by().prepare(TWO).operation(name)
    with pytest.raises(CannotGetOperationTypeError):
        prepared_by().prepare("fragment F on Query { __typename }").operation(name)


@pytest.mark.parametrize("text", ["", None])
def test_no_text_is_no_document(text: str | None) -> None:
    """Said apart from what is a wrong one."""
    with pytest.raises(MissingQueryError):
        prepared_by().prepare(text)


@pytest.mark.parametrize("text", ["{", "{ " * 300, "#\r" + "a " * 5000])
def test_what_is_no_document_is_an_error(text: str) -> None:
    """The last one hides its tokens from a hasty count behind a comment."""
    with pytest.raises(GraphQLError):
        prepared_by().prepare(text)


@pytest.mark.parametrize(
    "query",
    [get_introspection_query(), '{ __type(name: "Run") { name } }', "{ __schema { __typename } }"],
)
def test_introspection_can_be_switched_off(query: str) -> None:
    """Type names of answers stay."""
    assert [] == prepared_by().prepare(query).errors
    assert [] != prepared_by(has_introspection=False).prepare(query).errors
    assert [] == prepared_by(has_introspection=False).prepare("{ viewer { __typename } }").errors


def test_names_are_suggested_only_where_it_is_switched_on() -> None:
    """They would tell of the schema what introspection does not."""
    (quiet,) = prepared_by().prepare("{ viwer { kind } }").errors
    (helpful,) = prepared_by(has_suggestions=True).prepare("{ viwer { kind } }").errors

    assert "Did you mean" not in quiet.message
    assert "viewer" in helpful.message
