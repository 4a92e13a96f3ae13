"""Opaque ids and cursors: what was sealed comes back, all else is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import CursorInvalid, NotFound
from domain.ids import DecisionId, RunId
from resolvers.streams import Place
from schema import cursors, ids

RUN = RunId("0" * 31 + "a")
OTHER = RunId("0" * 31 + "b")


def test_an_id_leads_back_to_its_run() -> None:
    """What run_id makes, to_run_id takes."""
    assert RUN == ids.to_run_id(ids.run_id(RUN))


@pytest.mark.parametrize(
    "given_id", ["", "Run", "zzz", "é", "====", ids.decision_id(DecisionId(RUN)), ids.seal("Run:")]
)
def test_what_is_no_id_of_a_run_leads_nowhere(given_id: str) -> None:
    """Garbage and ids of other things are refused alike."""
    with pytest.raises(NotFound):
        ids.to_run_id(given_id)


@given(st.text())
def test_no_text_breaks_the_unsealing(text: str) -> None:
    """Whatever a client sends is an id or it is not; nothing is raised, and no form is a second
    name of the same thing."""
    unsealed = ids.unseal(text)
    assert unsealed is None or ids.seal(unsealed) == text


@given(st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), max_size=100))
def test_any_printable_text_survives_sealing(text: str) -> None:
    """Sealing loses nothing."""
    assert text == ids.unseal(ids.seal(text))


@pytest.mark.parametrize("place", [Place(sequence=0), Place(sequence=7, first=3, last=9)])
def test_a_stream_cursor_leads_back_to_its_place(place: Place) -> None:
    """An event, or lines inside of one."""
    assert place == cursors.to_place(cursors.place_cursor(RUN, place), RUN)


@pytest.mark.parametrize(
    "cursor",
    [
        "",
        "garbage",
        cursors.stream_cursor(OTHER, 1),
        cursors.list_cursor("projects", "main"),
        ids.seal(f"{RUN}:-1"),
        ids.seal(f"{RUN}:1:2"),
        ids.seal(f"{RUN}:{'9' * 19}"),
        ids.run_id(RUN),
    ],
)
def test_a_foreign_stream_cursor_is_refused(cursor: str) -> None:
    """Of another run, of a list, or made up."""
    with pytest.raises(CursorInvalid):
        cursors.to_place(cursor, RUN)


def test_a_list_cursor_belongs_to_its_list() -> None:
    """The key comes back for the list it was made for, and for no other."""
    cursor = cursors.list_cursor("runs:1", "key")
    assert "key" == cursors.list_key(cursor, "runs:1")
    with pytest.raises(CursorInvalid):
        cursors.list_key(cursor, "runs:2")
