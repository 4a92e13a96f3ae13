"""What the server's answers hold, or in a sentence why they hold nothing."""

import sys
from collections.abc import AsyncIterator, Callable
from typing import Any, Final

from cli.client.connection import Connection, Fields
from cli.client.errors import Refused

USER: Final = "... on UserError { code message }"
FAULTS: Final = "... on InvalidInput { faults { path message line column } }"
WRONG: Final = f"{USER} {FAULTS} ... on IllegalTransition {{ state allowedActions }}"
"""What is asked of a result union, as far as it has the types, so that a refusal says all that is
known."""


def payload(answer: Fields, field: str) -> dict[str, Any]:
    """What a mutation has come to. Raises Refused."""
    match answer.get(field):
        case dict() as found if {"code", "message"} <= found.keys():
            raise Refused(found["code"], _told(found))
        case dict() as found if found:
            return found
        case _:
            raise Refused("INTERNAL", f"{field} answered nothing.")


def node(answer: Fields, kind: str) -> dict[str, Any]:
    """What an id leads to, if it is one of this kind. Raises Refused."""
    found = answer.get("node")
    if not found:
        raise Refused("NOT_FOUND", f"There is no {kind} with this id that you can see.")
    return dict(found)


def project(answer: Fields, slug: str) -> dict[str, Any]:
    """Raises Refused."""
    found = answer.get("project")
    if not found:
        raise Refused("NOT_FOUND", f"There is no project {slug!r} that you can see.")
    return dict(found)


async def items(
    connection: Connection,
    document: str,
    given: Fields,
    take: Callable[[Fields], Fields],
    *,
    most: int | None = None,
    page: int = 50,
) -> AsyncIterator[Fields]:
    """Of a list, page by page, at most so many, or all. `take` finds it in an answer; the document
    has the variables `$first` and `$after`. Raises Refused, Unreachable."""
    after, left = None, sys.maxsize if most is None else most
    while left > 0:
        asked = {**given, "first": min(page, left), "after": after}
        found = take(await connection.ask(document, asked))
        for each in found["nodes"]:
            yield each
        left -= len(found["nodes"])
        if not found["pageInfo"]["hasNextPage"]:
            return
        after = found["pageInfo"]["endCursor"]


def fault(found: Fields) -> str:
    """One fault of an input: where, and what."""
    place = ".".join(map(str, found["path"]))
    if not place:
        return str(found["message"])
    line = f" (line {found['line']})" if found["line"] else ""
    return f"{place}: {found['message']}{line}"


def _told(refusal: Fields) -> str:
    message = str(refusal["message"])
    match refusal:
        case {"faults": [_, *_] as faults}:
            return "\n".join(map(fault, faults))
        case {"allowedActions": [_, *_] as allowed}:
            return f"{message} Possible now: {', '.join(map(str, allowed))}."
        case {"decision": dict(decision)}:
            return f"{message} {explained(decision)}"
        case _:
            return message


def explained(decision: Fields) -> str:
    """Why the policy denies it, or asks people, each reason once: what a rule allows is none."""
    against = [one for one in decision["reasons"] if one["code"] != "RULE_ALLOWS"]
    return " ".join(dict.fromkeys(one["explanation"] for one in against))
