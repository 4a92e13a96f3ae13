"""Projects and the runs in them; each names the other, so they share a module."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any, Final, Optional, Self

import strawberry

from domain.lifecycle import RunState
from domain.models import pages as domain_pages
from domain.models import projects as domain_projects
from domain.models import runs as domain_runs
from domain.models.providers import EnvProfile
from domain.models.runs import RunAction, RunKind, SyncStatus
from resolvers import audit, logs, members, runs, streams
from resolvers.paging import page_size
from schema.actors import Actor, load_actor, load_actors
from schema.approvable import Approvable, Delegating
from schema.approvals import NAMING
from schema.audit import AuditEntry, AuditFilter
from schema.cursors import list_cursor, list_key, list_number, place_cursor, stream_cursor, to_place
from schema.decisions import PolicyDecision
from schema.events import RunEvent, event_of
from schema.failures import RunFailure, RunQuestion
from schema.featuring import Featured, Featuring
from schema.filters import Contains, LatestFirst, OneStream, RunFilter
from schema.ids import Node, project_id, run_id
from schema.info import Info
from schema.leaving import Leaving
from schema.logs import INT_MAX, LogBatch, LogConnection, LogStats
from schema.members import Member
from schema.paging import After, Before, Connection, First, Last
from schema.plans import MANY
from schema.policies import Governed
from schema.project_events import ProjectEvent, events_of
from schema.providers import Provider
from schema.settings import ProjectSettings
from schema.stepped import Orchestrated, Stepped
from schema.waiting import Waiting
from schema.workflows import Defining

_SAME_NAME: Final = (
    "kind", "fallback_reason", "prompt", "cwd", "env_profile", "timeout_ms", "reason", "state",
    "exit_code", "provider_run_id", "provider_status_raw", "external_url", "sync_status",
    "degraded_reason", "degraded_since", "last_reconciled_at", "next_reconcile_at",
    "cancel_requested_at", "cancel_reason", "created_at", "queued_at",
    "started_at", "finished_at",
)  # fmt: skip
"""Fields of Run that are the domain's under the same name."""


async def _projects(of: Sequence["Run"], info: Info) -> Sequence["Project"]:
    wanted = list(dict.fromkeys(run.value.project_id for run in of))
    found = await info.context.loaders.projects.load_many(wanted)
    known = {project.id: Project.of(project) for project in found if project is not None}
    return [known[run.value.project_id] for run in of]


async def _requesters(of: Sequence["Run"], info: Info) -> Sequence[Actor | None]:
    return await load_actors(info, [run.value.requested_by for run in of])


async def _decisions(of: Sequence["Run"], info: Info) -> Sequence[PolicyDecision]:
    keys = [run.value.decision_id for run in of]
    found = await info.context.loaders.decisions.load_many(keys)
    return [PolicyDecision.of(decision) for decision in found if decision is not None]


async def _actions(of: Sequence["Run"], info: Info) -> Sequence[list[RunAction]]:
    return await runs.actions(info.context, [run.value for run in of])


async def _latest_events(
    of: Sequence["Run"], info: Info, first: int = 3
) -> Sequence[list[RunEvent]]:
    keys = [(run.value.id, page_size(first)) for run in of]
    found = await info.context.loaders.latest_events.load_many(keys)
    return [list(map(event_of, events)) for events in found]


