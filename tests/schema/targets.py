"""What operations ask for: things of a project, there or not."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from domain.ids import (
    ApprovalId,
    ArtifactId,
    DecisionId,
    DelegationId,
    DocumentId,
    FeatureId,
    ProjectId,
    RunId,
    SessionId,
    StepRunId,
    TokenId,
    WorkflowId,
    WorkflowRunId,
)
from schema import ids
from tests.contract.store import featured, planned
from tests.contract.store.scene import Scene


@dataclass(frozen=True, kw_only=True)
class Target:
    """Names of what is asked for, there or not; the slugs are of one length."""

    slug: str
    principal: str
    ids: Mapping[str, str]

    def filled(self, text: str) -> str:
        """With what its names stand for, each whole: one may be the beginning of another."""
        known = {"SLUG": self.slug, "NAME": self.principal, **self.ids}
        return re.sub(r"\$(\w+)", lambda found: known.get(found[1], found[0]), text)

    def told(self, answer: str) -> str:
        """The answer without the words that it only repeats."""
        return answer.replace(self.slug, "SLUG").replace(self.principal, "NAME")


def nowhere() -> Target:
    none = "0" * 32
    return Target(
        slug="nada",
        principal="zoe",
        ids={
            "Run": ids.run_id(RunId(none)),
            "Project": ids.project_id(ProjectId(none)),
            "PolicyDecision": ids.decision_id(DecisionId(none)),
            "Provider": ids.provider_id(ProjectId(none), "local"),
            "ApiToken": ids.token_id(TokenId(none)),
            "Approval": ids.approval_id(ApprovalId(none)),
            "Delegation": ids.delegation_id(DelegationId(none)),
            "Feature": ids.feature_id(FeatureId(none)),
            "Document": ids.document_id(DocumentId(none)),
            "Session": ids.session_id(SessionId(none)),
            "WorkflowRun": ids.workflow_run_id(WorkflowRunId(none)),
            "Artifact": ids.artifact_id(ArtifactId(none)),
            "StepRun": ids.step_run_id(StepRunId(none)),
            "Workflow": ids.workflow_id(WorkflowId(none)),
        },
    )


async def with_feature(scene: Scene) -> Mapping[str, str]:
    """Ids of a feature, a document and a session in the project `main`."""
    search, paper, talk = await featured.stored(scene)
    named = ids.feature_id(search.id), ids.document_id(paper.id), ids.session_id(talk.id)
    return dict(zip(("Feature", "Document", "Session"), named, strict=True))


async def with_workflow_run(scene: Scene) -> Mapping[str, str]:
    """Ids of what has one."""
    run, (step, _) = await planned.started(scene)
    workflow = planned.workflow(scene, name="another")
    async with scene.store.transaction() as unit:
        await unit.workflows.add(workflow)
    return {
        "Workflow": ids.workflow_id(workflow.id),
        "WorkflowRun": ids.workflow_run_id(run.id),
        "StepRun": ids.step_run_id(step.id),
    }
