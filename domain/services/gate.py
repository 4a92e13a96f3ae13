"""The one place where the policy is asked, for whatever is to be dispatched."""

from dataclasses import dataclass, replace

from domain import features, policy
from domain.errors import CapabilityMissing
from domain.ids import DecisionId
from domain.models.audit import Caller
from domain.models.commands import LaunchRun
from domain.models.decisions import Decision
from domain.models.policies import DispatchRequest
from domain.models.projects import Project
from domain.models.providers import EnvProfile, ProviderKind
from domain.models.runs import Run, RunKind
from domain.models.settings import FeatureFlag
from domain.ports import Clock, IdMaker, Provider, Store
from domain.services.policies import Policies
from domain.services.registry import Registry
from domain.validation import check_launch


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """A decision, and exactly what it was made on."""

    request: DispatchRequest
    decision: Decision


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """Decides by the policy that the given project was read with. Nothing is stored but by
    `check`."""

    store: Store
    registry: Registry
    policies: Policies
    clock: Clock
    new_id: IdMaker
    disabled: frozenset[FeatureFlag]

    async def judge(self, command: LaunchRun, project: Project, caller: Caller) -> Judgement:
        """What a launch is, and what the policy says of it. Its own form has been checked.

        Raises InvalidInput, NotFound, CapabilityMissing, FeatureDisabled.
        """
        request = self._request(command, project, caller)
        return Judgement(request=request, decision=await self.decide(request, project))

    async def judge_answer(
        self, text: str, run: Run, project: Project, caller: Caller
    ) -> Judgement:
        """What an answer to a run's question is: a prompt for the run's provider, of whoever gives
        it and in all else as the run. Raises NotFound, FeatureDisabled."""
        provider = self.registry.get(run.provider)
        features.check_provider(provider.kind, project.settings, self.disabled)
        request = replace(
            policy.requested(run, project),
            kind=RunKind.PROMPT,
            command=(),
            prompt=text,
            requester_roles=caller.roles_in(project.id),
        )
        return Judgement(request=request, decision=await self.decide(request, project))

    async def decide(self, request: DispatchRequest, project: Project) -> Decision:
        """Afresh, also on what was decided before by an older version."""
        rules = await self.policies.current(project)
        decision_id = DecisionId(self.new_id())
        decided = policy.decide(request, rules, decision_id=decision_id, at=self.clock.now())
        return policy.held_to_project(decided, request, project)

    async def check(self, command: LaunchRun, project: Project, caller: Caller) -> Decision:
        """What would be decided on a launch: stored as all decisions are, and nothing else is
        done. Raises what judge does."""
        check_launch(command)
        judged = await self.judge(command, project, caller)
        async with self.store.transaction() as unit:
            await unit.decisions.add(judged.decision, judged.request)
        return judged.decision

    def _request(self, command: LaunchRun, project: Project, caller: Caller) -> DispatchRequest:
        provider = self.registry.get(command.provider or project.settings.default_provider)
        features.check_provider(provider.kind, project.settings, self.disabled)
        kind = RunKind.COMMAND if command.prompt is None else RunKind.PROMPT
        if kind not in provider.run_kinds:
            what = kind.lower()
            raise CapabilityMissing(what, f"{provider.name} takes no {what}.")
        _check_sandbox(project, provider)
        return DispatchRequest(
            project_id=project.id,
            provider=provider.key,
            kind=kind,
            root_path=project.root_path,
            command=command.command or (),
            prompt=command.prompt,
            cwd=provider.resolve_cwd(project.root_path, command.cwd),
            env_profile=command.env_profile or EnvProfile.DEFAULT,
            tool_scopes=command.tool_scopes,
            artifacts=command.artifacts,
            feature=command.feature,
            requester_roles=caller.roles_in(project.id),
            budget=command.budget,
            step=command.step,
        )


def _check_sandbox(project: Project, provider: Provider) -> None:
    """What a project wants of this machine says nothing of where else its runs go."""
    if provider.kind is not ProviderKind.LOCAL or not project.settings.sandbox.is_required:
        return
    if not provider.capabilities.sandbox:
        message = f"The project wants a sandbox, and {provider.name!r} has none."
        raise CapabilityMissing("sandbox", message)
