"""All that changes something: one business action a field, its errors as data."""

from typing import Annotated

import strawberry

from resolvers import kill_switches, members, policies, projects, runs, settings, tokens
from schema import errors
from schema.actors import Actor
from schema.approval_mutations import ApprovalMutations
from schema.feature_mutations import FeatureMutations
from schema.ids import to_token_id
from schema.info import Info
from schema.inputs import (
    MemberSetInput,
    PolicySetInput,
    ProjectCreateInput,
    RunCancelInput,
    RunLaunchInput,
    RunRetryInput,
    TokenCreateInput,
)
from schema.interventions import InterventionMutations
from schema.kill_switches import KillSwitch, KillSwitchSetInput
from schema.members import Member
from schema.policies import Policy
from schema.projects import Project, Run
from schema.provider_mutations import ProviderMutations
from schema.settings import ProjectSettingsUpdateInput
from schema.tokens import ApiToken
from schema.workflow_mutations import WorkflowMutations
from schema.workflow_run_mutations import WorkflowRunMutations


@strawberry.type(description="The project was made.")
class ProjectCreatePayload:
    """Of projectCreate."""

    project: Project = strawberry.field(description="The new project.")


@strawberry.type(description="The settings are as asked for.")
class ProjectSettingsUpdatePayload:
    """Of projectSettingsUpdate."""

    project: Project = strawberry.field(description="The project with its settings.")


@strawberry.type(description="The rules hold for whatever is launched from now on.")
class PolicySetPayload:
    """Of policySet."""

    project: Project = strawberry.field(description="The project.")
    policy: Policy = strawberry.field(description="Its policy, as the new version.")


@strawberry.type(description="The roles were set.")
class MemberSetPayload:
    """Of memberSet."""

    project: Project = strawberry.field(description="The project.")
    member: Member = strawberry.field(
        description="The principal with its roles; without any, it is no member any more."
    )


@strawberry.type(description="The kill switch is as asked for.")
class KillSwitchSetPayload:
    """Of killSwitchSet."""

    kill_switch: KillSwitch = strawberry.field(description="The switch.")
    canceled: int = strawberry.field(description="How many running runs were asked to stop.")
    dispatching: int = strawberry.field(
        description="How many runs were still being handed over when this was answered, 2 s after "
        "the switch was engaged; 0 says that nothing is dispatched from now on."
    )


@strawberry.type(description="The token was made. Its text is shown here and never again.")
class TokenCreatePayload:
    """Of tokenCreate."""

    token: str = strawberry.field(description="The text to sign in with. Only its hash is kept.")
    api_token: ApiToken = strawberry.field(description="The token, as it will be listed.")
    principal: Actor = strawberry.field(description="Whose it is.")


@strawberry.type(description="Nobody signs in with the token any more.")
class TokenRevokePayload:
    """Of tokenRevoke."""

    api_token: ApiToken = strawberry.field(description="The token; its record stays.")


@strawberry.type(description="The run was launched; look at its state.")
class RunLaunchPayload:
    """Of runLaunch."""

    run: Run = strawberry.field(description="The new run, or the first one of the idempotency key.")


@strawberry.type(description="The run was canceled, or asked to stop; look at its state.")
class RunCancelPayload:
    """Of runCancel."""

    run: Run = strawberry.field(description="The run.")


@strawberry.type(description="A new run was launched that repeats the one given.")
class RunRetryPayload:
    """Of runRetry."""

    run: Run = strawberry.field(description="The new run; retryOf is the one given.")


ProjectCreateResult = Annotated[
    ProjectCreatePayload | errors.NotPermitted | errors.InvalidInput,
    strawberry.union("ProjectCreateResult", description="The new project, or why there is none."),
]
ProjectSettingsUpdateResult = Annotated[
    ProjectSettingsUpdatePayload
    | errors.NotPermitted
    | errors.NotFound
    | errors.InvalidInput
    | errors.QuotaExceeded,
    strawberry.union(
        "ProjectSettingsUpdateResult", description="The project, or why nothing was changed."
    ),
]
PolicySetResult = Annotated[
    PolicySetPayload
    | errors.NotPermitted
    | errors.NotFound
    | errors.InvalidInput
    | errors.QuotaExceeded,
    strawberry.union("PolicySetResult", description="The policy, or why none was set."),
]
MemberSetResult = Annotated[
    MemberSetPayload | errors.NotPermitted | errors.NotFound | errors.InvalidInput,
    strawberry.union("MemberSetResult", description="The member, or why nothing was set."),
]
KillSwitchSetResult = Annotated[
    KillSwitchSetPayload | errors.NotPermitted | errors.NotFound | errors.InvalidInput,
    strawberry.union("KillSwitchSetResult", description="The switch, or why it was not moved."),
]
TokenCreateResult = Annotated[
    TokenCreatePayload
    | errors.NotPermitted
    | errors.NotFound
    | errors.InvalidInput
    | errors.QuotaExceeded,
    strawberry.union("TokenCreateResult", description="The new token, or why there is none."),
]
TokenRevokeResult = Annotated[
    TokenRevokePayload | errors.NotPermitted | errors.NotFound,
    strawberry.union("TokenRevokeResult", description="The token, or why it was not revoked."),
]
RunLaunchResult = Annotated[
    RunLaunchPayload
    | errors.PolicyDenied
    | errors.NotPermitted
    | errors.NotFound
    | errors.InvalidInput
    | errors.CapabilityMissing
    | errors.ProviderUnavailable
    | errors.ProviderUnconfigured
    | errors.KillSwitchEngaged
    | errors.FeatureDisabled
    | errors.IdempotencyConflict
    | errors.QuotaExceeded,
    strawberry.union("RunLaunchResult", description="The new run, or why there is none."),
]
RunCancelResult = Annotated[
    RunCancelPayload
    | errors.NotPermitted
    | errors.NotFound
    | errors.InvalidInput
    | errors.IllegalTransition
    | errors.CapabilityMissing
    | errors.ProviderUnavailable
    | errors.QuotaExceeded,
    strawberry.union("RunCancelResult", description="The run, or why it was not canceled."),
]
RunRetryResult = Annotated[
    RunRetryPayload
    | errors.PolicyDenied
    | errors.NotPermitted
    | errors.NotFound
    | errors.InvalidInput
    | errors.IllegalTransition
    | errors.CapabilityMissing
    | errors.ProviderUnavailable
    | errors.ProviderUnconfigured
    | errors.KillSwitchEngaged
    | errors.FeatureDisabled
    | errors.IdempotencyConflict
    | errors.QuotaExceeded,
    strawberry.union("RunRetryResult", description="The new run, or why there is none."),
]


