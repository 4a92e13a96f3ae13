"""A project's policy and its rules, as they are read and as they are given."""

from datetime import datetime
from typing import Any, Self

import strawberry

from domain.models import decisions as domain_decisions
from domain.models import policies as domain
from domain.models.decisions import ExpiryAction, RiskLevel
from domain.models.invocations import CommandClass
from domain.models.policies import PolicyEffect
from domain.models.principals import Role
from domain.models.projects import Project
from domain.models.providers import EnvProfile
from domain.models.runs import RunKind
from resolvers import policies
from schema.actors import Actor, load_actor
from schema.cursors import list_cursor, list_number
from schema.decisions import ApprovalRequirement
from schema.info import Info
from schema.paging import After, Connection, First

_PATHS = "Globs; paths that it names, also where it writes to."
_OPTIONS = "Globs; options one by one and without values: -rf is -r and -f."
_ARGUMENTS = "Globs; each argument, or all of them joined by spaces."
_FOLDERS = "Globs; the working directory from the project's root on, which is `.` itself."
_COST = "The budget is more than this, in cents, or there is none."


@strawberry.type(description="What a rule is about: all that is given must match.")
class PolicyMatch:
    """Of a field with several values one is enough; a field without any says nothing."""

    providers: list[str] = strawberry.field(description="Globs; the provider's key.")
    kinds: list[RunKind] = strawberry.field(description="What is handed over.")
    programs: list[str] = strawberry.field(
        description="Globs; base names of the programs that start, wrappers seen through."
    )
    subcommands: list[str] = strawberry.field(description="Globs; such as push of git.")
    options: list[str] = strawberry.field(description=_OPTIONS)
    arguments: list[str] = strawberry.field(description=_ARGUMENTS)
    paths: list[str] = strawberry.field(description=_PATHS)
    classes: list[CommandClass] = strawberry.field(description="What kind of thing it does.")
    outside_workspace: bool | None = strawberry.field(
        description="Whether a path leads out of the project's root; null: either."
    )
    prompts: list[str] = strawberry.field(description="Globs; the whole text for an agent.")
    tool_scopes: list[str] = strawberry.field(description="Globs; what an agent's tools may do.")
    env_profiles: list[EnvProfile] = strawberry.field(description="Environment variables it gets.")
    folders: list[str] = strawberry.field(description=_FOLDERS)
    features: list[str] = strawberry.field(description="Globs; the slug of the feature.")
    requester_roles: list[Role] = strawberry.field(description="A role of who asks.")
    cost_cents_above: int | None = strawberry.field(description=_COST)

    @classmethod
    def of(cls, match: domain.PolicyMatch) -> Self:
        return cls(
            providers=list(match.providers),
            kinds=list(match.kinds),
            programs=list(match.programs),
            subcommands=list(match.subcommands),
            options=list(match.options),
            arguments=list(match.arguments),
            paths=list(match.paths),
            classes=list(match.classes),
            outside_workspace=match.outside_workspace,
            prompts=list(match.prompts),
            tool_scopes=list(match.tool_scopes),
            env_profiles=list(match.env_profiles),
            folders=list(match.folders),
            features=list(match.features),
            requester_roles=list(match.requester_roles),
            cost_cents_above=match.cost_cents_above,
        )


@strawberry.type(description="One rule of a policy.")
class PolicyRule:
    """The most severe of those that match decides, wherever it stands."""

    name: str = strawberry.field(description="Its name, the only one of its policy.")
    match: PolicyMatch = strawberry.field(description="What it is about.")
    effect: PolicyEffect = strawberry.field(description="What it does to that.")
    risk: RiskLevel | None = strawberry.field(
        description="How much harm that could do at the least; it never lowers what is seen."
    )
    approval: ApprovalRequirement | None = strawberry.field(
        description="Who has to approve; null: one APPROVER, where it requires an approval."
    )
    grants_network: bool = strawberry.field(
        description="Whether what it matches gets the network in a sandbox without one."
    )
    explanation: str | None = strawberry.field(description="Why, for people.")

    @classmethod
    def of(cls, rule: domain.PolicyRule) -> Self:
        return cls(
            name=rule.name,
            match=PolicyMatch.of(rule.match),
            effect=rule.effect,
            risk=rule.risk,
            approval=ApprovalRequirement.of(rule.approval) if rule.approval else None,
            grants_network=rule.grants_network,
            explanation=rule.explanation,
        )


@strawberry.type(description="A version of a project's rules for what may be dispatched.")
class Policy:
    """Versions are never changed."""

    value: strawberry.Private[domain.Policy]
    version: int = strawberry.field(description="From 1 on, which the workbench brings along.")
    rules: list[PolicyRule] = strawberry.field(description="Its rules; what none matches is asked.")
    reason: str | None = strawberry.field(description="Why it was set, as was said then.")
    set_at: datetime = strawberry.field(description="When it was set.")

    @strawberry.field(description="Who set it; null for what the workbench brings along.")
    async def set_by(self, info: Info) -> Actor | None:
        actor = self.value.set_by
        return None if actor is None else await load_actor(info, actor)

    @classmethod
    def of(cls, policy: domain.Policy) -> Self:
        return cls(
            value=policy,
            version=policy.version,
            rules=[PolicyRule.of(rule) for rule in policy.rules],
            reason=policy.reason,
            set_at=policy.set_at,
        )


