"""Graphs of keys, each with the keys that it needs. Pure; linear in keys and needs, no recursion.

A key that is needed and is none of the graph's counts for nothing here, but that what needs it is
never ready (`unready`).
"""

from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

Needs = Mapping[str, Sequence[str]]
"""In the order in which people wrote the keys down."""


def order(needs: Needs) -> tuple[str, ...]:
    """Every key behind those that it needs, and no further back than that asks for: what is in
    order already stays as it is. In a cycle somebody has to be first, so there it is not kept."""
    done: dict[str, None] = {}
    seen: set[str] = set()
    for start in needs:
        _visit(start, needs, seen, done)
    return tuple(done)


def _visit(start: str, needs: Needs, seen: set[str], done: dict[str, None]) -> None:
    if start in seen:
        return
    seen.add(start)
    path = [(start, iter(needs[start]))]
    while path:
        key, rest = path[-1]
        need = next((each for each in rest if each in needs and each not in seen), None)
        if need is None:
            done[key] = None
            path.pop()
        else:
            seen.add(need)
            path.append((need, iter(needs[need])))


def inverse(needs: Needs) -> Mapping[str, Sequence[str]]:
    """Who needs each key directly, in the order of the keys."""
    dependents: dict[str, list[str]] = {key: [] for key in needs}
    for key, needed in needs.items():
        for need in dict.fromkeys(needed):
            if need in dependents:
                dependents[need].append(key)
    return dependents


def ancestors(needs: Needs, keys: Iterable[str]) -> frozenset[str]:
    """All that these need, and what that needs; without themselves, unless they are in a cycle."""
    return _reached(needs, keys)


def dependents(needs: Needs, keys: Iterable[str]) -> frozenset[str]:
    """All that need these, and who needs them; without themselves, unless they are in a cycle."""
    return _reached(inverse(needs), keys)


def _reached(edges: Needs, keys: Iterable[str]) -> frozenset[str]:
    found: set[str] = set()
    waiting = [need for key in keys for need in edges.get(key, ())]
    while waiting:
        key = waiting.pop()
        if key in edges and key not in found:
            found.add(key)
            waiting += edges[key]
    return frozenset(found)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ancestry:
    """Who comes before whom, for every pair at once: each key has a bit."""

    bits: Mapping[str, int]
    before: Mapping[str, int]
    """The bits of all that a key needs, directly or through others."""

    @classmethod
    def of(cls, needs: Needs) -> "Ancestry":
        """Of a graph without cycles."""
        bits = {key: 1 << index for index, key in enumerate(needs)}
        before: dict[str, int] = {}
        for key in order(needs):
            before[key] = 0
            for need in needs[key]:
                before[key] |= bits.get(need, 0) | before.get(need, 0)
        return cls(bits=bits, before=before)

    def precedes(self, key: str, other: str) -> bool:
        """Whether `other` needs `key`, directly or through others."""
        return bool(self.before[other] & self.bits.get(key, 0))


def unready(needs: Needs) -> frozenset[str]:
    """The keys whose turn never comes: in a cycle, behind one, or behind what is not there."""
    counts = {key: len(set(needed)) for key, needed in needs.items()}
    above = inverse(needs)
    ready = [key for key, count in counts.items() if not count]
    while ready:
        for key in above[ready.pop()]:
            counts[key] -= 1
            if not counts[key]:
                ready.append(key)
    return frozenset(key for key, count in counts.items() if count)


def cycles(needs: Needs) -> tuple[tuple[str, ...], ...]:
    """Each one a way from a key, over what it needs, back to it (which is not said twice).

    They have no key in common, so that not every cycle may be told, but wherever there are any,
    one is. Each is cut short where its keys know a shorter way.
    """
    there = {key: [each for each in needed if each in needs] for key, needed in needs.items()}
    caught = unready(there)
    steps = {
        key: next(each for each in needed if each in caught)
        for key, needed in there.items()
        if key in caught
    }
    return tuple(_shortest(cycle, needs) for cycle in _circles(steps))


def _circles(steps: Mapping[str, str]) -> Iterator[Sequence[str]]:
    """Where it goes in a circle, if from each key there is one way on."""
    seen: set[str] = set()
    for start in steps:
        path: dict[str, None] = {}
        key = start
        while key not in seen:
            seen.add(key)
            path[key] = None
            key = steps[key]
        if key in path:
            keys = list(path)
            yield keys[keys.index(key) :]


def _shortest(cycle: Sequence[str], needs: Needs) -> tuple[str, ...]:
    """The shortest way from its first key back there, over its own keys only."""
    start, members = cycle[0], set(cycle)
    came_from: dict[str, str] = {}
    waiting = deque([start])
    while start not in came_from:
        key = waiting.popleft()
        for need in needs[key]:
            if need in members and need not in came_from:
                came_from[need] = key
                waiting.append(need)
    way = [came_from[start]]
    while way[-1] != start:
        way.append(came_from[way[-1]])
    return tuple(reversed(way))
