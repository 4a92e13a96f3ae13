"""The provider "GitHub Actions": commands that a workflow of a repository runs."""

from collections.abc import Mapping
from typing import Any, Final

import httpx

from adapters.github_actions.adapter import GitHubActionsAdapter, Shared
from adapters.github_actions.repository import API_URL, TOKEN
from adapters.github_actions.webhooks import heard
from adapters.http.outbound import Outbound
from domain.errors import InvalidInput
from domain.models.callbacks import Callback, Heard
from domain.models.providers import Capabilities, Connection, CredentialSpec, ProviderKind
from domain.models.runs import RunKind

WEBHOOK_SECRET: Final = "webhook_secret"  # noqa: S105 - a name
SETTLE_S: Final = 30.0
"""After a dispatch, before a list of runs without it means that it was not taken."""


class GitHubActionsProvider:
    """Implements domain.ports.Provider."""

    key = "github_actions"
    name = "GitHub Actions"
    kind = ProviderKind.PLATFORM
    run_kinds: Final = frozenset({RunKind.COMMAND})
    capabilities: Final = Capabilities(streaming=False, cancel=True, artifacts=True, resume=False)
    sites: Final = frozenset[str]()
    poll_s = 15.0
    credentials: Final = (
        CredentialSpec(
            name=TOKEN,
            description="A fine-grained token, or that of an app, with the repository's "
            'permission "Actions" to read and write.',
        ),
        CredentialSpec(
            name=WEBHOOK_SECRET,
            description="What GitHub signs its webhooks with, where they are sent here.",
            is_required=False,
        ),
    )
    config_schema: Final[Mapping[str, Any]] = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "required": ["owner", "repo", "workflow"],
        "additionalProperties": False,
        "properties": {
            "owner": {
                "type": "string",
                "pattern": "^[A-Za-z0-9_-]{1,100}$",
                "description": "The account that the repository belongs to.",
            },
            "repo": {
                "type": "string",
                "pattern": "^(?!\\.{1,2}$)[A-Za-z0-9._-]{1,100}$",
                "description": "The repository's name.",
            },
            "workflow": {
                "type": "string",
                "pattern": "^(?!\\.{1,2}$)[A-Za-z0-9._ -]{1,200}$",
                "description": "The file's name in .github/workflows, or the workflow's number.",
            },
            "ref": {
                "type": "string",
                "minLength": 1,
                "maxLength": 250,
                "default": "main",
                "description": "The branch or tag whose workflow file is run.",
            },
            "apiUrl": {
                "type": "string",
                "minLength": 1,
                "maxLength": 2000,
                "default": API_URL,
                "description": "The REST API of another GitHub: https://HOST/api/v3.",
            },
            "logHosts": {
                "type": "array",
                "maxItems": 10,
                "items": {
                    "type": "string",
                    "pattern": "^\\.?[a-z0-9]([a-z0-9.-]{0,250}[a-z0-9])?$",
                },
                "description": "Where another GitHub keeps logs; one that begins with a dot stands "
                "for all hosts below it.",
            },
            "allowPrivate": {
                "type": "boolean",
                "default": False,
                "description": "Whether it may be at a private address, and without TLS.",
            },
        },
    }

    def __init__(self, outbound: Outbound, *, settle_s: float = SETTLE_S) -> None:
        self._shared = Shared(outbound, settle_s)

    def check_config(self, config: Mapping[str, Any]) -> None:
        """See Provider."""
        schemes = {"https", "http"} if config.get("allowPrivate") else {"https"}
        try:
            url = httpx.URL(config.get("apiUrl", API_URL))
        except httpx.InvalidURL as error:
            raise InvalidInput(f"That is no URL: {error}.", "apiUrl") from error
        if url.scheme not in schemes or not url.host:
            wanted = " or ".join(sorted(schemes, reverse=True))
            raise InvalidInput(f"A URL with {wanted} is wanted.", "apiUrl")
        if url.userinfo or url.query or url.fragment:
            raise InvalidInput("A URL without user, query and fragment is wanted.", "apiUrl")

    def resolve_cwd(self, root_path: str, cwd: str | None) -> str:  # noqa: ARG002 - the port's
        """See Provider. A workflow's file says where its steps run."""
        if cwd not in {None, "", "."}:
            raise InvalidInput("The workflow's file says where a command runs.", "cwd")
        return "."

    def hear(self, connection: Connection, callback: Callback) -> Heard | None:
        """See domain.services.callbacks.Hears."""
        secret = connection.secrets.get(WEBHOOK_SECRET)
        return None if secret is None else heard(callback, secret)

    def open(self, connection: Connection) -> GitHubActionsAdapter:
        """See Provider."""
        return GitHubActionsAdapter(self._shared, connection)
