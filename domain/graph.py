"""Dependency graphs: each key with the keys it needs. Pure, iterative, linear in keys plus needs.

Needs that are not keys of the graph are ignored, except by `unready`, which never counts them as
met.
"""

from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

Needs = Mapping[str, Sequence[str]]
"""From each key to the keys it needs. Iteration order is the order in which people wrote them."""


def order(needs: Needs) -> tuple[str, ...]:
    """Return a topological order: every key after the keys it needs.

    The order is stable: keys that are already in order keep their places. Keys in a cycle are
    returned too, in an order that breaks it at one place.
    """
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
    """Map each key to the keys that need it directly, in the order of `needs`."""
    dependents: dict[str, list[str]] = {key: [] for key in needs}
    for key, needed in needs.items():
        for need in dict.fromkeys(needed):
            if need in dependents:
                dependents[need].append(key)
    return dependents


def ancestors(needs: Needs, keys: Iterable[str]) -> frozenset[str]:
    """Return all that `keys` need, transitively; `keys` themselves only where in a cycle."""
    return _reached(needs, keys)


def dependents(needs: Needs, keys: Iterable[str]) -> frozenset[str]:
    """Return all that need `keys`, transitively; `keys` themselves only where in a cycle."""
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
    """The transitive closure of a graph, as one integer bit set a key."""

    bits: Mapping[str, int]
    before: Mapping[str, int]
    """For each key, the bits of all the keys it needs, directly or indirectly."""

    @classmethod
    def of(cls, needs: Needs) -> "Ancestry":
        """Build it for a graph, which must have no cycles."""
        bits = {key: 1 << index for index, key in enumerate(needs)}
        before: dict[str, int] = {}
        for key in order(needs):
            before[key] = 0
            for need in needs[key]:
                before[key] |= bits.get(need, 0) | before.get(need, 0)
        return cls(bits=bits, before=before)

    def precedes(self, key: str, other: str) -> bool:
        """Tell whether `other` needs `key`, directly or indirectly."""
        return bool(self.before[other] & self.bits.get(key, 0))


def unready(needs: Needs) -> frozenset[str]:
    """Return the keys whose needs can never all be met: they are in a cycle, need a key that is
    in one, or need a key that is not in the graph, directly or indirectly."""
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
    """Return cycles as paths along needs; the last key of a path needs the first.

    The cycles returned share no key. So not every cycle is returned, but at least one is wherever
    there are any. Each is the shortest through its own keys.
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
    """Yield the cycles of a graph in which every key needs exactly one other."""
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
    """Return the shortest cycle through the first key of `cycle` that uses only its keys."""
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
