"""Tokens that were looked up a moment ago: a client sends the same one with every request."""

from collections import OrderedDict
from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Final

from domain.models.principals import Identity, TokenKind
from domain.topics import GRANTS

KNOWN_FOR: Final = timedelta(seconds=1)
"""How long another server's revocation may go unnoticed here."""
KNOWN_MAX: Final = 10_000


class KnownTokens:
    """Who tokens belong to, by digest. What this server commits is known at once: any change of a
    token or a membership makes it forget them all. Whether a token has expired is not its matter.
    """

    def __init__(self, known_max: int = KNOWN_MAX) -> None:
        self._known_max = known_max
        self._known: OrderedDict[str, tuple[Identity, datetime]] = OrderedDict()
        self.changes = 0
        """How often something was changed: what was read before a change is not kept after it."""

    def recall(self, digest: str, now: datetime) -> Identity | None:
        identity, since = self._known.get(digest, (None, now))
        return identity if since <= now < since + KNOWN_FOR else None

    def keep(self, digest: str, identity: Identity, now: datetime, *, changes: int) -> None:
        """`changes` is how many there had been before the identity was read."""
        if changes != self.changes or identity.token.kind is TokenKind.SIGN_IN:
            return
        self._known[digest] = identity, now
        self._known.move_to_end(digest)
        if len(self._known) > self._known_max:
            self._known.popitem(last=False)

    def wake(self, topics: Collection[str]) -> None:
        """To be called with the topics of every commit."""
        if GRANTS in topics:
            self.changes += 1
            self._known.clear()
