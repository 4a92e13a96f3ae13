"""What is shown of a provider's words."""

import pytest

from adapters.http.failures import masked
from domain.models.secrets import Secret


@pytest.mark.parametrize("secret", ["my long secret", "my long\n  long\tsecret"])
@pytest.mark.parametrize("quoted", [False, True])
def test_a_secret_of_several_words_is_masked(secret: str, *, quoted: bool) -> None:
    """Before its white space is gone."""
    said = repr(secret) if quoted else secret
    shown = masked(f"it is {said}, ok", [Secret(secret)])
    assert [] == [word for word in ("my", "long", "secret") if word in shown], shown
    assert shown.isprintable()


def test_words_in_several_lines_do_not_become_a_secret() -> None:
    """What is several lines at the provider is one line here."""
    assert "it is ********" == masked("it is my\nlong\nsecret", [Secret("my long secret")])


def test_it_is_one_short_line() -> None:
    """Whatever comes."""
    shown = masked("a\0b\x1b[31m\n" + "c" * 1000, [])
    assert (True, 300) == (shown.isprintable(), len(shown))