@strawberry.type(description="All that changes something.")
class Mutation(
    ApprovalMutations,
    ProviderMutations,
    InterventionMutations,
    FeatureMutations,
    WorkflowMutations,
    WorkflowRunMutations,
):
    """Root fields are nullable: an error in one must not hide what another has done."""

    @strawberry.mutation(description="Make a project of a folder. Server admins only.")
    async def project_create(
        self,
        info: Info,
        input: Annotated[ProjectCreateInput, strawberry.argument(description="The project.")],
    ) -> ProjectCreateResult | None:
        project = await projects.create(info.context, input.to_command())
        return ProjectCreatePayload(project=Project.of(project))

    @strawberry.mutation(
        description="Change settings of a project; what is not given stays as it is. For the "
        "project's admins."
    )
    async def project_settings_update(
        self,
        info: Info,
        input: Annotated[
            ProjectSettingsUpdateInput, strawberry.argument(description="The settings.")
        ],
    ) -> ProjectSettingsUpdateResult | None:
        project = await settings.update(info.context, input.to_command())
        return ProjectSettingsUpdatePayload(project=Project.of(project))

    @strawberry.mutation(
        description="Replace the rules of a project, all at once, by a new version. Rules under "
        "which nobody could approve are refused. For the project's admins."
    )
    async def policy_set(
        self,
        info: Info,
        input: Annotated[PolicySetInput, strawberry.argument(description="The policy.")],
    ) -> PolicySetResult | None:
        project, policy = await policies.replace_rules(info.context, input.to_command())
        return PolicySetPayload(project=Project.of(project), policy=Policy.of(policy))

    @strawberry.mutation(
        description="Replace the roles of a principal in a project. For the project's admins; "
        "only a server admin gives their own account the right to approve."
    )
    async def member_set(
        self,
        info: Info,
        input: Annotated[MemberSetInput, strawberry.argument(description="The member.")],
    ) -> MemberSetResult | None:
        project, membership = await members.set_roles(info.context, input.to_command())
        return MemberSetPayload(project=Project.of(project), member=Member.of(membership))

    @strawberry.mutation(
        description="Engage or release a kill switch. For the project's admins; what is for every "
        "project, for server admins."
    )
    async def kill_switch_set(
        self,
        info: Info,
        input: Annotated[KillSwitchSetInput, strawberry.argument(description="The switch.")],
    ) -> KillSwitchSetResult | None:
        found = await kill_switches.move(info.context, input.to_command())
        return KillSwitchSetPayload(
            kill_switch=KillSwitch.of(found.switch),
            canceled=found.canceled,
            dispatching=found.dispatching,
        )

    @strawberry.mutation(
        description="Make an API token: for oneself, or by a server admin for anybody. It may do "
        "no more, and lasts no longer, than the token that asks for it."
    )
    async def token_create(
        self,
        info: Info,
        input: Annotated[TokenCreateInput, strawberry.argument(description="The token.")],
    ) -> TokenCreateResult | None:
        made = await tokens.create(info.context, input.to_command())
        return TokenCreatePayload(
            token=made.text,
            api_token=ApiToken.of(made.token),
            principal=Actor.of(made.principal),
        )

    @strawberry.mutation(
        description="End an API token: one's own that may do no more than the one that asks, or "
        "by a server admin anybody's. Asking twice does what asking once does."
    )
    async def token_revoke(
        self,
        info: Info,
        id: Annotated[strawberry.ID, strawberry.argument(description="The token.")],
    ) -> TokenRevokeResult | None:
        revoked = await tokens.revoke(info.context, to_token_id(id))
        return TokenRevokePayload(api_token=ApiToken.of(revoked))

    @strawberry.mutation(description="Launch a command or a prompt on a provider.")
    async def run_launch(
        self,
        info: Info,
        input: Annotated[RunLaunchInput, strawberry.argument(description="The run.")],
    ) -> RunLaunchResult | None:
        run = await runs.launch(info.context, input.to_command())
        return RunLaunchPayload(run=Run.of(run))

    @strawberry.mutation(
        description="Cancel a run. One that runs already is asked to stop and may end otherwise."
    )
    async def run_cancel(
        self,
        info: Info,
        input: Annotated[RunCancelInput, strawberry.argument(description="The run.")],
    ) -> RunCancelResult | None:
        run = await runs.cancel(info.context, input.to_command())
        return RunCancelPayload(run=Run.of(run))

    @strawberry.mutation(description="Launch a finished run again, as a new one, decided afresh.")
    async def run_retry(
        self,
        info: Info,
        input: Annotated[RunRetryInput, strawberry.argument(description="The run.")],
    ) -> RunRetryResult | None:
        run = await runs.retry(info.context, input.to_command())
        return RunRetryPayload(run=Run.of(run))
