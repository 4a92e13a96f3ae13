"""What is stored, as protocols: one repository a noun. Their docstrings are the contract."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from domain.ids import (
    ChainId,
    DecisionId,
    IntentId,
    NodeId,
    PrincipalId,
    ProjectId,
    RunId,
    TokenId,
)
from domain.models.audit import SEQUENCE_MAX, Attestation, AuditEntry, AuditRecord, ChainHead
from domain.models.decisions import Decision
from domain.models.events import RunEvent, RunFact
from domain.models.intents import Intent, IntentKind, Lease
from domain.models.logs import LogBatch
from domain.models.pages import AuditFilter, LogWindow, RunFilter, Window
from domain.models.principals import Identity, Membership, Principal, Token, TokenKind
from domain.models.projects import Project
from domain.models.runs import Run
from domain.models.subjects import Subject
from domain.queue import Ahead


class ProjectRepository(Protocol):
    async def add(self, project: Project) -> bool:
        """False where the slug is taken."""
        ...

    async def get(self, project_id: ProjectId) -> Project | None: ...
    async def get_many(self, ids: Collection[ProjectId]) -> Mapping[ProjectId, Project]: ...
    async def by_slug(self, slug: str) -> Project | None: ...
    async def ids(self, slugs: Collection[str]) -> Mapping[str, ProjectId]:
        """By slug; a slug that no project has is left out."""
        ...

    async def page(self, window: Window, among: Collection[ProjectId] | None) -> Sequence[Project]:
        """Ordered by slug, which is the key; only those of `among`, None meaning all."""
        ...


class IdentityRepository(Protocol):
    """Principals, their tokens and memberships. What may take a right away wakes GRANTS."""

    async def add_principal(self, principal: Principal) -> bool:
        """False where the name is taken."""
        ...

    async def principal_by_name(self, name: str) -> Principal | None: ...
    async def add_subject(self, subject: Subject, principal_id: PrincipalId) -> bool:
        """Who it is from now on; the principal has to be there when the transaction ends.

        False where that is known: then `by_subject` knows it too.
        """
        ...

    async def by_subject(self, subject: Subject) -> tuple[Principal, tuple[Membership, ...]] | None:
        """A subject's principal and what that is a member of, in one statement."""
        ...

    async def principals(self, ids: Collection[PrincipalId]) -> Mapping[PrincipalId, Principal]: ...
    async def add_token(self, token: Token) -> None: ...
    async def holder(self, digest: str) -> Identity | None:
        """Whoever has the token with this digest, in one statement."""
        ...

    async def holders(self, token_ids: Collection[TokenId]) -> Mapping[TokenId, Identity]:
        """The same for several tokens at once; those that are not stored are left out."""
        ...

    async def token(self, token_id: TokenId) -> Token | None: ...
    async def tokens(
        self, principal_id: PrincipalId, kind: TokenKind, window: Window
    ) -> Sequence[Token]:
        """Newest first, the revoked and expired too; the key is the token's id."""
        ...

    async def count_usable_tokens(
        self, principal_id: PrincipalId, kind: TokenKind, at: datetime
    ) -> int:
        """Neither revoked nor expired. Until the end of the transaction only this one adds any."""
        ...

    async def delete_unusable_tokens(
        self, principal_id: PrincipalId, kind: TokenKind, at: datetime, *, keep: int
    ) -> None:
        """Delete all that are revoked or expired but the newest `keep`."""
        ...

    async def delete_tokens(
        self, principal_id: PrincipalId, kind: TokenKind, name: str
    ) -> None: ...
    async def spend_token(self, token_id: TokenId, at: datetime) -> bool:
        """Use up what can be used once; False where it was used before."""
        ...

    async def note_use(self, token_id: TokenId, at: datetime, *, unless_since: datetime) -> None:
        """Write when a token was used last, unless a use after `unless_since` is known."""
        ...

    async def revoke_token(self, token_id: TokenId, at: datetime) -> None:
        """The first time holds."""
        ...

    async def set_membership(self, membership: Membership) -> None:
        """Without roles there is none."""
        ...

    async def memberships(self, ids: Collection[PrincipalId]) -> Sequence[Membership]:
        """Of these principals."""
        ...

    async def members(self, project_id: ProjectId, window: Window) -> Sequence[Membership]:
        """In the order in which the principals were made; the key is the principal's id."""
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
    ) -> Run | None:
        """Write what differs and append the facts, if the state is still that of `before`.

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

    async def retries(self, run_id: RunId) -> Sequence[Run]: ...
    async def queue_position(self, run: Run) -> int | None:
        """1 for the run of its provider and project that starts next; None unless queued."""
        ...


class EventRepository(Protocol):
    async def after(self, run_id: RunId, sequence: int, limit: int) -> Sequence[RunEvent]:
        """The run's stream behind a sequence: facts and log batches in order, gaps by retention
        told by a LogsExpired. At most `limit` events, and a bounded number of bytes."""
        ...

    async def latest(
        self, run_ids: Collection[RunId], limit: int
    ) -> Mapping[RunId, Sequence[RunEvent]]:
        """The newest facts of several runs, newest first, log batches left out."""
        ...


class LogRepository(Protocol):
    async def append(
        self,
        run_id: RunId,
        outputs: Sequence[LogBatch],
        *,
        redactions: int,
        position: str,
        lease: Lease,
    ) -> bool:
        """Store batches and where following goes on, in one step. Line numbers are given here.

        False: the lease is no longer held, and nothing was stored.
        """
        ...

    async def page(self, run_id: RunId, window: LogWindow) -> Sequence[RunEvent]:
        """Log batches in stream order, also when read backward."""
        ...


class DecisionRepository(Protocol):
    async def add(self, decision: Decision) -> None: ...
    async def get_many(self, ids: Collection[DecisionId]) -> Mapping[DecisionId, Decision]: ...


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
        those of full providers and projects. Only of runs that are QUEUED, and only at these
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

        From now on it belongs to the site: where a run may have been started, nobody elsewhere
        can find out whether it was.
        """
        ...

    async def claim_due(
        self,
        kind: IntentKind,
        *,
        sites: Collection[str],
        owner: NodeId,
        now: datetime,
        until: datetime,
        limit: int,
    ) -> Sequence[Intent]:
        """Take intents of a kind that are due and free, oldest first, at these sites or at none."""
        ...

    async def renew(self, leases: Collection[Lease], until: datetime) -> frozenset[IntentId]:
        """Extend leases; answers those still held."""
        ...

    async def position(self, lease: Lease) -> str | None:
        """Where following goes on, once every commit on its way has ended; None at the beginning,
        or where the lease is not held."""
        ...

    async def become(self, lease: Lease, kind: IntentKind, *, site: str | None) -> bool:
        """Turn a held intent into the next kind, keeping the lease; False if it is not held."""
        ...

    async def postpone(self, lease: Lease, due_at: datetime) -> bool:
        """Give up a lease until later; False if it is not held."""
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

    async def depth(self) -> Mapping[str, int]:
        """Queued dispatches per provider."""
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


