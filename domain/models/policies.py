"""A project's policy: ordered rules for what may be dispatched, as data, in versions."""

from dataclasses import asdict, dataclass, field
from datetime import datetime
from enum import StrEnum

from domain.digest import digest
from domain.ids import PrincipalId, ProjectId
from domain.models.decisions import ApprovalRequirement, RiskLevel
from domain.models.invocations import CommandClass
from domain.models.principals import Role
from domain.models.providers import EnvProfile
from domain.models.runs import Budget, RunKind


class PolicyEffect(StrEnum):
    """What a rule does to what it matches."""

    ALLOW = "ALLOW"
    REQUIRE_APPROVAL = "REQUIRE_APPROVAL"
    DENY = "DENY"


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyMatch:
    """What a rule is about: every field that is given must match, and one of its values is enough.

    Texts are globs (`*`, `?`, `[...]`), compared with regard to case. Where a dispatch has several
    of a thing (arguments, paths, tool scopes), a rule that restricts matches if one of them does;
    a rule that allows matches only if all of them do.
    """

    providers: tuple[str, ...] = ()
    kinds: tuple[RunKind, ...] = ()
    programs: tuple[str, ...] = ()
    subcommands: tuple[str, ...] = ()
    options: tuple[str, ...] = ()
    arguments: tuple[str, ...] = ()
    """Against each argument, and against all of them joined by spaces."""
    paths: tuple[str, ...] = ()
    classes: tuple[CommandClass, ...] = ()
    outside_workspace: bool | None = None
    """Whether a path leads out of the project's root."""
    prompts: tuple[str, ...] = ()
    tool_scopes: tuple[str, ...] = ()
    env_profiles: tuple[EnvProfile, ...] = ()
    folders: tuple[str, ...] = ()
    """Against the working directory, relative to the project's root: `.` is the root itself."""
    features: tuple[str, ...] = ()
    requester_roles: tuple[Role, ...] = ()
    cost_cents_above: int | None = None
    """A budget of more than this, or none at all."""


ANYTHING = PolicyMatch()


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyRule:
    """One rule. `risk` can only raise what is seen in the command itself."""

    name: str
    match: PolicyMatch = ANYTHING
    effect: PolicyEffect
    risk: RiskLevel | None = None
    approval: ApprovalRequirement | None = None
    grants_network: bool = False
    explanation: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """A version of a project's rules. Version 1 is the one that the workbench brings along."""

    project_id: ProjectId
    version: int
    rules: tuple[PolicyRule, ...]
    reason: str | None = None
    set_by: PrincipalId | None = None
    set_at: datetime

    @property
    def digest(self) -> str:
        """Hex SHA-256 of the rules in their order, whatever the version."""
        return digest({"rules": [asdict(rule) for rule in self.rules]})


@dataclass(frozen=True, slots=True, kw_only=True)
class StepTerms:
    """What a workflow says of one of its steps, besides what it does."""

    risk: RiskLevel | None = None
    """The least that it is taken for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DispatchRequest:
    """All that a policy looks at: what is to be dispatched, where to, and for whom."""

    project_id: ProjectId
    provider: str
    kind: RunKind
    root_path: str
    command: tuple[str, ...] = ()
    prompt: str | None = None
    cwd: str
    env_profile: EnvProfile
    tool_scopes: tuple[str, ...] = ()
    feature: str | None = None
    requester_roles: frozenset[Role] = field(default=frozenset())
    artifacts: tuple[str, ...] = ()
    budget: Budget | None = None
    step: StepTerms | None = None
    """Of what a workflow dispatches: there HIGH risk is never allowed without an approval."""
