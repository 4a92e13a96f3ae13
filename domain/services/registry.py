"""The providers of this server, by key. Built once at start-up."""

from collections.abc import Iterable

from domain.errors import InvalidInput, NotFound
from domain.ports import Provider


class Registry:
    """A frozen mapping; two providers with one key are a mistake of the composition."""

    def __init__(self, providers: Iterable[Provider]) -> None:
        self._providers: dict[str, Provider] = {}
        for provider in providers:
            assert provider.key not in self._providers, f"two providers with the key {provider.key}"
            self._providers[provider.key] = provider

    def find(self, key: str) -> Provider | None:
        return self._providers.get(key)

    def get(self, key: str) -> Provider:
        """Raises NotFound."""
        provider = self.find(key)
        if provider is None:
            raise NotFound(self._unknown(key))
        return provider

    def check(self, key: str, *path: str) -> None:
        """Raises InvalidInput at the path where a provider is not here."""
        if self.find(key) is None:
            raise InvalidInput(self._unknown(key), *path)

    def _unknown(self, key: str) -> str:
        return f"There is no provider {key!r}. Known: {', '.join(sorted(self._providers))}."

    def all(self) -> tuple[Provider, ...]:
        return tuple(self._providers.values())

    @property
    def sites(self) -> frozenset[str]:
        """Every place whose work this process can follow."""
        return frozenset(site for provider in self.all() for site in provider.sites)

    def site_of(self, key: str) -> str | None:
        """Where this process would start a run of a provider, if it matters where."""
        provider = self.find(key)
        return next(iter(provider.sites), None) if provider else None