@strawberry.type(description="A folder of the server's machine and what may run in it.")
class Project(Node, Delegating, Featuring, Governed, Defining, Orchestrated):
    """Everything else belongs to one."""

    value: strawberry.Private[domain_projects.Project]
    slug: str = strawberry.field(description="Its short name, as used in inputs and addresses.")
    name: str = strawberry.field(description="Its name for people.")
    root_path: str = strawberry.field(description="The folder, absolute.")
    created_at: datetime = strawberry.field(description="When it was made.")
    settings: ProjectSettings = strawberry.field(description="What it is set to.")

    @strawberry.field(description="Where its runs can go.")
    def providers(self, info: Info) -> list[Provider]:
        found = info.context.services.registry.all()
        return [Provider.of(self.value.id, provider) for provider in found]

    @strawberry.field(description="One provider; null where there is none with this key.")
    def provider(
        self,
        info: Info,
        key: Annotated[str, strawberry.argument(description="The provider's short name.")],
    ) -> Provider | None:
        provider = info.context.services.registry.find(key)
        return Provider.of(self.value.id, provider) if provider else None

    @strawberry.field(description="Its runs, newest first.")
    async def runs(
        self,
        info: Info,
        filter: Annotated[
            RunFilter | None, strawberry.argument(description="Only runs that match all of it.")
        ] = None,
        first: First = None,
        after: After = None,
    ) -> Connection["Run"]:
        name = f"runs:{self.value.id}"
        page = await runs.listed(
            info.context,
            self.value.id,
            filter.to_filter() if filter else domain_pages.RunFilter(),
            first=first,
            after=list_key(after, name),
        )
        return Connection.of(page, Run.of, lambda run: list_cursor(name, run.id))

    @strawberry.field(description="What happened in it, oldest first.")
    async def events(
        self,
        info: Info,
        *,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[ProjectEvent]:
        return await events_of(info, self.value, first=first, after=after, last=last, before=before)

    @strawberry.field(description="Who has a role here, in the order in which they came.")
    async def members(
        self, info: Info, first: First = None, after: After = None
    ) -> Connection[Member]:
        name = f"members:{self.value.id}"
        page = await members.listed(info.context, self.value.id, first, list_key(after, name))
        return Connection.of(page, Member.of, lambda m: list_cursor(name, m.principal_id))

    @strawberry.field(description="Who did what in it, newest first. For its administrators.")
    async def audit_log(
        self,
        info: Info,
        filter: Annotated[
            AuditFilter | None,
            strawberry.argument(description="Only what matches all of it."),
        ] = None,
        first: First = None,
        after: After = None,
    ) -> Connection[AuditEntry]:
        scope = f"audit:{self.value.id}"
        page = await audit.listed(
            info.context,
            self.value.id,
            filter.to_filter() if filter else domain_pages.AuditFilter(),
            first=first,
            after=list_number(after, scope),
        )
        return Connection.of(page, AuditEntry.of, lambda e: list_cursor(scope, str(e.sequence)))

    @classmethod
    def of(cls, project: domain_projects.Project) -> Self:
        return cls(
            value=project,
            id=project_id(project.id),
            slug=project.slug,
            name=project.name,
            root_path=project.root_path,
            created_at=project.created_at,
            settings=ProjectSettings.of(project.id, project.settings),
        )


@strawberry.type(description="One dispatch of a command or prompt to one provider.")
class Run(Node, Approvable, Leaving, Waiting, Featured, Stepped):
    """The same for every provider."""

    value: strawberry.Private[domain_runs.Run]
    kind: RunKind = strawberry.field(description="Whether it hands over a command or a prompt.")
    fallback_reason: str | None = strawberry.field(
        description="Why it went to another provider than requested, if it did."
    )
    command: list[str] | None = strawberry.field(
        description="The program and its arguments; null for a prompt."
    )
    prompt: str | None = strawberry.field(description="The text for an agent; null for a command.")
    cwd: str = strawberry.field(description="The working directory, absolute.")
    env_profile: EnvProfile = strawberry.field(description="Which environment variables it gets.")
    tool_scopes: list[str] = strawberry.field(description="What an agent's tools may do.")
    timeout_ms: int = strawberry.field(description="It is stopped after this long, in ms.")
    reason: str | None = strawberry.field(description="Why it was launched, as its requester said.")
    state: RunState = strawberry.field(description="Where it is.")
    failure: RunFailure | None = strawberry.field(description="Why it did not succeed.")
    exit_code: int | None = strawberry.field(description="What the program ended with.")
    provider_run_id: str | None = strawberry.field(description="The provider's name for it.")
    provider_status_raw: str | None = strawberry.field(
        description="The provider's own word for its state, where it has one."
    )
    external_url: str | None = strawberry.field(description="Where the provider shows it.")
    sync_status: SyncStatus = strawberry.field(description="How sure we are of its state.")
    degraded: bool = strawberry.field(description="Whether its state may be out of date.")
    degraded_reason: str | None = strawberry.field(description="Why it may be.")
    degraded_since: datetime | None = strawberry.field(description="Since when it may be.")
    last_reconciled_at: datetime | None = strawberry.field(
        description="When the provider last answered about it; null if it streams."
    )
    next_reconcile_at: datetime | None = strawberry.field(
        description="When the provider will be asked next; null while it streams or has ended."
    )
    question: RunQuestion | None = strawberry.field(
        description="What it waits for a person to answer, by runAnswer; null if it waits for no "
        "answer."
    )
    cancel_requested_at: datetime | None = strawberry.field(
        description="When somebody asked for it to be stopped."
    )
    cancel_reason: str | None = strawberry.field(description="What they said.")
    created_at: datetime = strawberry.field(description="When it was launched.")
    queued_at: datetime | None = strawberry.field(description="When it joined the queue.")
    started_at: datetime | None = strawberry.field(description="When the provider began.")
    finished_at: datetime | None = strawberry.field(description="When it ended.")
    duration_ms: int | None = strawberry.field(
        description="From start to end, in ms; null until both are known."
    )
    log_stats: LogStats = strawberry.field(description="How much it has printed.")

    @strawberry.field(description="The project it belongs to.", metadata={MANY: _projects})
    async def project(self, info: Info) -> Project:
        return (await _projects([self], info))[0]

    @strawberry.field(description="The provider that was asked for.")
    def requested_provider(self, info: Info) -> Provider:
        return self._provider(info, self.value.requested_provider)

    @strawberry.field(description="The provider that it went to.")
    def provider(self, info: Info) -> Provider:
        return self._provider(info, self.value.provider)

    @strawberry.field(description="Who launched it.", metadata={MANY: _requesters})
    async def requested_by(self, info: Info) -> Actor:
        return await load_actor(info, self.value.requested_by)

    @strawberry.field(description="What the policy said of it.", metadata={MANY: _decisions})
    async def decision(self, info: Info) -> PolicyDecision:
        return (await _decisions([self], info))[0]

    @strawberry.field(description="The run that this one repeats.")
    async def retry_of(self, info: Info) -> Optional["Run"]:
        if self.value.retry_of is None:
            return None
        found = await runs.by_id(info.context, self.value.retry_of)
        return Run.of(found) if found else None

    @strawberry.field(description="The runs that repeat this one, oldest first.")
    async def retries(self, info: Info) -> list["Run"]:
        found = await info.context.loaders.retries.load(self.value.id)
        info.context.loaders.count_steps(len(found))
        return list(map(Run.of, found))

    @strawberry.field(
        description="1 for the run of its provider and project that starts next; null once started."
    )
    async def queue_position(self, info: Info) -> int | None:
        if self.value.state is not RunState.QUEUED:
            return None
        return await info.context.loaders.queue_positions.load(self.value)

    @strawberry.field(description="What the viewer may do with it now.", metadata={MANY: _actions})
    async def available_actions(self, info: Info) -> list[RunAction]:
        return (await _actions([self], info))[0]

    @strawberry.field(description="What happened to it, log batches included, oldest first.")
    async def events(
        self, info: Info, first: First = None, after: After = None
    ) -> Connection[RunEvent]:
        run = self.value
        place = to_place(after, run.id)
        page = await streams.stored(info.context, run, first=first, place=place)
        return Connection.of(page, event_of, lambda e: stream_cursor(run.id, e.sequence))

    @strawberry.field(
        description="Its newest events without log batches, newest first: what a list shows.",
        metadata={MANY: _latest_events},
    )
    async def latest_events(self, info: Info, first: LatestFirst = 3) -> list[RunEvent]:
        return (await _latest_events([self], info, first))[0]

    @strawberry.field(
        description="Its log. With last, or before alone, it is read backward; the order stays."
    )
    async def logs(
        self,
        info: Info,
        *,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        stream: OneStream = None,
        contains: Contains = None,
    ) -> LogConnection:
        run = self.value
        query = logs.LogQuery(
            first=first,
            after=to_place(after, run.id),
            last=last,
            before=to_place(before, run.id),
            stream=stream,
            contains=contains,
        )
        page = await logs.page(info.context, run, query)
        return LogConnection.of(
            page, LogBatch.of_part, lambda part: place_cursor(run.id, part.place)
        )

    def _provider(self, info: Info, key: str) -> Provider:
        return Provider.of(self.value.project_id, info.context.services.registry.get(key))

    @classmethod
    def of(cls, run: domain_runs.Run) -> Self:
        same: Mapping[str, Any] = {name: getattr(run, name) for name in _SAME_NAME}
        duration_ms = run.duration_ms
        return cls(
            value=run,
            id=run_id(run.id),
            command=list(run.command) if run.kind is RunKind.COMMAND else None,
            tool_scopes=list(run.tool_scopes),
            failure=RunFailure.of(run.failure) if run.failure else None,
            degraded=run.is_degraded,
            question=RunQuestion.of(run.question) if run.question else None,
            duration_ms=None if duration_ms is None else min(duration_ms, INT_MAX),
            log_stats=LogStats.of(run.log),
            **same,
        )


NAMING.update(Project=Project, Run=Run)
