"""In whose hands an account or a token is: whoever made it could act by it too. Pure."""

from collections.abc import Mapping

from domain.ids import PrincipalId
from domain.models.principals import Principal

Accounts = Mapping[PrincipalId, Principal]


def hand(accounts: Accounts, *ids: PrincipalId | None) -> frozenset[PrincipalId]:
    """These, whoever made them, and whoever made those in turn.

    Nobody here made whom an issuer vouches for, nor the first administrator.
    """
    found: set[PrincipalId] = set()
    for one in ids:
        at = one
        while at is not None and at not in found:
            found.add(at)
            known = accounts.get(at)
            at = known.made_by if known else None
    return frozenset(found)
