"""All that can be followed live.

A resolver here answers with a feed of the domain's events, not with typed ones: the typed event is
made only where nobody else has made and encoded it before (schema/sharing.py).
"""

from collections.abc import Callable
from functools import partial
from typing import Annotated, Final

import strawberry

from domain.models.events import RunEvent as DomainRunEvent
from domain.models.project_events import ProjectEvent as DomainProjectEvent
from domain.models.runs import Run
from domain.models.workflow_events import WorkflowRunEvent as DomainWorkflowRunEvent
from resolvers import project_events, runs, streams, workflow_runs
from resolvers.streams import Follow, StreamStart
from schema.cursors import to_place, to_sequence
from schema.events import RunEvent, event_of
from schema.feeds import Feed
from schema.filters import OneStream
from schema.ids import to_run_id, to_workflow_run_id
from schema.info import Info
from schema.logs import LogBatch
from schema.project_events import ProjectEvent
from schema.project_events import event_of as project_event_of
from schema.workflow_events import WorkflowRunEvent
from schema.workflow_events import event_of as workflow_event_of

BEGINNING: Final = StreamStart.BEGINNING
END: Final = StreamStart.END

_RunIdArgument = Annotated[strawberry.ID, strawberry.argument(description="The run.")]
_WorkflowRunIdArgument = Annotated[
    strawberry.ID, strawberry.argument(description="The workflow run.")
]
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
    """What is about a run ends by itself after the last event."""

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
    ) -> Feed[DomainRunEvent]:
        run = await runs.permitted(info.context, to_run_id(run_id), "runEvents")
        follow = streams.follow(info.context, run, to_place(after, run.id), from_ or BEGINNING)
        return _of_run(info, run, follow, event_of)

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
    ) -> Feed[DomainRunEvent]:
        run = await runs.permitted(info.context, to_run_id(run_id), "runLogs")
        holds = partial(streams.is_log, stream=stream)
        follow = streams.follow(
            info.context, run, to_place(after, run.id), from_ or BEGINNING, holds
        )
        return _of_run(info, run, follow, LogBatch.of_event)

    @strawberry.subscription(
        graphql_type=WorkflowRunEvent,
        description="Everything that happens to a workflow run, from a cursor on: nothing lost, "
        "nothing twice, in order. Completes after the last event, which has SUCCEEDED or CANCELED; "
        "one that is FAILED can go on.",
    )
    async def workflow_run_events(
        self,
        info: Info,
        workflow_run_id: _WorkflowRunIdArgument,
        after: _After = None,
        from_: _From = BEGINNING,
    ) -> Feed[DomainWorkflowRunEvent]:
        key = to_workflow_run_id(workflow_run_id)
        run = await workflow_runs.permitted(info.context, key, "workflowRunEvents")
        behind = to_sequence(after, run.id)
        follow = workflow_runs.follow(info.context, run, behind, from_ or BEGINNING)
        within, typed = run.project_id, workflow_event_of
        return Feed.of(info.context, run.id, within=within, follow=follow, typed=typed)

    @strawberry.subscription(
        graphql_type=ProjectEvent,
        description="What happens in a project, from a cursor on: nothing lost, nothing twice, in "
        "order. For lists that stay up to date. It has no last event.",
    )
    async def project_events(
        self,
        info: Info,
        project: Annotated[str, strawberry.argument(description="The project's slug.")],
        after: _After = None,
        from_: _From = END,
    ) -> Feed[DomainProjectEvent]:
        of = await project_events.permitted(info.context, project)
        behind = to_sequence(after, of.id)
        follow = await project_events.follow(info.context, of, behind, from_ or END)
        return Feed.of(info.context, of.id, within=of.id, follow=follow, typed=project_event_of)


def _of_run(
    info: Info,
    run: Run,
    follow: Follow[DomainRunEvent],
    typed: Callable[[DomainRunEvent], object],
) -> Feed[DomainRunEvent]:
    return Feed.of(info.context, run.id, within=run.project_id, follow=follow, typed=typed)