class AuditRepository(Protocol):
    """Chains of entries. They are only added: the database itself refuses all else."""

    def add(self, record: AuditRecord) -> None:
        """Have it chained and stored at the end of this unit, and with it or not at all.

        A chain is locked from there to the commit, so that it has one order on every node.
        """
        ...

    async def page(
        self, chain: ChainId, audit_filter: AuditFilter, window: Window
    ) -> Sequence[AuditEntry]:
        """Newest first; the key is the sequence."""
        ...

    async def after(self, chain: ChainId, sequence: int, limit: int) -> Sequence[AuditEntry]:
        """In the order of the chain, as they are stored, whatever has become of them."""
        ...

    async def head(self, chain: ChainId) -> ChainHead | None:
        """None where there is no such chain."""
        ...

    async def chains(self) -> Sequence[ChainId]:
        """All that there should be: of the server, of each project, of whatever was attested."""
        ...

    async def unattested(self, limit: int) -> Sequence[ChainHead]:
        """Heads of chains that are longer than what was attested of them."""
        ...

    async def attest(self, attestation: Attestation) -> None:
        """Keep it, unless there is one for this place already."""
        ...

    async def attestations(
        self, chain: ChainId, after: int, limit: int, *, up_to: int = SEQUENCE_MAX
    ) -> Sequence[Attestation]:
        """Those behind a sequence and up to another, in the order of the chain."""
        ...
