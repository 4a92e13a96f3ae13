"""What mutations take, and the commands it becomes."""

import strawberry

from domain.models.commands import CancelRun, CreateProject, LaunchRun, RetryRun
from domain.models.providers import EnvProfile
from schema.ids import to_run_id

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
    reason: str | None = strawberry.field(
        default=None, description="Why, for those who look at it later."
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
            reason=self.reason,
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
