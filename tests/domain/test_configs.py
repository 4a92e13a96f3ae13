"""What no config may hold, whatever the provider's schema says."""

import pytest

from domain.configs import CONFIG_BYTES_MAX, WHOLE_NUMBER_MAX, check_config, texts_of
from domain.errors import InvalidInput
from tests.keyed import SPECS


@pytest.mark.parametrize("given", [None, "text", 1, [], [{}]])
def test_a_config_is_an_object(given: object) -> None:
    """Nothing else has settings."""
    with pytest.raises(InvalidInput):
        check_config(given, SPECS)


@pytest.mark.parametrize(
    ("given", "path"),
    [
        ({"apiKey": "x"}, ("apiKey",)),
        ({"API_KEY": None}, ("API_KEY",)),
        ({"auth": [{"signing-key": "x"}]}, ("auth", "0", "signing-key")),
    ],
)
def test_a_member_that_is_called_like_a_credential_is_refused(
    given: object, path: tuple[str, ...]
) -> None:
    """However it is written, and however deep: everybody could read it there."""
    with pytest.raises(InvalidInput, match="providerCredentialSet") as refused:
        check_config(given, SPECS)
    assert path == refused.value.path


@pytest.mark.parametrize(
    "value",
    ["a\0b", "\ud800", float("inf"), float("nan"), WHOLE_NUMBER_MAX + 1, "x" * CONFIG_BYTES_MAX],
)
def test_what_cannot_be_stored_and_shown_is_refused(value: object) -> None:
    """On one database or the other, or by some client."""
    with pytest.raises(InvalidInput):
        check_config({"a": {"b": value}}, SPECS)
    if isinstance(value, str) and len(value) < 9:
        with pytest.raises(InvalidInput):
            check_config({"a": {value: 1}}, SPECS)


def test_every_text_is_found() -> None:
    """With the way to it."""
    config = {"a": "1", "b": ["2", {"c": "3"}], "d": 4}
    assert [(("a",), "1"), (("b", "0"), "2"), (("b", "1", "c"), "3")] == list(texts_of(config))
