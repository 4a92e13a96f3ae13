"""What is stored, as protocols: one repository a noun. Their docstrings are the contract."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from domain.ids import (
    IntentId,
    NodeId,
    PrincipalId,
    ProjectId,
    RunId,
    StepRunId,
    WorkflowRunId,
)
from domain.models.events import RunFact
from domain.models.intents import Clearance, Intent, Lease, Return
from domain.models.kill_switches import KillSwitch, KillSwitchScope, SwitchTarget
from domain.models.pages import RunFilter, Window
from domain.models.projects import Project
from domain.models.runs import Run
from domain.models.settings import ProjectSettings
from domain.models.usage import Usage
from domain.queue import Ahead


class ProjectRepository(Protocol):
    async def add(self, project: Project) -> bool:
        """False where the slug is taken."""
        ...

    async def get(self, project_id: ProjectId) -> Project | None: ...
    async def get_many(self, ids: Collection[ProjectId]) -> Mapping[ProjectId, Project]: ...
    async def set_policy_version(self, project_id: ProjectId, before: int, after: int) -> bool:
        """False where another version than `before` holds. The project stays locked until the end
        of the unit."""
        ...

    async def by_slug(self, slug: str) -> Project | None: ...
    async def ids(self, slugs: Collection[str]) -> Mapping[str, ProjectId]:
        """By slug; a slug that no project has is left out."""
        ...

    async def set_settings(self, project_id: ProjectId, after: ProjectSettings) -> bool:
        """False where they are not those of the version before any more."""
        ...

    async def page(self, window: Window, among: Collection[ProjectId] | None) -> Sequence[Project]:
        """Ordered by slug, which is the key; only those of `among`, None meaning all."""
        ...


class RunRepository(Protocol):
    async def add(self, run: Run, facts: Sequence[RunFact]) -> Run:
        """Store a new run with its first events, by its requester; answers it with its sequence."""
        ...

    async def change(
        self,
        before: Run,
        after: Run,
        facts: Sequence[RunFact],
        *,
        actor: PrincipalId | None,
        at: datetime,
        lease: Lease | None = None,
        tells_steps: bool = True,
    ) -> Run | None:
        """Write what differs and append the facts, if the state is still that of `before`.
        `tells_steps`: whoever sees to its workflow is woken, if it is news to a step.

        None: somebody was first, or the lease is no longer held. Of the log only `truncated` is
        written from the value; its counts and the sequence are counted in the database.
        """
        ...

    async def get(self, run_id: RunId) -> Run | None: ...
    async def get_many(self, ids: Collection[RunId]) -> Mapping[RunId, Run]: ...
    async def page(
        self, project_id: ProjectId, run_filter: RunFilter, window: Window
    ) -> Sequence[Run]:
        """Newest first; the key is the run's id."""
        ...

    async def running(self, target: SwitchTarget, window: Window) -> Sequence[Run]:
        """Runs that their providers have, that a switch is for and nobody has asked to stop, in
        the order in which they were made; the key is the run's id."""
        ...

    async def retries(self, run_id: RunId) -> Sequence[Run]: ...
    async def named_by_provider(
        self, project_id: ProjectId, provider: str, provider_run_id: str
    ) -> RunId | None:
        """The first run of a project that its provider knows by this name. Nobody else can ask for
        the same name before the unit has ended."""
        ...

    async def usages(
        self, ids: Collection[WorkflowRunId]
    ) -> Mapping[WorkflowRunId, Mapping[StepRunId, Usage]]:
        """What the runs of steps have used up, summed by step; without those that tell nothing."""
        ...

    async def queue_position(self, run: Run) -> int | None:
        """1 for the run of its provider and project that starts next; None unless queued."""
        ...


