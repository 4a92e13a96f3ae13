"""All that can be followed live.

A resolver here answers with a feed of the domain's events, not with typed ones: the typed event is
made only where nobody else has made and encoded it before (schema/sharing.py).
"""

from functools import partial
from typing import Annotated, Final

import strawberry

from resolvers import runs, streams
from resolvers.streams import StreamStart
from schema.cursors import to_place
from schema.events import RunEvent, event_of
from schema.feeds import Feed
from schema.filters import OneStream
from schema.ids import to_run_id
from schema.info import Info
from schema.logs import LogBatch

BEGINNING: Final = StreamStart.BEGINNING

_RunIdArgument = Annotated[strawberry.ID, strawberry.argument(description="The run.")]
_After = Annotated[
    str | None,
    strawberry.argument(description="Resume behind this cursor, whoever gave it; wins over from."),
]
_From = Annotated[
    StreamStart | None,
    strawberry.argument(name="from", description="Where to begin without a cursor."),
]


@strawberry.type(description="All that can be followed live.")
class Subscription:
    """Each ends by itself after the last event."""

    @strawberry.subscription(
        graphql_type=RunEvent,
        description="Everything that happens to a run, log batches included, from a cursor on: "
        "nothing lost, nothing twice, in order. Completes after the run's last event.",
    )
    async def run_events(
        self,
        info: Info,
        run_id: _RunIdArgument,
        after: _After = None,
        from_: _From = BEGINNING,
    ) -> Feed:
        run = await runs.permitted(info.context, to_run_id(run_id), "runEvents")
        follow = streams.follow(info.context, run, to_place(after, run.id), from_ or BEGINNING)
        return Feed.of(info.context, run, follow, event_of)

    @strawberry.subscription(
        graphql_type=LogBatch,
        description="What a run prints, from a cursor on. Completes after the run's last event. "
        "Lines that retention has removed show as a gap in firstLine.",
    )
    async def run_logs(
        self,
        info: Info,
        run_id: _RunIdArgument,
        after: _After = None,
        from_: _From = BEGINNING,
        stream: OneStream = None,
    ) -> Feed:
        run = await runs.permitted(info.context, to_run_id(run_id), "runLogs")
        holds = partial(streams.is_log, stream=stream)
        follow = streams.follow(
            info.context, run, to_place(after, run.id), from_ or BEGINNING, holds
        )
        return Feed.of(info.context, run, follow, LogBatch.of_event)
