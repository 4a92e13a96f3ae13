"""Credentials into what is stored of them, and back."""

from dataclasses import dataclass

from domain.models.credentials import Credential, CredentialPlace, CredentialSource, Sealed
from domain.models.secrets import Secret
from domain.sealing import Cipher, ReadSecret


@dataclass(frozen=True, slots=True, kw_only=True)
class Vault:
    """Where a credential is read from is sealed as its text is: nobody who writes the database
    can have this server read another file."""

    cipher: Cipher
    read: ReadSecret

    def seal(self, given: Secret, place: CredentialPlace) -> Sealed:
        """Raises SecretKeysMissing."""
        return self.cipher.seal(given, place)

    def open(self, credential: Credential) -> Secret:
        """The text as it is now. Raises NotOpened."""
        given = self.cipher.open(credential.sealed, credential.place)
        return self.read(credential.source, given.reveal())

    def try_source(self, source: CredentialSource, given: Secret) -> Secret:
        """What a credential would be that is given so. Raises NotOpened."""
        return self.read(source, given.reveal())
