"""Starts ready steps: skips them, validates, asks for an approval, or launches a run."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Final, assert_never

from domain.errors import (
    CapabilityMissing,
    InvalidInput,
    NotFound,
    ProviderUnavailable,
    ProviderUnconfigured,
)
from domain.ids import ApprovalId, DecisionId
from domain.lifecycle import StepRunSignal
from domain.models.commands import LaunchRun
from domain.models.decisions import PolicyVerdict
from domain.models.policies import StepTerms
from domain.models.runs import FailureCode, Run, RunFailure
from domain.models.workflow_events import StepRunBriefed
from domain.models.workflow_runs import StepRun
from domain.models.workflows import Step, StepType
from domain.ports import IdMaker
from domain.questions import Question
from domain.services.briefings import Briefings
from domain.services.connections import Connections
from domain.services.drafts import Draft, Held, Launch
from domain.services.gate import Gate, Judgement
from domain.services.placer import Placer
from domain.services.redactors import Redactors
from domain.services.step_values import StepValues, Values
from domain.step_questions import Asked, about_step
from domain.steps import begun, ended, skipped
from domain.validation import check_launch
from domain.workflows.languages import Conditions, Schemas
from domain.workflows.looking import looked_at
from domain.workflows.templates import fill

UNMET: Final = "This does not hold"
NOTHING_TO_DO_FOR: Final = "The list that it is made for is empty."


@dataclass(frozen=True, slots=True, kw_only=True)
class StepStarts:
    """Adds everything to the draft and stores nothing itself."""

    gate: Gate
    placer: Placer
    connections: Connections
    values: StepValues
    briefings: Briefings
    conditions: Conditions
    schemas: Schemas
    redactors: Redactors
    new_id: IdMaker

    async def start(self, held: Held, draft: Draft, step_run: StepRun) -> StepRun:
        """Start a step, and return it as it is afterwards.

        What is wrong with the step makes the step fail. Raises FeatureDisabled and
        StorageUnavailable, which are not the step's fault.
        """
        step = step_run.step
        try:
            if step.for_each is not None and step_run.item_index is None:
                return draft.take(skipped(step_run, NOTHING_TO_DO_FOR, draft.at))
            values = await self.values.of(held, draft, step_run)
            if step.when is not None and (why := self._unmet(held, step.when, values)):
                return draft.take(skipped(step_run, why, draft.at))
            return await self._begin(held, draft, step_run, values)
        except InvalidInput as fault:
            return _fail(draft, step_run, FailureCode.VALIDATION_FAILED, _told(fault))
        except (NotFound, CapabilityMissing, ProviderUnconfigured, ProviderUnavailable) as error:
            return _fail(draft, step_run, FailureCode.PROVIDER_ERROR, error.message)

    async def _begin(self, held: Held, draft: Draft, step_run: StepRun, values: Values) -> StepRun:
        match step_run.type:
            case StepType.COMMAND | StepType.SDK:
                return await self._launch(held, draft, step_run, values)
            case StepType.VALIDATION:
                return self._validate(held, draft, step_run, values)
            case StepType.APPROVAL:
                return self._ask(held, draft, step_run)
            case _:
                assert_never(step_run.type)

    def _validate(self, held: Held, draft: Draft, step_run: StepRun, values: Values) -> StepRun:
        """Begin and end the attempt in one turn, so that the stream shows both."""
        running = draft.take(begun(step_run, StepRunSignal.START, draft.at))
        try:
            problem = self._problem(held, step_run.step, values)
        except InvalidInput as fault:
            problem = fault.message
        if problem is None:
            return draft.take(
                ended(running, StepRunSignal.SUCCEED, draft.at, outputs={"passed": True})
            )
        failure = RunFailure(code=FailureCode.VALIDATION_FAILED, message=problem)
        return draft.take(ended(running, StepRunSignal.FAIL, draft.at, failure=failure))

    def _problem(self, held: Held, step: Step, values: Values) -> str | None:
        if step.condition is not None and (why := self._unmet(held, step.condition, values)):
            return why
        if step.output_schema is None or step.checks is None:
            return None
        faults = self.schemas.faults(step.output_schema, _outputs(values, step.checks))
        told = [f"{'.'.join(fault.path) or 'outputs'}: {fault.message}" for fault in faults]
        return "; ".join(told[:3]) or None

    def _unmet(self, held: Held, condition: str, values: Values) -> str | None:
        """Why a condition does not hold, with what it looked at; None where it does. Raises
        InvalidInput, likewise, where it is neither."""
        told = partial(looked_at, condition, values, self.redactors.of(held.project.id).text)
        try:
            return None if self.conditions.holds(condition, values) else f"{UNMET}: {told()}"
        except InvalidInput as fault:
            raise InvalidInput(f"{fault.message.removesuffix('.')}: {told()}") from None

    def _ask(self, held: Held, draft: Draft, step_run: StepRun) -> StepRun:
        asked = Asked(
            at=draft.at,
            by=held.run.asker,
            token_maker=held.run.token_maker,
            policy_version=held.project.policy_version,
            approval_id=ApprovalId(self.new_id()),
            decision_id=DecisionId(self.new_id()),
            reason=held.run.reason,
        )
        shown = {key: held.progress[key].outputs for key in step_run.needs if key in held.progress}
        blocked = draft.take(
            begun(step_run, StepRunSignal.BLOCK, draft.at, approval_id=asked.approval_id)
        )
        draft.ask(blocked, about_step(held.run, blocked, shown, asked))
        return blocked

    async def _launch(self, held: Held, draft: Draft, step_run: StepRun, values: Values) -> StepRun:
        command = await self._briefed(held, draft, step_run, _command(held, step_run, values))
        check_launch(command)
        judged = await self.gate.judge(command, held.project, held.caller)
        await self.connections.check_enabled(held.project.id, judged.request.provider)
        if judged.decision.verdict is PolicyVerdict.DENY:
            draft.denials.append(judged)
            why = "; ".join(reason.explanation for reason in judged.decision.reasons[:3])
            return _fail(draft, step_run, FailureCode.POLICY_DENIED, why)
        run = replace(
            self.placer.run_of(command, judged, held.caller),
            token_maker=held.run.token_maker,
            step_run_id=step_run.id,
            workflow_run_id=held.run.id,
        )
        return self._dispatch(draft, step_run, run, judged)

    async def _briefed(
        self, held: Held, draft: Draft, step_run: StepRun, command: LaunchRun
    ) -> LaunchRun:
        """Put the documents that the step names before its prompt. Raises InvalidInput."""
        documents = step_run.step.documents
        if not documents:
            return command
        if held.run.feature is None:
            raise InvalidInput("Documents are those of a feature, and the run has none.")
        briefing = await self.briefings.of(held.project, held.run.feature, documents)
        draft.facts.append(
            StepRunBriefed(step_run_id=step_run.id, key=step_run.key, record=briefing.record)
        )
        return replace(command, prompt=f"{briefing.text}\n{command.prompt}")

    def _dispatch(self, draft: Draft, step_run: StepRun, run: Run, judged: Judgement) -> StepRun:
        if judged.decision.verdict is PolicyVerdict.ALLOW:
            draft.launches.append(Launch(run=run, judged=judged))
            return draft.take(begun(step_run, StepRunSignal.START, draft.at, run_id=run.id))
        question = Question(
            run=run,
            decision=judged.decision,
            request=judged.request,
            approval_id=ApprovalId(self.new_id()),
        )
        blocked = draft.take(begun(step_run, StepRunSignal.BLOCK, draft.at, run_id=run.id))
        draft.ask(blocked, question)
        return blocked


def _command(held: Held, step_run: StepRun, values: Values) -> LaunchRun:
    """Build the launch command of a step, with its references filled in. Raises InvalidInput."""
    step = step_run.step
    is_command = step.type is StepType.COMMAND
    return LaunchRun(
        project=held.project.slug,
        provider=step.provider,
        command=tuple(fill(argument, values) for argument in step.command) if is_command else None,
        prompt=None if is_command else fill(step.prompt or "", values),
        cwd=None if step.cwd is None else fill(step.cwd, values),
        env_profile=step.env_profile,
        timeout_ms=step.timeout_ms,
        tool_scopes=step.tool_scopes,
        feature=held.run.feature,
        budget=step.budget,
        artifacts=tuple(fill(pattern, values) for pattern in step.artifacts),
        reason=held.run.reason,
        step=StepTerms(risk=step.risk),
    )


def _outputs(values: Values, key: str) -> Mapping[str, Any] | list[Any]:
    of_step = values["steps"].get(key, {})
    if isinstance(of_step, list):
        return [each["outputs"] for each in of_step]
    found: Mapping[str, Any] = of_step.get("outputs", {})
    return found


def _fail(draft: Draft, step_run: StepRun, code: FailureCode, message: str) -> StepRun:
    failure = RunFailure(code=code, message=message)
    return draft.take(ended(step_run, StepRunSignal.FAIL, draft.at, failure=failure))


def _told(fault: InvalidInput) -> str:
    where = ".".join(fault.path)
    return f"{where}: {fault.message}" if where else fault.message
