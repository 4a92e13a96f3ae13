"""In whose hands accounts and tokens are."""

from domain.hands import hand
from domain.ids import PrincipalId
from domain.models.principals import Principal, PrincipalKind


def made(**makers: str | None) -> dict[PrincipalId, Principal]:
    """Accounts by name, each with whoever made it."""
    return {
        PrincipalId(name): Principal(
            id=PrincipalId(name),
            name=name,
            kind=PrincipalKind.USER,
            is_server_admin=False,
            made_by=None if maker is None else PrincipalId(maker),
        )
        for name, maker in makers.items()
    }


def of(accounts: dict[PrincipalId, Principal], *names: str | None) -> set[str]:
    return set(hand(accounts, *(None if each is None else PrincipalId(each) for each in names)))


def test_who_was_made_is_in_the_hand_of_whoever_made_them() -> None:
    """Also through others, and never the other way."""
    accounts = made(root=None, ada="root", bot="ada", eve=None)

    assert {"bot", "ada", "root"} == of(accounts, "bot")
    assert {"root"} == of(accounts, "root")
    assert {"eve", "ada", "root"} == of(accounts, "eve", None, "ada")
    assert {"gone"} == of(accounts, "gone")


def test_a_circle_ends() -> None:
    """As no way of the API leads to it, but a database could hold it."""
    assert {"a", "b"} == of(made(a="b", b="a"), "a")
