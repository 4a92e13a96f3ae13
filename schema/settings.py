"""What a project is set to, and how that is changed."""

from collections.abc import Collection
from typing import Any, Final, Self

import strawberry

from domain.errors import InvalidInput
from domain.ids import ProjectId
from domain.models import settings as domain
from domain.models.commands import UNCHANGED, Limit, UpdateSandbox, UpdateSettings
from domain.models.sandbox import SandboxSettings
from domain.models.settings import FeatureFlag, ProviderFallback
from resolvers import kill_switches
from schema.info import Info
from schema.kill_switches import KillSwitch

MIB: Final = 1 << 20


@strawberry.type(description="Which parts of the workbench are on.")
class FeatureFlags:
    """One field a flag."""

    connectors: bool = strawberry.field(description="Runs on providers beyond this machine.")
    orchestration: bool = strawberry.field(description="Workflows of several steps.")
    sdk_steps: bool = strawberry.field(description="Steps of workflows that agents take.")

    @classmethod
    def without(cls, disabled: Collection[FeatureFlag]) -> Self:
        return cls(
            connectors=FeatureFlag.CONNECTORS not in disabled,
            orchestration=FeatureFlag.ORCHESTRATION not in disabled,
            sdk_steps=FeatureFlag.SDK_STEPS not in disabled,
        )


@strawberry.type(description="What a project may use up.")
class Budgets:
    """Limits that stand above what a single run asks for."""

    cost_cents_per_run: int | None = strawberry.field(
        description="What one run may cost at most, in cents; null where there is no limit. It is "
        "for providers that tell what a run costs, which the machine of the server does not."
    )


@strawberry.type(description="How a project holds in what runs on the server's machine.")
class ProjectSandbox:
    """Whether in a sandbox, and what a run may take."""

    required: bool = strawberry.field(
        description="Whether its runs change nothing of the machine but the project's root, and "
        "see nothing besides but the system's programs. Where the machine has no sandbox, they "
        "are refused."
    )
    cpu_ms: int | None = strawberry.field(
        description="How long each process of a run may compute, in ms; null for no limit."
    )
    memory_mib: int | None = strawberry.field(
        description="How much memory each process of a run may have, in MiB; null for no limit."
    )
    processes: int | None = strawberry.field(
        description="How many processes and threads a run may have; null for no limit."
    )
    open_files: int | None = strawberry.field(
        description="How many files each process may have open; null for no limit."
    )

    @classmethod
    def of(cls, sandbox: SandboxSettings) -> Self:
        return cls(
            required=sandbox.is_required,
            cpu_ms=sandbox.cpu_s and sandbox.cpu_s * 1000,
            memory_mib=sandbox.memory_bytes and sandbox.memory_bytes // MIB,
            processes=sandbox.processes,
            open_files=sandbox.open_files,
        )


@strawberry.type(description="What a project is set to.")
class ProjectSettings:
    """Settings that hold for all runs of a project."""

    of_project: strawberry.Private[ProjectId]

    default_provider: str = strawberry.field(
        description="Key of the provider of a run that names none."
    )
    fallback: ProviderFallback = strawberry.field(
        description="Where a command goes whose provider cannot be reached. Only what the provider "
        "has surely not got goes elsewhere, decided on afresh; never what it refused."
    )
    self_approval: bool = strawberry.field(
        description="Whether people may approve what they asked for themselves, up to a medium "
        "risk: for those who work alone."
    )
    strict_approvers: bool = strawberry.field(
        description="Whether an account or a token counts as in the hand of whoever made it: what "
        "one hand asked for no account of the same hand approves, and a HIGH risk no service "
        "account. Meant for people who come with OpenID Connect."
    )
    resume_interrupted: bool = strawberry.field(
        description="Whether a workflow run goes on by itself where a step was INTERRUPTED: the "
        "step is tried once more, decided on afresh, up to 5 attempts in all. Otherwise, and after "
        "those, the run is PAUSED until somebody resumes it."
    )
    flags: FeatureFlags = strawberry.field(
        description="Which parts of the workbench the project lets itself use. What the server "
        "has off (serverInfo) is off in every project."
    )
    retention_days: int | None = strawberry.field(
        description="How many days the log and the artifacts of a run are kept after its end; "
        "null for always. What is over is removed within an hour, and streams tell what is missing."
    )
    budgets: Budgets = strawberry.field(description="What the project may use up.")
    sandbox: ProjectSandbox = strawberry.field(
        description="How what runs on the server's machine is held in."
    )
    version: int = strawberry.field(description="Rises by 1 with every change, from 1.")

    @strawberry.field(description="The project's own kill switch.")
    async def kill_switch(self, info: Info) -> KillSwitch:
        return KillSwitch.of(await kill_switches.of_project(info.context, self.of_project))

    @classmethod
    def of(cls, project_id: ProjectId, settings: domain.ProjectSettings) -> Self:
        return cls(
            of_project=project_id,
            default_provider=settings.default_provider,
            fallback=settings.fallback,
            self_approval=settings.self_approval,
            strict_approvers=settings.strict_approvers,
            resume_interrupted=settings.resume_interrupted,
            flags=FeatureFlags.without(settings.disabled),
            retention_days=settings.retention_days,
            budgets=Budgets(cost_cents_per_run=settings.cost_cents_per_run),
            sandbox=ProjectSandbox.of(settings.sandbox),
            version=settings.version,
        )


