"""The providers of a server: those that come with it, and those of packages beside it."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from adapters.a2a.provider import A2aProvider
from adapters.github_actions.provider import GitHubActionsProvider
from adapters.http.outbound import Outbound
from adapters.rest.loading import SHIPPED
from adapters.rest.provider import providers_of
from domain.errors import InvalidInput, ProviderUnavailable
from domain.models.providers import (
    Capabilities,
    Connection,
    CredentialSpec,
    ProviderKind,
)
from domain.models.runs import RunKind
from domain.ports import Adapter, Provider

GROUP: Final = "workbench.adapters"
REASON_CHARACTERS_MAX: Final = 300

Make = Callable[[Outbound], Provider]
"""What an entry point of the group leads to. It is called once, at start-up."""


def catalogue(
    outbound: Outbound, own: Iterable[Provider], manifests: Path | None = None
) -> list[Provider]:
    """`own`, then what comes with the workbench, then the manifests of a folder and what is
    installed. Raises InvalidInput for a manifest that is none, and where two have one key: whose
    runs were whose would depend on an order."""
    providers = [
        *own,
        A2aProvider(outbound),
        GitHubActionsProvider(outbound),
        *providers_of(outbound, SHIPPED),
        *(providers_of(outbound, manifests) if manifests is not None else ()),
        *installed(outbound, entry_points(group=GROUP)),
    ]
    keys = [provider.key for provider in providers]
    for key in keys:
        if keys.count(key) > 1:
            raise InvalidInput(f"Two providers have the key {key!r}.")
    return providers


def installed(outbound: Outbound, points: Iterable[EntryPoint]) -> Iterator[Provider]:
    """One that cannot be made is there all the same, and says why it is of no use."""
    for point in sorted(points, key=lambda point: point.name):
        try:
            yield _made(point.load(), outbound)
        except (Exception, SystemExit) as error:  # noqa: BLE001 - whatever it is, it is that package's alone
            reason = f"{point.value} cannot be used: {type(error).__name__}: {error}"
            yield MissingProvider(point.name, reason[:REASON_CHARACTERS_MAX])


def _made(make: Make, outbound: Outbound) -> Provider:
    provider = make(outbound)
    parts = [name for name in _PARTS if not hasattr(provider, name)]
    if parts:
        raise TypeError(f"it has no {', '.join(parts)}")
    return provider


_PARTS: Final = sorted(name for name in dir(Provider) if not name.startswith("_"))


class MissingProvider:
    """Implements domain.ports.Provider for one that cannot be had."""

    kind = ProviderKind.PLATFORM
    capabilities = Capabilities(streaming=False, cancel=False, artifacts=False, resume=False)
    run_kinds: Collection[RunKind] = frozenset(RunKind)
    sites: Collection[str] = frozenset()
    poll_s = 60.0
    config_schema: Mapping[str, Any] = MappingProxyType({"type": "object"})
    credentials: Sequence[CredentialSpec] = ()

    def __init__(self, key: str, reason: str) -> None:
        self.key = key
        self._reason = reason

    @property
    def name(self) -> str:
        return f"{self.key} (cannot be used)"

    def check_config(self, config: Mapping[str, Any]) -> None:
        """What was set for it while it could be used stays."""

    def resolve_cwd(self, root_path: str, cwd: str | None) -> str:  # noqa: ARG002 - the port's
        """See Provider."""
        return cwd or ""

    def open(self, connection: Connection) -> Adapter:  # noqa: ARG002 - the port's
        """Raises ProviderUnavailable, always."""
        raise ProviderUnavailable(self._reason, is_unsent=True)
