"""The provider "A2A agent": prompts for any agent that speaks Agent2Agent 1.0."""

from collections.abc import Collection, Mapping
from typing import Any, Final

import httpx

from adapters.a2a.adapter import A2aAdapter, Shared, key_of
from adapters.a2a.agent import TOKEN
from adapters.a2a.pushing import PUSH_SECRET, heard, token_of
from adapters.http.outbound import Outbound
from domain.errors import InvalidInput
from domain.ids import ProjectId
from domain.models.callbacks import Callback, Heard
from domain.models.providers import Capabilities, Connection, CredentialSpec, ProviderKind
from domain.models.runs import RunKind
from domain.models.secrets import Secret

URL_CHARACTERS_MAX: Final = 2000


class A2aProvider:
    """Implements domain.ports.Provider."""

    key = "a2a"
    name = "A2A agent"
    kind = ProviderKind.PLATFORM
    run_kinds: Final = frozenset({RunKind.PROMPT})
    capabilities: Final = Capabilities(streaming=True, cancel=True, artifacts=True, resume=True)
    sites: Final = frozenset[str]()
    poll_s = None
    credentials: Final = (
        CredentialSpec(
            name=TOKEN,
            description="What the agent's card asks for: a bearer token or an API key.",
            is_required=False,
        ),
        CredentialSpec(
            name=PUSH_SECRET,
            description="Any long secret: what the agent's push notifications are told by is made "
            "of it. Without it none are asked for.",
            is_required=False,
        ),
    )
    config_schema: Final[Mapping[str, Any]] = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "required": ["url"],
        "additionalProperties": False,
        "properties": {
            "url": {
                "type": "string",
                "minLength": 1,
                "maxLength": URL_CHARACTERS_MAX,
                "description": "Where the agent is; its card is at /.well-known/agent-card.json "
                "below, unless this ends with .json.",
            },
            "interfaceUrl": {
                "type": "string",
                "minLength": 1,
                "maxLength": URL_CHARACTERS_MAX,
                "description": "Where its REST interface is, if not where the card says.",
            },
            "allowPrivate": {
                "type": "boolean",
                "default": False,
                "description": "Whether the agent may be at a private address, and without TLS.",
            },
        },
    }

    def __init__(self, outbound: Outbound) -> None:
        self._shared = Shared(outbound)

    def check_config(self, config: Mapping[str, Any]) -> None:
        """See Provider."""
        schemes = {"https", "http"} if config.get("allowPrivate") else {"https"}
        for name in ("url", "interfaceUrl"):
            if name in config:
                _check_url(str(config[name]), schemes, name)

    def resolve_cwd(self, root_path: str, cwd: str | None) -> str:  # noqa: ARG002 - the port's
        """See Provider. An agent has folders of its own, if any."""
        if "\0" in (cwd or ""):
            raise InvalidInput("The working directory's name holds a NUL.", "cwd")
        return cwd or ""

    def derived(self, connection: Connection) -> Collection[Secret]:
        """See domain.services.connector.Derives."""
        token = token_of(connection)
        return () if token is None else (token,)

    def hear(self, connection: Connection, callback: Callback) -> Heard | None:
        """See domain.services.callbacks.Hears."""
        token = token_of(connection)
        return None if token is None else heard(callback, token)

    def stir(self, project_id: ProjectId, provider_run_id: str) -> bool:
        """See domain.services.callbacks.Stirs."""
        return self._shared.streams.call(key_of(project_id, provider_run_id))

    def open(self, connection: Connection) -> A2aAdapter:
        """See Provider."""
        return A2aAdapter(self._shared, connection)


def _check_url(text: str, schemes: set[str], name: str) -> None:
    try:
        url = httpx.URL(text)
    except httpx.InvalidURL as error:
        raise InvalidInput(f"That is no URL: {error}.", name) from error
    if url.scheme not in schemes or not url.host:
        wanted = " or ".join(sorted(schemes, reverse=True))
        more = "" if "http" in schemes else "; http needs allowPrivate: true"
        raise InvalidInput(f"A URL with {wanted} is wanted{more}.", name)
    if url.userinfo or url.query or url.fragment:
        raise InvalidInput("A URL without user, query and fragment is wanted.", name)
