"""What a person does to a run that its provider has."""

from typing import Annotated

import strawberry

from domain.models.commands import AnswerRun, ReconcileRun
from domain.models.runs import RunResolution
from resolvers import runs
from schema import errors
from schema.ids import to_run_id
from schema.info import Info
from schema.projects import Run


@strawberry.input(description="An answer to what a run asks.")
class RunAnswerInput:
    """Which run, and the answer."""

    id: strawberry.ID = strawberry.field(description="The run.")
    text: str = strawberry.field(
        description="What its provider is told; at most 20,000 characters."
    )

    def to_command(self) -> AnswerRun:
        return AnswerRun(run_id=to_run_id(self.id), text=self.text)


@strawberry.type(description="The provider was asked, or it was decided; look at the run.")
class RunReconcilePayload:
    """Of runReconcile."""

    run: Run = strawberry.field(
        description="The run; lastReconciledAt tells whether the provider has answered by now."
    )


@strawberry.type(description="The provider has the answer, and goes on.")
class RunAnswerPayload:
    """Of runAnswer."""

    run: Run = strawberry.field(description="The run.")


RunReconcileResult = Annotated[
    RunReconcilePayload
    | errors.NotPermitted
    | errors.NotFound
    | errors.InvalidInput
    | errors.IllegalTransition
    | errors.QuotaExceeded,
    strawberry.union("RunReconcileResult", description="The run, or why nothing was done."),
]
RunAnswerResult = Annotated[
    RunAnswerPayload
    | errors.PolicyDenied
    | errors.ApprovalRequired
    | errors.NotPermitted
    | errors.NotFound
    | errors.InvalidInput
    | errors.IllegalTransition
    | errors.CapabilityMissing
    | errors.ProviderUnavailable
    | errors.ProviderUnconfigured
    | errors.KillSwitchEngaged
    | errors.FeatureDisabled
    | errors.QuotaExceeded,
    strawberry.union("RunAnswerResult", description="The run, or why it was not answered."),
]


@strawberry.type(description="All that changes something.")
class InterventionMutations:
    """Part of the root."""

    @strawberry.mutation(
        description="Ask the provider of a run how it is, now. With resolveAs: decide how a run "
        "has ended that is degraded, because its provider cannot tell."
    )
    async def run_reconcile(
        self,
        info: Info,
        id: Annotated[strawberry.ID, strawberry.argument(description="The run.")],
        resolve_as: Annotated[
            RunResolution | None,
            strawberry.argument(description="How it has ended; absent: only ask."),
        ] = None,
        reason: Annotated[
            str | None,
            strawberry.argument(description="How you know; wanted with resolveAs."),
        ] = None,
    ) -> RunReconcileResult | None:
        command = ReconcileRun(run_id=to_run_id(id), resolve_as=resolve_as, reason=reason)
        return RunReconcilePayload(run=Run.of(await runs.reconcile(info.context, command)))

    @strawberry.mutation(
        description="Answer what a run asks that is BLOCKED by its provider, so that it goes on."
    )
    async def run_answer(
        self,
        info: Info,
        input: Annotated[RunAnswerInput, strawberry.argument(description="The answer.")],
    ) -> RunAnswerResult | None:
        return RunAnswerPayload(run=Run.of(await runs.answer(info.context, input.to_command())))
