"""Graphs of keys, against the slow and obvious way to say the same."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from hypothesis import given
from hypothesis import strategies as st

from domain import graph

KEYS: Final = [f"k{number}" for number in range(8)]
MANY: Final = 10_000

Needs = Mapping[str, Sequence[str]]

ANY_NEEDS: Final = st.dictionaries(
    st.sampled_from(KEYS), st.lists(st.sampled_from([*KEYS, "absent"]), max_size=5)
)


@st.composite
def acyclic(draw: st.DrawFn) -> Needs:
    """Each needs only what comes before it in some order, not the one they are written in."""
    keys = draw(st.permutations(KEYS))
    needs = {
        key: draw(st.lists(st.sampled_from([*keys[:index], "absent"]), max_size=4))
        for index, key in enumerate(keys)
    }
    return {key: needs[key] for key in draw(st.permutations(KEYS))}


def closure(needs: Needs, keys: Iterable[str]) -> set[str]:
    """Whatever can be reached, by looking again until nothing is new."""
    found = {need for key in keys for need in needs.get(key, ()) if need in needs}
    while more := {need for key in found for need in needs[key] if need in needs} - found:
        found |= more
    return found


def turned(needs: Needs) -> dict[str, list[str]]:
    return {key: [other for other in needs if key in needs[other]] for key in needs}


@given(acyclic())
def test_in_order_a_key_is_behind_all_that_it_needs(needs: Needs) -> None:
    """And every key is there, once."""
    order = graph.order(needs)

    assert sorted(needs) == sorted(order)
    for key in needs:
        assert not [need for need in needs[key] if need in order[order.index(key) :]]


@given(acyclic())
def test_what_is_in_order_stays_as_it_is(needs: Needs) -> None:
    """So that people find their steps where they wrote them."""
    order = graph.order(needs)

    assert order == graph.order({key: needs[key] for key in order})


@given(ANY_NEEDS)
def test_inverse_turns_every_need_round(needs: Needs) -> None:
    """Those that need a key, once each and in their order."""
    assert turned(needs) == graph.inverse(needs)


@given(ANY_NEEDS, st.lists(st.sampled_from(KEYS), max_size=3))
def test_ancestors_and_dependents_are_all_that_can_be_reached(
    needs: Needs, keys: list[str]
) -> None:
    """Over any number of needs, cycles or not."""
    assert closure(needs, keys) == graph.ancestors(needs, keys)
    assert closure(turned(needs), keys) == graph.dependents(needs, keys)


@given(acyclic())
def test_ancestry_knows_every_pair(needs: Needs) -> None:
    """The same as asking for the ancestors of each."""
    ancestry = graph.Ancestry.of(needs)

    for key in needs:
        assert closure(needs, [key]) == {each for each in KEYS if ancestry.precedes(each, key)}


@given(ANY_NEEDS)
def test_unready_is_what_no_order_can_reach(needs: Needs) -> None:
    """Taking one after the other whose needs were all taken, until none is left that could be."""
    taken: set[str] = set()
    while more := {key for key in needs if taken.issuperset(needs[key])} - taken:
        taken |= more

    assert set(needs) - taken == graph.unready(needs)


@given(ANY_NEEDS)
def test_cycles_are_ways_back_and_are_found_where_there_are_any(needs: Needs) -> None:
    """A key in a cycle is one that can be reached from itself."""
    cycles = graph.cycles(needs)
    keys = [key for cycle in cycles for key in cycle]

    assert any(key in closure(needs, [key]) for key in needs) == bool(cycles)
    assert len(keys) == len(set(keys))
    for cycle in cycles:
        for key, need in zip(cycle, [*cycle[1:], cycle[0]], strict=True):
            assert need in needs[key]


def test_a_cycle_is_told_by_its_shortest_way() -> None:
    """Of the ways from its first key back to it."""
    needs = {"a": ["b"], "b": ["c", "a"], "c": ["d"], "d": ["a"], "behind": ["a"]}

    assert (("a", "b"),) == graph.cycles(needs)
    assert (("a",),) == graph.cycles({"a": ["a"]})
    assert () == graph.cycles({"a": [], "b": ["a"]})


def test_a_chain_of_ten_thousand_is_no_matter() -> None:
    """Nothing here recurses: such a chain would be deeper than Python lets a function call."""
    chain = {str(n): [str(n - 1)] if n else [] for n in range(MANY)}
    keys = tuple(chain)
    backwards = {key: chain[key] for key in reversed(keys)}

    assert keys == graph.order(backwards)
    assert frozenset(keys[:-1]) == graph.ancestors(chain, [keys[-1]])
    assert frozenset() == graph.unready(chain)
    assert (("0", *reversed(keys[1:])),) == graph.cycles({**chain, "0": [keys[-1]]})
