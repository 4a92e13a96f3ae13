"""A provider that wants a config and two credentials, and a server that has it beside this
machine."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final

from app import Workbench
from domain.errors import InvalidInput, WorkbenchError
from domain.models.providers import Connection, CredentialSpec, Health, ProviderKind
from domain.services.registry import Registry
from tests.domain.services.scripted import ManualClock, ScriptedAdapter

KEYED: Final = "keyed"
SCHEMA: Final[Mapping[str, Any]] = {
    "type": "object",
    "additionalProperties": False,
    "required": ["baseUrl"],
    "properties": {
        "baseUrl": {"type": "string", "pattern": "^https://"},
        "queue": {"type": "string", "enum": ["fast", "slow"]},
        "retries": {"type": "integer", "minimum": 0, "maximum": 9},
        "labels": {"type": "object", "additionalProperties": {"type": "string"}},
    },
}
SPECS: Final = (
    CredentialSpec(name="apiKey", description="From the provider's page of keys."),
    CredentialSpec(name="signing_key", description="Of its webhooks.", is_required=False),
)


@dataclass
class KeyedProvider(ScriptedAdapter):
    """Remembers with which connection it was opened last."""

    clock: ManualClock = field(default_factory=ManualClock)
    key: str = KEYED
    name: str = "Keyed"
    kind: ProviderKind = ProviderKind.PLATFORM
    sites: Collection[str] = ()
    config_schema: Mapping[str, Any] = field(default_factory=lambda: SCHEMA)
    credentials: Sequence[CredentialSpec] = SPECS
    opened: list[Connection] = field(default_factory=list)
    health: list[Health | WorkbenchError] = field(default_factory=list)

    def check_config(self, config: Mapping[str, Any]) -> None:
        if config["baseUrl"] == "https://example.org":
            raise InvalidInput("This is nobody's server.", "baseUrl")

    def open(self, connection: Connection) -> "KeyedProvider":
        self.opened.append(connection)
        return self

    async def check_health(self) -> Health:
        """What is said to be next, and healthy otherwise."""
        found = self.health.pop(0) if self.health else await super().check_health()
        if isinstance(found, WorkbenchError):
            raise found
        return found

    def secret(self, name: str) -> str:
        """The text of a credential, as the last connection had it."""
        return self.opened[-1].secrets[name].reveal()


class KeyedWorkbench(Workbench):
    """A server with this provider beside the local one."""

    @cached_property
    def keyed(self) -> KeyedProvider:
        return KeyedProvider()

    @cached_property
    def registry(self) -> Registry:
        return Registry([self.local, self.keyed])
