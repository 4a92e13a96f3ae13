"""What may be told of a credential."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from domain.ids import PrincipalId, ProjectId
from domain.models.credentials import (
    EXPIRY_WARNING,
    Credential,
    CredentialHealth,
    CredentialPlace,
    CredentialSource,
    Sealed,
    hint_of,
)
from domain.models.secrets import Secret

NOW = datetime(2026, 1, 1, tzinfo=UTC)
SOON = timedelta(seconds=1)
CREDENTIAL = Credential(
    place=CredentialPlace(project_id=ProjectId("p"), provider="a2a", name="token"),
    source=CredentialSource.VALUE,
    sealed=Sealed(key_id="k", ciphertext="c"),
    hint=None,
    set_by=PrincipalId("a"),
    set_at=NOW,
)


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("12345678901", None),
        ("123456789012", "9012"),
        ("12345678901\n", None),
        ("x" * 4000 + "ab€d", "ab€d"),
    ],
)
def test_the_hint_is_the_end_of_a_long_text(text: str, hint: str | None) -> None:
    """A third of it at most, and nothing that cannot be seen."""
    assert hint == hint_of(Secret(text))


@pytest.mark.parametrize(
    ("found", "ends_in", "expected"),
    [
        (CredentialHealth.UNKNOWN, None, CredentialHealth.UNKNOWN),
        (CredentialHealth.HEALTHY, EXPIRY_WARNING + SOON, CredentialHealth.HEALTHY),
        (CredentialHealth.HEALTHY, EXPIRY_WARNING, CredentialHealth.EXPIRING),
        (CredentialHealth.REJECTED, EXPIRY_WARNING, CredentialHealth.REJECTED),
        (CredentialHealth.HEALTHY, timedelta(0), CredentialHealth.EXPIRED),
        (CredentialHealth.REJECTED, -SOON, CredentialHealth.EXPIRED),
    ],
)
def test_its_end_is_told_before_it_comes(
    found: CredentialHealth, ends_in: timedelta | None, expected: CredentialHealth
) -> None:
    """What the provider said of it counts for more than that it will end."""
    end = None if ends_in is None else NOW + ends_in
    assert expected is replace(CREDENTIAL, health=found, expires_at=end).health_at(NOW)
