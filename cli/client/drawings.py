"""A plan as a drawing: who needs whom, for people, for Mermaid and for Graphviz.

A plan has a `name`, `steps` with key and type (and state, if they are those of a run), and `edges`.
"""

import json
from collections.abc import Iterator

from cli.client.connection import Fields
from cli.client.escaping import printable
from cli.client.tables import aligned


def as_text(plan: Fields) -> Iterator[str]:
    """A line a step, by waves: those of one could all run at once, after those before."""
    needs = _needs(plan)
    waves = _waves(needs)
    told = 0
    rows = []
    for step in sorted(plan["steps"], key=lambda each: waves[each["key"]]):
        key, wave = step["key"], waves[step["key"]]
        after = f"after {', '.join(needs[key])}" if needs[key] else ""
        rows.append((str(wave) if wave != told else "", *_told(step), after))
        told = wave
    yield from aligned(rows)


def as_mermaid(plan: Fields) -> Iterator[str]:
    """By numbers: a key may be a word of Mermaid's."""
    numbers = _numbers(plan)
    yield "flowchart TD"
    for step in plan["steps"]:
        key, *rest = _told(step)
        yield f'    s{numbers[step["key"]]}["{key}: {" ".join(rest)}"]'
        for need in _needs(plan)[step["key"]]:
            yield f"    s{numbers[need]} --> s{numbers[step['key']]}"


def as_dot(plan: Fields) -> Iterator[str]:
    """In Graphviz's language, whose quoted texts have JSON's escapes for what is in names."""
    numbers = _numbers(plan)
    yield f"digraph {_quoted(plan['name'])} {{"
    yield "    node [shape=box];"
    for step in plan["steps"]:
        key, *rest = _told(step)
        yield f'    s{numbers[step["key"]]} [label="{key}\\n{" ".join(rest)}"];'
    for edge in plan["edges"]:
        yield f"    s{numbers[edge['from']]} -> s{numbers[edge['to']]};"
    yield "}"


def _told(step: Fields) -> tuple[str, ...]:
    state = (step["state"],) if "state" in step else ()
    return (printable(step["key"]), step["type"], *state)


def _quoted(text: str) -> str:
    return json.dumps(printable(text), ensure_ascii=False)


def _numbers(plan: Fields) -> dict[str, int]:
    return {step["key"]: number for number, step in enumerate(plan["steps"])}


def _needs(plan: Fields) -> dict[str, list[str]]:
    needs: dict[str, list[str]] = {step["key"]: [] for step in plan["steps"]}
    for edge in plan["edges"]:
        needs[edge["to"]].append(edge["from"])
    return needs


def _waves(needs: dict[str, list[str]]) -> dict[str, int]:
    """One more than the latest of those that a step needs; they are a graph without circles, as the
    server has checked."""
    waves: dict[str, int] = {}
    left = dict(needs)
    while left:
        ready = [key for key, needed in left.items() if all(need in waves for need in needed)]
        assert ready, "the server draws no circles"
        for key in ready:
            waves[key] = 1 + max((waves[need] for need in left.pop(key)), default=0)
    return waves
