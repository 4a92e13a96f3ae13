"""The audit log of a project, as its administrators see it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final, Self, cast

import orjson
import strawberry
from strawberry.scalars import JSON

from domain.errors import ErrorCode, InvalidInput
from domain.ids import DecisionId, PrincipalId
from domain.models import audit as domain
from domain.models import pages
from domain.models.audit import AuditAction, AuditResult, SubjectKind
from domain.validation import check_text
from resolvers.paging import CONTAINS_CHARACTERS_MAX
from schema.actors import Actor, load_actor
from schema.decisions import PolicyDecision
from schema.ids import global_id, split
from schema.info import Info
from schema.times import utc

KINDS: Final[Mapping[SubjectKind, str]] = {
    SubjectKind.PROJECT: "Project",
    SubjectKind.PRINCIPAL: "Actor",
    SubjectKind.TOKEN: "ApiToken",
    SubjectKind.RUN: "Run",
    SubjectKind.WORKFLOW: "Workflow",
    SubjectKind.WORKFLOW_RUN: "WorkflowRun",
    SubjectKind.STEP_RUN: "StepRun",
    SubjectKind.KILL_SWITCH: "KillSwitch",
    SubjectKind.PROVIDER: "Provider",
    SubjectKind.CREDENTIAL: "Credential",
    SubjectKind.SECRET_KEYS: "SecretKeys",
    SubjectKind.APPROVAL: "Approval",
    SubjectKind.DELEGATION: "Delegation",
    SubjectKind.FEATURE: "Feature",
    SubjectKind.AUDIT_LOG: "Project",
}
"""What the ids of each kind of subject are called in the API."""


@strawberry.input(description="Which entries of an audit log; every field given must match.")
class AuditFilter:
    """A narrowing of a project's audit log."""

    actions: list[AuditAction] | None = strawberry.field(
        default=None, name="action", description="One of these actions."
    )
    actor: strawberry.ID | None = strawberry.field(default=None, description="By this principal.")
    subject: strawberry.ID | None = strawberry.field(
        default=None, description="About the thing with this id, or of this name if it has none."
    )
    since: datetime | None = strawberry.field(
        default=None, name="from", description="At this time or after it."
    )
    until: datetime | None = strawberry.field(
        default=None, name="to", description="Before this time."
    )
    results: list[AuditResult] | None = strawberry.field(
        default=None, name="result", description="With one of these results."
    )

    def to_filter(self) -> pages.AuditFilter:
        """Raises InvalidInput."""
        for name, values in (("action", self.actions), ("result", self.results)):
            if values is not None and len(values) > len(AuditAction):
                raise InvalidInput(f"At most {len(AuditAction)} values.", "filter", name)
        check_text(self.actor, CONTAINS_CHARACTERS_MAX, "filter", "actor")
        check_text(self.subject, CONTAINS_CHARACTERS_MAX, "filter", "subject")
        actor = None if self.actor is None else PrincipalId(_key(self.actor))
        return pages.AuditFilter(
            actions=tuple(self.actions or ()),
            actor_id=actor,
            subject=None if self.subject is None else _key(self.subject),
            since=utc(self.since, "filter", "from"),
            until=utc(self.until, "filter", "to"),
            results=tuple(self.results or ()),
        )


@strawberry.type(description="What an entry of the audit log is about.")
class AuditSubject:
    """By id where it has one, else by the name that was given."""

    kind: SubjectKind = strawberry.field(description="What kind of thing it is.")
    id: strawberry.ID | None = strawberry.field(description="Its id, where it has one.")
    name: str | None = strawberry.field(
        description="What it was called then; shortened, and escaped where it has no shape."
    )


@strawberry.type(description="Who did what, on what, and how it ended. Never changed or removed.")
class AuditEntry:
    """One link of a chain: its hash covers the one before."""

    told: strawberry.Private[Mapping[str, Any]]
    sequence: int = strawberry.field(description="Its number in the project's chain, from 1.")
    hash: str = strawberry.field(
        description="SHA-256 over its content and the hash of the entry before, in hex."
    )
    at: datetime = strawberry.field(description="When.")
    action: AuditAction = strawberry.field(description="What was done, or tried.")
    result: AuditResult = strawberry.field(description="How it ended.")
    code: ErrorCode | None = strawberry.field(description="Why not, where it was not done.")
    subject: AuditSubject = strawberry.field(description="What it was done to.")
    before: JSON | None = strawberry.field(description="What it changed, as it was before.")
    after: JSON | None = strawberry.field(description="What it changed, as it was afterwards.")
    address: str | None = strawberry.field(description="The network address it came from.")
    request_id: str | None = strawberry.field(
        description="The request's id, as in the log and in the answer's header X-Request-Id."
    )
    token_id: strawberry.ID | None = strawberry.field(
        description="The token it was done with; null for the server itself."
    )

    @strawberry.field(description="Who did it; null for the server itself.")
    async def actor(self, info: Info) -> Actor | None:
        actor = self.told["actor"]
        return None if actor is None else await load_actor(info, PrincipalId(actor))

    @strawberry.field(description="What the policy said, where it was asked.")
    async def decision(self, info: Info) -> PolicyDecision | None:
        if self.told["decision"] is None:
            return None
        key = DecisionId(self.told["decision"])
        found = await info.context.loaders.decisions.load(key)
        return None if found is None else PolicyDecision.of(found)

    @classmethod
    def of(cls, entry: domain.AuditEntry) -> Self:
        """From what was hashed, and not from the columns beside it."""
        told = orjson.loads(entry.body)
        token = told["token"]
        return cls(
            told=told,
            sequence=entry.sequence,
            hash=entry.hash,
            at=datetime.fromisoformat(told["at"]),
            action=AuditAction(told["action"]),
            result=AuditResult(told["result"]),
            code=None if told["code"] is None else ErrorCode(told["code"]),
            subject=_subject(told["subject"]),
            before=cast("JSON | None", told["before"]),
            after=cast("JSON | None", told["after"]),
            address=told["address"],
            request_id=told["request"],
            token_id=None if token is None else global_id("ApiToken", token),
        )


def _subject(told: Mapping[str, Any]) -> AuditSubject:
    kind, key = SubjectKind(told["kind"]), told["id"]
    return AuditSubject(
        kind=kind,
        id=None if key is None else global_id(KINDS[kind], key),
        name=told["name"],
    )


def _key(given: str) -> str:
    """What an id of ours stands for; a name is taken as it is."""
    found = split(given)
    return given if found is None else found[1]