class IntentRepository(Protocol):
    async def add(self, intent: Intent) -> None:
        """Store an intent. Who does not claim it in the same unit wakes INTENTS."""
        ...

    async def lock_queue(self) -> None:
        """Only one node decides at a time who is dispatched next; held to the end of the unit."""
        ...

    async def try_lock_queue(self) -> bool:
        """The same without waiting: False where another unit holds the lock."""
        ...

    async def ahead_of(self, intent: Intent, now: datetime) -> Ahead:
        """What a stored dispatch intent finds before it. Whoever is not being started counts as
        waiting, also one whose time has not come or whose lease has expired."""
        ...

    async def active_counts(self, now: datetime) -> Mapping[tuple[ProjectId, str], int]:
        """Per project and provider: runs that are running or being started. A start whose lease
        has expired takes no room, or nobody could ever take it over where it filled the last."""
        ...

    async def pending(
        self,
        now: datetime,
        *,
        full_providers: Collection[str],
        full_projects: Collection[ProjectId],
        sites: Collection[str],
        limit: int,
    ) -> Sequence[Intent]:
        """Dispatch intents that are due, unclaimed or with an expired lease, oldest first; without
        those of full providers and projects. Only what `claim` would take, and only at these
        sites or at none."""
        ...

    async def claim(
        self,
        intent_id: IntentId,
        *,
        fence: int,
        owner: NodeId,
        until: datetime,
        site: str | None = None,
    ) -> Intent | None:
        """Take an intent whose fence is still the given one; None if somebody was first.

        One to dispatch only where its run is QUEUED under a decision of the project's present
        policy that allows it, or that asks for an approval which was given (`may_dispatch`).

        From now on it belongs to the site: where a run may have been started, nobody elsewhere
        can find out whether it was.
        """
        ...

    async def claim_followed(
        self,
        *,
        sites: Collection[str],
        owner: NodeId,
        now: datetime,
        until: datetime,
        limit: int,
        polled: Collection[str] = (),
    ) -> Sequence[Intent]:
        """Take intents to follow that are due and free, oldest first, at these sites or at none;
        without those of providers that are polled."""
        ...

    async def clearance(self, lease: Lease) -> Clearance | None:
        """What a held dispatch intent may be acted on under; None where what its claim asked for
        does not hold any more, or the lease is not held."""
        ...

    async def renew(self, leases: Collection[Lease], until: datetime) -> frozenset[IntentId]:
        """Extend leases; answers those still held."""
        ...

    async def position(self, lease: Lease) -> str | None:
        """Where following goes on, once every commit on its way has ended; None at the beginning,
        or where the lease is not held."""
        ...

    async def become_followed(self, lease: Lease, *, site: str | None) -> bool:
        """Turn a held intent into one to follow, keeping the lease; False if it is not held."""
        ...

    async def become_polled(self, lease: Lease, due_at: datetime) -> bool:
        """Turn a held intent into one to follow that whoever asks its provider may take from a
        time on; False if it is not held."""
        ...

    async def postpone(
        self, lease: Lease, due_at: datetime, *, is_unsent: bool = False, is_counted: bool = True
    ) -> bool:
        """Give up a lease until later; False if it is not held. `is_unsent`: neither this try nor
        one before it can have reached the provider, or it has said that it has nothing of it.
        Without `is_counted` it is no attempt."""
        ...

    async def finish(self, lease: Lease) -> bool:
        """The intent is done; False if the lease is not held."""
        ...

    async def withdraw(self, run_id: RunId) -> bool:
        """Remove the dispatch intent of a run that no node has ever claimed; False otherwise."""
        ...

    async def release_node(self, owner: NodeId) -> None:
        """Free what a former life of this node held."""
        ...

    async def dispatching(self, target: SwitchTarget, now: datetime) -> int:
        """How many runs that a switch is for some node holds to dispatch them."""
        ...

    async def depth(self) -> Mapping[str, int]:
        """Queued dispatches per provider."""
        ...


class FollowingRepository(Protocol):
    """Intents to follow of providers that are asked again and again, each time under a lease."""

    async def due(
        self, providers: Collection[str], now: datetime
    ) -> Mapping[tuple[ProjectId, str], datetime]:
        """By project and provider, when the next one is to be asked after; none for a pair of
        which all are held."""
        ...

    async def claim_due(
        self,
        project_id: ProjectId,
        provider: str,
        *,
        sites: Collection[str],
        owner: NodeId,
        now: datetime,
        until: datetime,
        limit: int,
    ) -> Sequence[Intent]:
        """Take those that are due and free, the most overdue first."""
        ...

    async def give_back(self, returns: Sequence[Return]) -> None:
        """Those that are still held become free until they are due again."""
        ...

    async def looked_at(self, returns: Sequence[Return]) -> None:
        """Nothing of the runs has changed but when they were seen and will be looked at again."""
        ...

    async def hasten(self, run_id: RunId, at: datetime) -> bool:
        """Have it asked after at once, also while it is being asked after. Wakes LOOKS. False
        where nobody follows it."""
        ...

    async def hasten_known(
        self, project_id: ProjectId, provider: str, provider_run_id: str, at: datetime
    ) -> bool:
        """Have a run of the project, by its provider's name for it, asked after at this time at the
        latest, also where it is being asked after now. Wakes LOOKS. False where nobody follows
        one."""
        ...

    async def end(self, run_id: RunId) -> None:
        """Nobody follows the run any more; whoever does so now has lost the lease."""
        ...


class KillSwitchRepository(Protocol):
    async def set(self, switch: KillSwitch) -> None:
        """To be called under the lock of the queue, which every claim holds: whoever claims after
        the commit sees it."""
        ...

    async def get(self, target: SwitchTarget) -> KillSwitch:
        """A switch that was never touched is released."""
        ...

    async def of_projects(
        self, project_ids: Collection[ProjectId]
    ) -> Mapping[ProjectId, Sequence[KillSwitch]]:
        """All that were ever touched and are for the project, or for something of every project."""
        ...

    async def engaged(
        self, among: Collection[ProjectId] | None, limit: int
    ) -> Sequence[KillSwitch]:
        """The newest that are engaged: of no project, and of those among; None meaning all."""
        ...

    async def counts(self) -> Mapping[KillSwitchScope, int]:
        """How many are engaged; a scope without any is left out."""
        ...


class IdempotencyRepository(Protocol):
    async def find(self, project_id: ProjectId, key: str) -> tuple[str, RunId] | None:
        """The digest of the input that came with this key first, and the run it made."""
        ...

    async def add(
        self, project_id: ProjectId, key: str, *, digest: str, run_id: RunId, at: datetime
    ) -> bool:
        """False where the key is taken; the unit is to be rolled back then."""
        ...
