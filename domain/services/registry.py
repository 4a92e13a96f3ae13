"""The adapters of this server, by provider key. Built once at start-up."""

from collections.abc import Iterable

from domain.errors import InvalidInput, NotFound
from domain.ports import Adapter


class Registry:
    """A frozen mapping; two adapters with one key are a mistake of the composition."""

    def __init__(self, adapters: Iterable[Adapter]) -> None:
        self._adapters: dict[str, Adapter] = {}
        for adapter in adapters:
            assert adapter.key not in self._adapters, f"two adapters for {adapter.key}"
            self._adapters[adapter.key] = adapter

    def find(self, key: str) -> Adapter | None:
        return self._adapters.get(key)

    def get(self, key: str) -> Adapter:
        """Raises NotFound."""
        adapter = self.find(key)
        if adapter is None:
            raise NotFound(self._unknown(key))
        return adapter

    def check(self, key: str, *path: str) -> None:
        """Raises InvalidInput at the path where a provider is not here."""
        if self.find(key) is None:
            raise InvalidInput(self._unknown(key), *path)

    def _unknown(self, key: str) -> str:
        return f"There is no provider {key!r}. Known: {', '.join(sorted(self._adapters))}."

    def all(self) -> tuple[Adapter, ...]:
        return tuple(self._adapters.values())

    @property
    def sites(self) -> frozenset[str]:
        """Every place whose work this process can follow."""
        return frozenset(site for adapter in self.all() for site in adapter.sites)

    def site_of(self, key: str) -> str | None:
        """Where this process would start a run of a provider, if it matters where."""
        adapter = self.find(key)
        return next(iter(adapter.sites), None) if adapter else None
