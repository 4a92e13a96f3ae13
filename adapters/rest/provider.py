"""A provider that is a manifest."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from adapters.http.outbound import Outbound
from adapters.rest.adapter import Lately, RestAdapter
from adapters.rest.addresses import base_url, is_private_allowed
from adapters.rest.loading import load
from adapters.rest.manifest import Manifest
from adapters.rest.operations import Operations
from adapters.rest.webhooks import heard
from domain.errors import InvalidInput, ProviderRefused
from domain.models.callbacks import Callback, Heard
from domain.models.providers import Capabilities, Connection, CredentialSpec, ProviderKind
from domain.models.runs import RunKind


@dataclass(frozen=True, kw_only=True)
class RestProvider:
    """Implements domain.ports.Provider."""

    manifest: Manifest
    outbound: Outbound
    lately: Lately = field(default_factory=Lately)

    @property
    def key(self) -> str:
        return self.manifest.id

    @property
    def name(self) -> str:
        return self.manifest.title

    @property
    def kind(self) -> ProviderKind:
        return self.manifest.kind

    @property
    def capabilities(self) -> Capabilities:
        """What the manifest has operations for."""
        return Capabilities(
            streaming=False,
            cancel=self.manifest.cancel is not None,
            artifacts=self.manifest.artifacts is not None,
            resume=self.manifest.resume is not None,
        )

    @property
    def run_kinds(self) -> frozenset[RunKind]:
        return frozenset(self.manifest.run_kinds)

    @property
    def sites(self) -> frozenset[str]:
        """Anybody can ask a platform."""
        return frozenset()

    @property
    def poll_s(self) -> float:
        return self.manifest.poll_s

    @property
    def config_schema(self) -> Mapping[str, Any]:
        """See Provider."""
        settings = dict(self.manifest.config)
        if self.manifest.private_addresses == "config":
            settings["allowPrivate"] = {
                "type": "boolean",
                "default": False,
                "description": "It is on this machine or in a private network, or has no TLS.",
            }
        return {
            "type": "object",
            "properties": settings,
            "required": list(self.manifest.config_required),
            "additionalProperties": False,
        }

    @property
    def credentials(self) -> Sequence[CredentialSpec]:
        return [
            CredentialSpec(name=name, description=each.description, is_required=each.required)
            for name, each in self.manifest.credentials.items()
        ]

    def check_config(self, config: Mapping[str, Any]) -> None:
        """See Provider. A URL has to be one that may be called."""
        config = self._whole(config)
        setting = _setting(self.manifest.base_url)
        try:
            parts = urlsplit(base_url(self.manifest, config))
            host = parts.hostname
        except (ProviderRefused, ValueError) as error:
            raise InvalidInput("This is no URL.", setting) from error
        if parts.scheme not in {"http", "https"} or not host or parts.username is not None:
            raise InvalidInput("This is no URL of a server.", setting)
        if parts.query or parts.fragment:
            raise InvalidInput("A base URL ends before a question mark or a hash.", setting)
        if parts.scheme == "http" and not is_private_allowed(self.manifest, config):
            raise InvalidInput("Without TLS only a private address can be reached.", setting)

    def resolve_cwd(self, root_path: str, cwd: str | None) -> str:  # noqa: ARG002 - the port's
        """See Provider. A folder over there is as it is given; none is the platform's own."""
        if "\0" in (cwd or ""):
            raise InvalidInput("The working directory's name holds a NUL.", "cwd")
        return cwd or ""

    def hear(self, connection: Connection, callback: Callback) -> Heard | None:
        """See domain.services.callbacks.Hears. Without `[webhook]` nothing is heard."""
        webhook = self.manifest.webhook
        secret = None if webhook is None else connection.secrets.get(webhook.secret)
        if webhook is None or secret is None:
            return None
        return heard(webhook, self.manifest.dispatch.ref, callback, secret)

    def open(self, connection: Connection) -> RestAdapter:
        """See Provider."""
        connection = replace(connection, config=self._whole(connection.config))
        operations = Operations(
            manifest=self.manifest, connection=connection, outbound=self.outbound
        )
        return RestAdapter(
            manifest=self.manifest,
            operations=operations,
            clock=self.outbound.clock,
            lately=self.lately,
        )

    def _whole(self, config: Mapping[str, Any]) -> Mapping[str, Any]:
        """What is set, and the defaults of what is not."""
        schemas = self.manifest.config
        usual = {name: each["default"] for name, each in schemas.items() if "default" in each}
        return usual | dict(config)


def providers_of(outbound: Outbound, folder: Path) -> list[RestProvider]:
    """One for each manifest of a folder. Raises ManifestInvalid."""
    return [RestProvider(manifest=manifest, outbound=outbound) for manifest in load(folder)]


def _setting(text: str) -> str:
    """The setting that a base URL is made from."""
    return text.removeprefix("{{").removesuffix("}}").strip().removeprefix("config.")
