"""Setting and deleting credentials. They go in and never come out."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from domain import provider_audit
from domain.configs import texts_of
from domain.errors import InvalidInput, NotFound, NotPermitted
from domain.ids import ProjectId
from domain.models.audit import Caller
from domain.models.commands import DeleteCredential, SetCredential
from domain.models.credentials import (
    Credential,
    CredentialHealth,
    CredentialPlace,
    CredentialSource,
    NotOpened,
    hint_of,
)
from domain.models.principals import administers_server
from domain.models.project_events import ProjectCredentialChanged
from domain.models.secrets import Secret
from domain.ports import Clock, Provider, Store, UnitOfWork
from domain.redaction.forms import forms_of
from domain.services.known_secrets import KnownSecrets
from domain.services.registry import Registry
from domain.services.vault import Vault
from domain.topics import PROVIDERS
from domain.validation import check_text

SECRET_CHARACTERS_MAX: Final = 64 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """Whoever calls has checked that the actor administers the project."""

    store: Store
    clock: Clock
    registry: Registry
    vault: Vault
    known: KnownSecrets

    async def set(self, command: SetCredential, project_id: ProjectId, caller: Caller) -> Provider:
        """Set a credential, or replace it. From here on it is masked on this server.

        Raises NotFound for a provider that is not here, InvalidInput, SecretKeysMissing, and
        NotPermitted where it is to be read from this machine and the caller does not administer
        the server.
        """
        provider = self.registry.get(command.provider)
        _check(command, provider, self.clock.now())
        if command.source is not CredentialSource.VALUE:
            _check_reader(caller)
        secret = self._tried(command)
        place = CredentialPlace(project_id=project_id, provider=command.provider, name=command.name)
        after = Credential(
            place=place,
            source=command.source,
            sealed=self.vault.seal(command.given, place),
            hint=hint_of(secret) if command.source is CredentialSource.VALUE else None,
            set_by=caller.principal.id,
            set_at=self.clock.now(),
            expires_at=command.expires_at,
        )
        await self._check_unshown(secret, place)
        await self.known.learn(project_id, [secret])
        async with self.store.transaction() as unit:
            await unit.credentials.lock(project_id)
            before = await unit.credentials.get(place)
            await unit.credentials.put(after)
            unit.audit.add(provider_audit.credential_set(before, after, caller))
            _tell(unit, place, caller, after.set_at, is_set=True)
        return provider

    async def delete(
        self, command: DeleteCredential, project_id: ProjectId, caller: Caller
    ) -> Provider:
        """Forget a credential, also one that the provider wants no more. Raises NotFound."""
        provider = self.registry.get(command.provider)
        place = CredentialPlace(project_id=project_id, provider=command.provider, name=command.name)
        check_text(command.name, SECRET_CHARACTERS_MAX, "name")
        async with self.store.transaction() as unit:
            await unit.credentials.lock(project_id)
            before = await unit.credentials.get(place)
            if before is None:
                raise NotFound(f"The credential {command.name!r} is not set.")
            await unit.credentials.remove(place)
            now = self.clock.now()
            unit.audit.add(provider_audit.credential_deleted(before, caller, now))
            _tell(unit, place, caller, now, is_set=False)
        return provider

    def health(self, credential: Credential) -> CredentialHealth:
        """As far as it is known now, without asking the provider."""
        try:
            self.vault.open(credential)
        except NotOpened:
            return CredentialHealth.UNREADABLE
        return credential.health_at(self.clock.now())

    async def _check_unshown(self, secret: Secret, place: CredentialPlace) -> None:
        """A config is refused where it holds a secret, in any form and of whatever provider; here
        it was there first."""
        async with self.store.snapshot() as unit:
            stored = await unit.provider_configs.of_projects([place.project_id])
        forms = forms_of(secret.reveal())
        for each in stored.get(place.project_id, ()):
            if any(form in text for _, text in texts_of(each.config) for form in forms):
                whose = f"The config of the provider {each.provider!r} holds it"
                message = f"{whose}, and whoever reads the project can read that."
                raise InvalidInput(message, "value")

    def _tried(self, command: SetCredential) -> Secret:
        try:
            return self.vault.try_source(command.source, command.given)
        except NotOpened as error:
            raise InvalidInput(f"Nothing can be read from there: {error}.", "value") from error


def _check(command: SetCredential, provider: Provider, now: datetime) -> None:
    names = [spec.name for spec in provider.credentials]
    if command.name not in names:
        known = f"It knows {', '.join(names)}." if names else "It wants none."
        raise InvalidInput(f"{provider.name} wants no such credential. {known}", "name")
    text = command.given.reveal()
    if not text.strip():
        raise InvalidInput("The value is empty.", "value")
    check_text(text, SECRET_CHARACTERS_MAX, "value")
    if command.expires_at is not None and command.expires_at <= now:
        raise InvalidInput("It has ended already.", "expiresAt")


def _check_reader(caller: Caller) -> None:
    """What this machine has is the server's: a project's admin could have it sent anywhere."""
    if not administers_server(caller.principal, caller.token):
        message = "Only a server admin lets a project read from this machine."
        raise NotPermitted(message)


def _tell(
    unit: UnitOfWork, place: CredentialPlace, caller: Caller, at: datetime, *, is_set: bool
) -> None:
    fact = ProjectCredentialChanged(provider=place.provider, name=place.name, is_set=is_set)
    unit.project_events.add(place.project_id, fact, actor=caller.principal.id, at=at)
    unit.wake(PROVIDERS)
