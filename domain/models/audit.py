"""What the audit log keeps: who did what, on what, and how it ended; chained by SHA-256."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Final, NamedTuple

from domain.digest import canonical, sha256
from domain.errors import ErrorCode
from domain.ids import ChainId, DecisionId, PrincipalId, ProjectId
from domain.models.principals import Membership, Principal, Role, Token

SERVER_CHAIN: Final = ChainId("server")
"""Of what belongs to no project."""
FIRST_PREVIOUS: Final = "0" * 64
"""What a chain's first entry has instead of the hash of the one before."""
NAME_CHARACTERS_KEPT: Final = 100
SEQUENCE_MAX: Final = 2**63 - 1
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND: Final = timedelta(microseconds=1)

Facts = Mapping[str, object]
"""What is worth knowing of a thing, as JSON: text, numbers, booleans, lists. Never a secret."""


class AuditAction(StrEnum):
    """What somebody did, or tried to."""

    PROJECT_CREATE = "PROJECT_CREATE"
    PROJECT_SETTINGS_UPDATE = "PROJECT_SETTINGS_UPDATE"
    POLICY_SET = "POLICY_SET"
    MEMBER_SET = "MEMBER_SET"
    PRINCIPAL_CREATE = "PRINCIPAL_CREATE"
    TOKEN_CREATE = "TOKEN_CREATE"  # noqa: S105 - the name of an action
    TOKEN_REVOKE = "TOKEN_REVOKE"  # noqa: S105 - the name of an action
    LINK_CREATE = "LINK_CREATE"
    SIGN_IN = "SIGN_IN"
    SIGN_OUT = "SIGN_OUT"
    KILL_SWITCH_SET = "KILL_SWITCH_SET"
    PROVIDER_CONFIGURE = "PROVIDER_CONFIGURE"
    PROVIDER_CHECK = "PROVIDER_CHECK"
    CREDENTIAL_SET = "CREDENTIAL_SET"
    CREDENTIAL_DELETE = "CREDENTIAL_DELETE"
    KEYS_ROTATE = "KEYS_ROTATE"
    RUN_LAUNCH = "RUN_LAUNCH"
    RUN_CANCEL = "RUN_CANCEL"
    RUN_RETRY = "RUN_RETRY"
    RUN_REROUTE = "RUN_REROUTE"
    RUN_RECONCILE = "RUN_RECONCILE"
    RUN_ANSWER = "RUN_ANSWER"
    RUN_DISPATCH = "RUN_DISPATCH"
    RUN_REDECIDE = "RUN_REDECIDE"
    WORKFLOW_START = "WORKFLOW_START"
    WORKFLOW_RUN_PAUSE = "WORKFLOW_RUN_PAUSE"
    WORKFLOW_RUN_RESUME = "WORKFLOW_RUN_RESUME"
    WORKFLOW_RUN_CANCEL = "WORKFLOW_RUN_CANCEL"
    WORKFLOW_RUN_REPLAN = "WORKFLOW_RUN_REPLAN"
    WORKFLOW_RUN_CHANGE = "WORKFLOW_RUN_CHANGE"
    STEP_RUN_RETRY = "STEP_RUN_RETRY"
    STEP_RUN_SKIP = "STEP_RUN_SKIP"
    STEP_RUN_CHANGE = "STEP_RUN_CHANGE"
    APPROVAL_REQUEST = "APPROVAL_REQUEST"
    APPROVAL_DECIDE = "APPROVAL_DECIDE"
    APPROVAL_EXPIRE = "APPROVAL_EXPIRE"
    APPROVAL_ESCALATE = "APPROVAL_ESCALATE"
    APPROVAL_VOID = "APPROVAL_VOID"
    APPROVAL_DELEGATE = "APPROVAL_DELEGATE"
    DELEGATION_REVOKE = "DELEGATION_REVOKE"
    BREAK_GLASS_REQUEST = "BREAK_GLASS_REQUEST"
    BREAK_GLASS_DECIDE = "BREAK_GLASS_DECIDE"
    FEATURE_UPSERT = "FEATURE_UPSERT"
    FEATURE_SCAN = "FEATURE_SCAN"
    WORKFLOW_CREATE = "WORKFLOW_CREATE"
    WORKFLOW_REVISE = "WORKFLOW_REVISE"
    AUDIT_EXPORT = "AUDIT_EXPORT"
    REFUSALS_OMITTED = "REFUSALS_OMITTED"


class SubjectKind(StrEnum):
    """What kind of thing something was done to."""

    PROJECT = "PROJECT"
    PRINCIPAL = "PRINCIPAL"
    TOKEN = "TOKEN"  # noqa: S105 - the name of a kind
    RUN = "RUN"
    WORKFLOW_RUN = "WORKFLOW_RUN"
    STEP_RUN = "STEP_RUN"
    KILL_SWITCH = "KILL_SWITCH"
    PROVIDER = "PROVIDER"
    CREDENTIAL = "CREDENTIAL"
    SECRET_KEYS = "SECRET_KEYS"  # noqa: S105 - the name of a kind
    APPROVAL = "APPROVAL"
    DELEGATION = "DELEGATION"
    FEATURE = "FEATURE"
    WORKFLOW = "WORKFLOW"
    AUDIT_LOG = "AUDIT_LOG"