@strawberry.input(description="Flags to turn on or off; the others stay as they are.")
class FeatureFlagsInput:
    """One field a flag."""

    connectors: bool | None = strawberry.field(
        default=strawberry.UNSET, description="Runs on providers beyond this machine."
    )
    orchestration: bool | None = strawberry.field(
        default=strawberry.UNSET, description="Workflows of several steps."
    )
    sdk_steps: bool | None = strawberry.field(
        default=strawberry.UNSET, description="Steps of workflows that agents take."
    )

    def to_flags(self) -> dict[FeatureFlag, bool]:
        """Raises InvalidInput."""
        given = {
            FeatureFlag.CONNECTORS: _present(self.connectors, "flags", "connectors"),
            FeatureFlag.ORCHESTRATION: _present(self.orchestration, "flags", "orchestration"),
            FeatureFlag.SDK_STEPS: _present(self.sdk_steps, "flags", "sdkSteps"),
        }
        return {flag: is_on for flag, is_on in given.items() if is_on is not None}


@strawberry.input(description="Budgets to change; the others stay as they are.")
class BudgetsInput:
    """Null takes a limit away."""

    cost_cents_per_run: int | None = strawberry.field(
        default=strawberry.UNSET,
        description="What one run may cost at most, in cents, from 1; null for no limit.",
    )


@strawberry.input(description="What to change of the sandbox; the rest stays as it is.")
class ProjectSandboxInput:
    """Null takes a limit away."""

    required: bool | None = strawberry.field(
        default=strawberry.UNSET, description="Whether runs have to be in a sandbox."
    )
    cpu_ms: int | None = strawberry.field(
        default=strawberry.UNSET,
        description="How long each process may compute, in ms, taken as whole seconds from 1000; "
        "null for no limit.",
    )
    memory_mib: int | None = strawberry.field(
        default=strawberry.UNSET,
        description="How much memory each process may have, in MiB, from 16; null for no limit.",
    )
    processes: int | None = strawberry.field(
        default=strawberry.UNSET,
        description="How many processes and threads a run may have, from 1; null for no limit. "
        "They can be counted in a sandbox only.",
    )
    open_files: int | None = strawberry.field(
        default=strawberry.UNSET,
        description="How many files each process may have open, from 16; null for no limit.",
    )

    def to_change(self) -> UpdateSandbox:
        """Raises InvalidInput."""
        cpu_ms, memory_mib = _limit(self.cpu_ms), _limit(self.memory_mib)
        return UpdateSandbox(
            is_required=_present(self.required, "sandbox", "required"),
            cpu_s=cpu_ms // 1000 if isinstance(cpu_ms, int) else cpu_ms,
            memory_bytes=memory_mib * MIB if isinstance(memory_mib, int) else memory_mib,
            processes=_limit(self.processes),
            open_files=_limit(self.open_files),
        )


@strawberry.input(description="Settings to change; what is absent stays as it is.")
class ProjectSettingsUpdateInput:
    """Null only where it means that there is no limit."""

    project: str = strawberry.field(description="The project's slug.")
    default_provider: str | None = strawberry.field(
        default=strawberry.UNSET, description="Key of the provider of a run that names none."
    )
    fallback: ProviderFallback | None = strawberry.field(
        default=strawberry.UNSET,
        description="Where a command goes whose provider cannot be reached.",
    )
    self_approval: bool | None = strawberry.field(
        default=strawberry.UNSET,
        description="Whether people may approve what they asked for themselves.",
    )
    strict_approvers: bool | None = strawberry.field(
        default=strawberry.UNSET,
        description="Whether accounts and tokens that one hand has made count as one person.",
    )
    resume_interrupted: bool | None = strawberry.field(
        default=strawberry.UNSET,
        description="Whether workflow runs go on by themselves where a step was interrupted.",
    )
    flags: FeatureFlagsInput | None = strawberry.field(
        default=strawberry.UNSET, description="Which parts of the workbench are on."
    )
    retention_days: int | None = strawberry.field(
        default=strawberry.UNSET,
        description="How many days the log and the artifacts of a run are kept after its end, "
        "from 1; null for always.",
    )
    budgets: BudgetsInput | None = strawberry.field(
        default=strawberry.UNSET, description="What the project may use up."
    )

    sandbox: ProjectSandboxInput | None = strawberry.field(
        default=strawberry.UNSET,
        description="How what runs on the server's machine is held in.",
    )

    def to_command(self) -> UpdateSettings:
        """Raises InvalidInput."""
        sandbox = _present(self.sandbox, "sandbox")
        flags = _present(self.flags, "flags")
        budgets = _present(self.budgets, "budgets")
        return UpdateSettings(
            project=self.project,
            default_provider=_present(self.default_provider, "defaultProvider"),
            fallback=_present(self.fallback, "fallback"),
            self_approval=_present(self.self_approval, "selfApproval"),
            strict_approvers=_present(self.strict_approvers, "strictApprovers"),
            resume_interrupted=_present(self.resume_interrupted, "resumeInterrupted"),
            flags=flags.to_flags() if flags else {},
            retention_days=_limit(self.retention_days),
            cost_cents_per_run=_limit(budgets.cost_cents_per_run) if budgets else UNCHANGED,
            sandbox=sandbox.to_change() if sandbox else UpdateSandbox(),
        )


def _present(given: Any, *path: str) -> Any:
    """None where it is absent. Raises InvalidInput for a null."""
    if given is None:
        raise InvalidInput("Leave it out to leave it as it is; null means nothing here.", *path)
    return None if given is strawberry.UNSET else given


def _limit(given: Any) -> Limit:
    """Null is a value: there is no limit."""
    limit: Limit = UNCHANGED if given is strawberry.UNSET else given
    return limit
