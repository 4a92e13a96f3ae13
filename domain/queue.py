"""Who is dispatched next: first come, first served, within the limits of provider and project."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from domain.ids import ProjectId
from domain.models.intents import Intent


@dataclass(frozen=True, slots=True, kw_only=True)
class ConcurrencyLimits:
    """How many runs may be active at once."""

    per_provider: int
    per_project: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Ahead:
    """What a new run finds before it: how many are active beside it on its provider and in its
    project, and whether another one waits for either."""

    on_provider: int
    in_project: int
    is_anyone_waiting: bool

    def leaves_room(self, limits: ConcurrencyLimits) -> bool:
        """Whether it may start at once: there is room, and nobody who came before is passed."""
        is_full = self.on_provider >= limits.per_provider or self.in_project >= limits.per_project
        return not (is_full or self.is_anyone_waiting)


class Load:
    """How many runs are active on each provider and in each project."""

    def __init__(
        self, active: Mapping[tuple[ProjectId, str], int], limits: ConcurrencyLimits
    ) -> None:
        self._limits = limits
        self._providers: Counter[str] = Counter()
        self._projects: Counter[ProjectId] = Counter()
        for (project_id, provider), count in active.items():
            self._providers[provider] += count
            self._projects[project_id] += count

    @property
    def full_providers(self) -> frozenset[str]:
        return frozenset(k for k, n in self._providers.items() if n >= self._limits.per_provider)

    @property
    def full_projects(self) -> frozenset[ProjectId]:
        return frozenset(k for k, n in self._projects.items() if n >= self._limits.per_project)

    def admit(self, pending: Iterable[Intent]) -> list[Intent]:
        """Those for which there is room, oldest first; each is counted as active from now on."""
        return [intent for intent in pending if self._take(intent)]

    def _take(self, intent: Intent) -> bool:
        has_room = (
            self._providers[intent.provider] < self._limits.per_provider
            and self._projects[intent.project_id] < self._limits.per_project
        )
        if has_room:
            self._providers[intent.provider] += 1
            self._projects[intent.project_id] += 1
        return has_room