@strawberry.type
class Governed:
    """Fields of a project."""

    value: strawberry.Private[Project]

    @strawberry.field(description="The rules for what may be dispatched, as they hold now.")
    async def policy(self, info: Info) -> Policy:
        return Policy.of(await policies.current(info.context, self.value))

    @strawberry.field(description="All that its policy has been, newest first.")
    async def policy_versions(
        self, info: Info, first: First = None, after: After = None
    ) -> Connection[Policy]:
        scope = f"policies:{self.value.id}"
        page = await policies.listed(info.context, self.value.id, first, list_number(after, scope))
        return Connection.of(page, Policy.of, lambda p: list_cursor(scope, str(p.version)))


@strawberry.input(description="What a rule is about: all that is given must match.")
class PolicyMatchInput:
    """Of a field with several values one is enough; nothing at all matches everything."""

    providers: list[str] | None = strawberry.field(
        default=None, description="Globs; the provider's key."
    )
    kinds: list[RunKind] | None = strawberry.field(default=None, description="What is handed over.")
    programs: list[str] | None = strawberry.field(
        default=None,
        description="Globs; base names of the programs that start, wrappers seen through. `*` is "
        "any, also one that cannot be known, and no program at all.",
    )
    subcommands: list[str] | None = strawberry.field(
        default=None, description="Globs; such as push of git."
    )
    options: list[str] | None = strawberry.field(default=None, description=_OPTIONS)
    arguments: list[str] | None = strawberry.field(default=None, description=_ARGUMENTS)
    paths: list[str] | None = strawberry.field(default=None, description=_PATHS)
    classes: list[CommandClass] | None = strawberry.field(
        default=None, description="What kind of thing it does."
    )
    outside_workspace: bool | None = strawberry.field(
        default=None, description="Whether a path leads out of the project's root."
    )
    prompts: list[str] | None = strawberry.field(
        default=None, description="Globs; the whole text for an agent."
    )
    tool_scopes: list[str] | None = strawberry.field(
        default=None, description="Globs; what an agent's tools may do."
    )
    env_profiles: list[EnvProfile] | None = strawberry.field(
        default=None, description="Environment variables it gets."
    )
    folders: list[str] | None = strawberry.field(default=None, description=_FOLDERS)
    features: list[str] | None = strawberry.field(
        default=None, description="Globs; the slug of the feature."
    )
    requester_roles: list[Role] | None = strawberry.field(
        default=None, description="A role of who asks."
    )
    cost_cents_above: int | None = strawberry.field(default=None, description=_COST)

    def to_match(self) -> domain.PolicyMatch:
        given: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value
            for name, value in vars(self).items()
            if value is not None
        }
        return domain.PolicyMatch(**given)


@strawberry.input(description="Who has to approve.")
class ApprovalRequirementInput:
    """So many different people, within this time."""

    role: Role = strawberry.field(description="APPROVER or ELEVATED_APPROVER.")
    count: int = strawberry.field(default=1, description="How many different people; 1 to 20.")
    expires_ms: int | None = strawberry.field(
        default=None, description="It lapses after this long, in ms; the server's bound if absent."
    )
    escalate_ms: int | None = strawberry.field(
        default=None, description="After this long, in ms, an elevated approver is asked instead."
    )
    on_expiry: ExpiryAction = strawberry.field(
        default=ExpiryAction.CANCEL, description="What becomes of it when it lapses."
    )

    def to_requirement(self) -> domain_decisions.ApprovalRequirement:
        return domain_decisions.ApprovalRequirement(
            role=self.role,
            count=self.count,
            expires_ms=self.expires_ms,
            escalate_ms=self.escalate_ms,
            on_expiry=self.on_expiry,
        )


@strawberry.input(description="One rule of a policy.")
class PolicyRuleInput:
    """As PolicyRule, which can be sent back as it was read."""

    name: str = strawberry.field(description="1 to 100 characters; the only one of its policy.")
    match: PolicyMatchInput = strawberry.field(description="What it is about.")
    effect: PolicyEffect = strawberry.field(description="What it does to that.")
    risk: RiskLevel | None = strawberry.field(
        default=None, description="How much harm that could do at the least."
    )
    approval: ApprovalRequirementInput | None = strawberry.field(
        default=None,
        description="Who has to approve; one APPROVER if absent. With REQUIRE_APPROVAL only.",
    )
    grants_network: bool = strawberry.field(
        default=False,
        description="Whether what it matches gets the network in a sandbox without one.",
    )
    explanation: str | None = strawberry.field(default=None, description="Why, for people.")

    def to_rule(self) -> domain.PolicyRule:
        return domain.PolicyRule(
            name=self.name,
            match=self.match.to_match(),
            effect=self.effect,
            risk=self.risk,
            approval=self.approval.to_requirement() if self.approval else None,
            grants_network=self.grants_network,
            explanation=self.explanation,
        )
