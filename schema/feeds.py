"""What a subscription's resolver answers with: how to follow a run, and how to type its events."""

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from typing import Self

from domain.ids import RunId
from domain.models.events import RunEvent
from domain.models.grants import Grant
from domain.models.runs import Run
from resolvers import access
from resolvers.context import Context
from resolvers.streams import Follow


@dataclass(frozen=True, slots=True)
class Feed:
    """`visibility` is what the viewer may see of the run: those with an equal one share results.
    `grant` is what it stands on for as long as it lives."""

    run_id: RunId
    visibility: tuple[str, ...]
    grant: Grant
    follow: Follow
    typed: Callable[[RunEvent], object]

    def __aiter__(self) -> AsyncIterator[Sequence[RunEvent]]:
        return self.follow(None, None)

    @classmethod
    def of(
        cls,
        context: Context,
        run: Run,
        follow: Follow,
        typed: Callable[[RunEvent], object],
    ) -> Self:
        visibility = tuple(sorted(access.permissions(context.viewer, run.project_id)))
        grant = access.grant(context.viewer, run.project_id)
        return cls(run.id, visibility, grant, follow, typed)
