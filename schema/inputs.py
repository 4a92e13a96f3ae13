"""What mutations take, and the commands it becomes."""

from datetime import datetime

import strawberry

from domain.models.commands import (
    CancelRun,
    CreateProject,
    CreateToken,
    LaunchRun,
    RetryRun,
    SetMember,
    SetPolicy,
)
from domain.models.principals import PrincipalKind, Role, TokenScope
from domain.models.providers import EnvProfile
from domain.models.runs import Budget
from schema.ids import to_run_id
from schema.policies import PolicyRuleInput
from schema.times import utc

_KEY = "The same key and input answers with the first result instead of doing it again."


@strawberry.input(description="A new project.")
class ProjectCreateInput:
    """A folder to make a project of."""

    slug: str = strawberry.field(
        description="Short name: 1 to 64 lower-case letters, digits and inner hyphens."
    )
    name: str = strawberry.field(description="Name for people.")
    root_path: str = strawberry.field(description="An existing folder on the server's machine.")

    def to_command(self) -> CreateProject:
        return CreateProject(slug=self.slug, name=self.name, root_path=self.root_path)


@strawberry.input(description="A new API token.")
class TokenCreateInput:
    """Whose, and how much less it may do than they."""

    principal: str = strawberry.field(
        description="Name of whose token it is; a server admin makes the principal if there is "
        "none. 1 to 100 visible characters, and spaces between them."
    )
    kind: PrincipalKind = strawberry.field(description="What the principal is.")
    name: str = strawberry.field(
        description="What the token is for. 1 to 100 visible characters, and spaces between them."
    )
    scopes: list[TokenScope] | None = strawberry.field(
        default=None,
        description="What it lets through; if absent, all that the token that asks lets through.",
    )
    projects: list[str] | None = strawberry.field(
        default=None,
        description="Slugs of the only projects it is for, at most 50; if absent, all that the "
        "token that asks is for.",
    )
    expires_at: datetime | None = strawberry.field(
        default=None,
        description="When it ends; if absent, with the API token that asks, or not by itself.",
    )

    def to_command(self) -> CreateToken:
        """Raises InvalidInput."""
        return CreateToken(
            principal=self.principal,
            kind=self.kind,
            name=self.name,
            scopes=None if self.scopes is None else tuple(self.scopes),
            projects=None if self.projects is None else tuple(self.projects),
            expires_at=utc(self.expires_at, "expiresAt"),
        )


@strawberry.input(description="What a principal is to be in a project.")
class MemberSetInput:
    """All roles at once."""

    project: str = strawberry.field(description="The project's slug.")
    principal: str = strawberry.field(description="The principal's name.")
    roles: list[Role] = strawberry.field(
        description="The roles it has from now on; none end its membership."
    )

    def to_command(self) -> SetMember:
        return SetMember(
            project=self.project, principal=self.principal, roles=frozenset(self.roles)
        )


@strawberry.input(description="The rules that a project is to have, all at once.")
class PolicySetInput:
    """A policy's next version."""

    project: str = strawberry.field(description="The project's slug.")
    rules: list[PolicyRuleInput] = strawberry.field(
        description="At most 200. What no rule matches has to be approved."
    )
    reason: str = strawberry.field(description="Why, for those who look at it later.")
    expected_version: int | None = strawberry.field(
        default=None, description="Refuse unless this version holds; whichever holds if absent."
    )

    def to_command(self) -> SetPolicy:
        return SetPolicy(
            project=self.project,
            rules=tuple(rule.to_rule() for rule in self.rules),
            reason=self.reason,
            expected_version=self.expected_version,
        )


@strawberry.input(description="What a run may use up at most.")
class BudgetInput:
    """As far as the provider tells what it uses."""

    cost_cents: int | None = strawberry.field(
        default=None, description="Money, in cents; not limited if absent."
    )
    tokens: int | None = strawberry.field(
        default=None, description="Tokens of a language model; not limited if absent."
    )

    def to_budget(self) -> Budget:
        return Budget(cost_cents=self.cost_cents, tokens=self.tokens)


@strawberry.input(description="A run to launch. Exactly one of command and prompt.")
class RunLaunchInput:
    """What to run, where, and how."""

    project: str = strawberry.field(description="The project's slug.")
    provider: str | None = strawberry.field(
        default=None, description="The provider's key; the project's default if absent."
    )
    command: list[str] | None = strawberry.field(
        default=None, description="A program and its arguments, started without a shell."
    )
    prompt: str | None = strawberry.field(default=None, description="A text for an agent.")
    cwd: str | None = strawberry.field(
        default=None, description="Working directory inside the project's root, which is default."
    )
    env_profile: EnvProfile | None = strawberry.field(
        default=None, description="Which environment variables it gets; DEFAULT if absent."
    )
    timeout_ms: int | None = strawberry.field(
        default=None, description="Stop it after this long, in ms; the server's default if absent."
    )
    tool_scopes: list[str] | None = strawberry.field(
        default=None, description="What an agent's tools may do."
    )
    artifacts: list[str] | None = strawberry.field(
        default=None,
        description="Globs of the files to be kept of it, relative to the project's root; `**` "
        "stands for folders at any depth. None if absent.",
    )
    budget: BudgetInput | None = strawberry.field(
        default=None, description="What it may use up; not limited if absent."
    )
    feature: str | None = strawberry.field(
        default=None, description="Slug of the feature that it is for."
    )
    reason: str | None = strawberry.field(
        default=None, description="Why, for those who look at it later."
    )
    break_glass: bool | None = strawberry.field(
        default=None,
        description="True, with a reason: ask two elevated approvers to set aside what the policy "
        "says against it.",
    )
    idempotency_key: str | None = strawberry.field(default=None, description=_KEY)

    def to_command(self) -> LaunchRun:
        return LaunchRun(
            project=self.project,
            provider=self.provider,
            command=None if self.command is None else tuple(self.command),
            prompt=self.prompt,
            cwd=self.cwd,
            env_profile=self.env_profile,
            timeout_ms=self.timeout_ms,
            tool_scopes=tuple(self.tool_scopes or ()),
            artifacts=tuple(self.artifacts or ()),
            budget=self.budget.to_budget() if self.budget else None,
            feature=self.feature,
            reason=self.reason,
            break_glass=bool(self.break_glass),
            idempotency_key=self.idempotency_key,
        )


@strawberry.input(description="A run to cancel.")
class RunCancelInput:
    """Which run, and why."""

    id: strawberry.ID = strawberry.field(description="The run.")
    reason: str | None = strawberry.field(
        default=None, description="Why, for those who look at it later."
    )

    def to_command(self) -> CancelRun:
        return CancelRun(run_id=to_run_id(self.id), reason=self.reason)


@strawberry.input(description="A finished run to launch again.")
class RunRetryInput:
    """Which run to repeat."""

    id: strawberry.ID = strawberry.field(description="The run.")
    acknowledge_failure: bool = strawberry.field(
        description="True says that you have seen why it failed; needed for a failed run."
    )
    idempotency_key: str | None = strawberry.field(default=None, description=_KEY)

    def to_command(self) -> RetryRun:
        return RetryRun(
            run_id=to_run_id(self.id),
            acknowledge_failure=self.acknowledge_failure,
            idempotency_key=self.idempotency_key,
        )
