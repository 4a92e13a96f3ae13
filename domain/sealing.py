"""How secrets are kept and had back, as protocols: see domain.ports."""

from typing import Protocol

from domain.models.credentials import CredentialPlace, CredentialSource, Sealed
from domain.models.secrets import Secret


class Cipher(Protocol):
    """Seals secrets so that each opens at its own place only, and only as it was sealed."""

    @property
    def key_id(self) -> str | None:
        """Of the key that seals now; None where there is none yet. Raises NotOpened where the keys
        cannot be read."""
        ...

    def seal(self, secret: Secret, place: CredentialPlace) -> Sealed:
        """Sealed twice it looks different. Raises SecretKeysMissing."""
        ...

    def open(self, sealed: Sealed, place: CredentialPlace) -> Secret:
        """Raises NotOpened: for an unknown key, another place, or what was changed since."""
        ...


class ReadSecret(Protocol):
    """Gets the text of a credential from where it is."""

    def __call__(self, source: CredentialSource, reference: str) -> Secret:
        """The reference itself where the source is VALUE. Raises NotOpened."""
        ...
