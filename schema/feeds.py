"""What a subscription's resolver answers with: how to follow a stream, and to type its events."""

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from typing import Generic, Self, TypeVar

from domain.ids import PrincipalId, ProjectId
from domain.models.grants import Grant
from domain.models.streams import StreamEvent
from resolvers import access
from resolvers.context import Context
from resolvers.streams import Follow
from schema.cursors import StreamId

E = TypeVar("E", bound=StreamEvent)


@dataclass(frozen=True, slots=True)
class Feed(Generic[E]):
    """`visibility` is what the viewer may see of the stream: those with an equal one share
    results, except where a document asks for what only `viewer_id` may do. `grant` is what it
    stands on for as long as it lives."""

    stream_id: StreamId
    visibility: tuple[str, ...]
    viewer_id: PrincipalId
    grant: Grant
    follow: Follow[E]
    typed: Callable[[E], object]

    def __aiter__(self) -> AsyncIterator[Sequence[E]]:
        return self.follow(None, None)

    @classmethod
    def of(
        cls,
        context: Context,
        stream_id: StreamId,
        *,
        within: ProjectId,
        follow: Follow[E],
        typed: Callable[[E], object],
    ) -> Self:
        """Of a stream that belongs to the project `within`."""
        visibility = tuple(sorted(access.permissions(context.viewer, within)))
        viewer_id, grant = context.viewer.principal.id, access.grant(context.viewer, within)
        return cls(stream_id, visibility, viewer_id, grant, follow, typed)
