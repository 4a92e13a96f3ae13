"""Sealing what is sealed under the key that seals now, while servers run."""

from collections import Counter
from dataclasses import dataclass
from typing import Final

from domain.errors import SecretKeysMissing
from domain.models.credentials import Credential, CredentialPlace, NotOpened
from domain.ports import Store
from domain.sealing import Cipher

PAGE: Final = 50
ROUNDS_MAX: Final = 10
"""So often it is looked for what others have sealed meanwhile under a key of before."""

Failure = tuple[CredentialPlace, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rotation:
    """How many were sealed anew, and what could not be, with why."""

    key_id: str
    resealed: int
    failures: tuple[Failure, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyRotation:
    """May be stopped at any point and begun again: each credential is one step, and what is done
    is not done again."""

    store: Store
    cipher: Cipher

    async def rotate(self) -> Rotation:
        """Raises SecretKeysMissing, NotOpened where the keys cannot be read, StorageUnavailable."""
        key_id = self.cipher.key_id
        if key_id is None:
            raise SecretKeysMissing
        resealed, failures = 0, tuple[Failure, ...]()
        for _ in range(ROUNDS_MAX):
            failures, found = await self._round(key_id)
            resealed += found[True]
            if not found:
                break
        return Rotation(key_id=key_id, resealed=resealed, failures=failures)

    async def _round(self, key_id: str) -> tuple[tuple[Failure, ...], Counter[bool]]:
        """What could not be opened; and of what could how much was sealed anew (True), and how
        much somebody has replaced meanwhile."""
        failures: list[Failure] = []
        found: Counter[bool] = Counter()
        after = None
        while True:
            async with self.store.snapshot() as unit:
                page = await unit.credentials.sealed_otherwise(key_id, after, PAGE)
            for credential in page:
                try:
                    found[await self._reseal(credential)] += 1
                except NotOpened as error:
                    failures.append((credential.place, str(error)))
            if len(page) < PAGE:
                return tuple(failures), found
            after = page[-1].place

    async def _reseal(self, credential: Credential) -> bool:
        """False where it was replaced meanwhile. Raises NotOpened."""
        opened = self.cipher.open(credential.sealed, credential.place)
        sealed = self.cipher.seal(opened, credential.place)
        async with self.store.transaction() as unit:
            return await unit.credentials.reseal(credential, sealed)
