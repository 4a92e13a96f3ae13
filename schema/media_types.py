"""What an answer over HTTP is sent as, by the specification of GraphQL over HTTP.

Under `application/graphql-response+json` the status says whether the operation was executed; under
`application/json`, which proxies answer with too, it is 200 for whatever is a GraphQL answer.
"""

from collections.abc import Iterator
from functools import lru_cache
from typing import Final

JSON: Final = "application/json"
GRAPHQL_RESPONSE: Final = "application/graphql-response+json"
ANSWERED_AS: Final = {
    GRAPHQL_RESPONSE: GRAPHQL_RESPONSE,
    JSON: JSON,
    "application/*": JSON,
    "*/*": JSON,
}
"""What a kind in Accept is answered as; all others, and none, with JSON."""
KEPT_MAX: Final = 64
"""A client says the same with every request."""


def kind_of(media_type: str) -> str:
    """`Application/JSON; charset=utf-8` -> `application/json`."""
    return media_type.split(";", 1)[0].strip().lower()


@lru_cache(KEPT_MAX)
def answered_as(accept: str) -> str:
    """The media type of an answer: of those we have the one the client likes best, by weight and
    then by order."""
    wishes = [(weight, kind) for kind, weight in _wishes(accept) if kind in ANSWERED_AS and weight]
    best = max(wishes, key=lambda wish: wish[0], default=(1.0, JSON))
    return ANSWERED_AS[best[1]]


def _wishes(accept: str) -> Iterator[tuple[str, float]]:
    for part in accept.split(","):
        kind, *parameters = part.split(";")
        yield kind.strip().lower(), _weight(parameters)


def _weight(parameters: list[str]) -> float:
    """1 where nothing is said, or nothing that can be read."""
    named = dict(part.strip().lower().partition("=")[::2] for part in parameters)
    try:
        return float(named.get("q", "1"))
    except ValueError:
        return 1.0