class AuditResult(StrEnum):
    """How it ended. What was denied or has failed changed nothing."""

    DONE = "DONE"
    DENIED = "DENIED"
    FAILED = "FAILED"


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Where a request came from, as far as that is known."""

    address: str | None = None
    request_id: str | None = None


UNKNOWN_ORIGIN: Final = Origin()


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Who asks for something, by which token, and from where; with the roles that are theirs."""

    principal: Principal
    token: Token | None = None
    origin: Origin = UNKNOWN_ORIGIN
    memberships: tuple[Membership, ...] = ()

    @property
    def token_maker(self) -> PrincipalId | None:
        """Who else may have the text of the token."""
        return self.token.made_by if self.token else None

    def roles_in(self, project_id: ProjectId) -> frozenset[Role]:
        """None for who administers the server and is no member."""
        held = [m.roles for m in self.memberships if m.project_id == project_id]
        return frozenset[Role]().union(*held)


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditSubject:
    """What something was done to: by id, or by the name that was given where there is none."""

    kind: SubjectKind
    id: str | None = None
    name: str | None = None

    @property
    def key(self) -> str:
        """What entries about it are found by."""
        return self.id or shown(self.name or "")


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditRecord:
    """An entry before it has its place in a chain. Without a caller it was the server itself."""

    chain: ChainId
    at: datetime
    caller: Caller | None
    action: AuditAction
    subject: AuditSubject
    before: Facts | None = None
    after: Facts | None = None
    decision_id: DecisionId | None = None
    result: AuditResult = AuditResult.DONE
    code: ErrorCode | None = None

    @property
    def actor_id(self) -> PrincipalId | None:
        return self.caller.principal.id if self.caller else None

    @property
    def body(self) -> str:
        """The canonical JSON that is hashed; docs/reference/audit.md has its format."""
        caller = self.caller
        origin = caller.origin if caller else UNKNOWN_ORIGIN
        return canonical(
            {
                "action": self.action,
                "actor": self.actor_id,
                "address": origin.address,
                "after": self.after,
                "at": instant(self.at),
                "before": self.before,
                "code": self.code,
                "decision": self.decision_id,
                "request": origin.request_id,
                "result": self.result,
                "subject": {
                    "id": self.subject.id,
                    "kind": self.subject.kind,
                    "name": None if self.subject.name is None else shown(self.subject.name),
                },
                "token": caller.token.id if caller and caller.token else None,
            }
        )


class AuditEntry(NamedTuple):
    """A record in its place. The columns besides `body` are there to be found by, and repeat it."""

    chain: ChainId
    sequence: int
    at: datetime
    action: str
    actor_id: str | None
    subject: str
    result: str
    body: str
    hash: str


AuditLink = tuple[int, int, str, str | None, str, str, str, str]
"""An entry as it is stored: sequence, microseconds since 1970, action, actor, subject, result, body
and hash. A bare tuple, since a million of them are read to prove a chain."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainHead:
    """How far a chain has come: the sequence and hash of its newest entry; 0 for an empty one.
    `attested` is how much of it was attested."""

    chain: ChainId
    sequence: int = 0
    hash: str = FIRST_PREVIOUS
    attested: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditSpan:
    """Where a chain tells of some subjects: from its first entry about one of them to the last one,
    with others in between. `entries` counts those about them."""

    first: AuditEntry
    last: AuditEntry
    entries: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Attestation:
    """A signed statement that the chain was so long at that time, and what its newest hash was.

    `key` and `signature` are hex: an Ed25519 public key, and what it signed `message` with.
    """

    chain: ChainId
    sequence: int
    hash: str
    at: datetime
    key: str
    signature: str = field(repr=False)

    @property
    def message(self) -> str:
        return attested_text(self.chain, self.sequence, self.hash, self.at)


def chain_of(project_id: ProjectId | None) -> ChainId:
    return SERVER_CHAIN if project_id is None else ChainId(project_id)


def chained(chain: ChainId, sequence: int, previous: str, body: str) -> str:
    """The hash of an entry, in hex. The database computes the same when it stores one."""
    return sha256(f"{chain}:{sequence}:{previous}:{body}")


def attested_text(chain: ChainId, sequence: int, newest: str, at: datetime) -> str:
    """What is signed: canonical JSON."""
    return canonical({"at": instant(at), "chain": chain, "hash": newest, "sequence": sequence})


def instant(at: datetime) -> str:
    """ISO 8601 in UTC with microseconds, always of the same length."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def microseconds(text: str) -> int:
    """Since 1970, of a time as `instant` writes it."""
    return (datetime.fromisoformat(text) - EPOCH) // MICROSECOND


def shown(name: str) -> str:
    """A name as somebody gave it, made fit to be stored: short, and without what has no shape."""
    kept = name[:NAME_CHARACTERS_KEPT]
    return kept if kept.isprintable() else ascii(kept)
