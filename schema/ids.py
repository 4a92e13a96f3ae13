"""Opaque, typed ids: what kind of thing, and which one."""

from binascii import Error as NotBase64
from binascii import a2b_base64, b2a_base64
from collections.abc import Callable
from typing import Final, TypeVar

import strawberry

from domain.errors import NotFound
from domain.ids import (
    ApprovalId,
    ArtifactId,
    DecisionId,
    DelegationId,
    DocumentId,
    FeatureId,
    PrincipalId,
    ProjectId,
    RunId,
    SessionId,
    StepRunId,
    TokenId,
    WorkflowId,
    WorkflowRunId,
)

ID_CHARACTERS_MAX: Final = 512

T = TypeVar("T")


@strawberry.interface(description="Something with a life and an id of its own.")
class Node:
    """What `node(id:)` can answer with."""

    id: strawberry.ID = strawberry.field(description="Opaque; the same for ever.")


def seal(text: str) -> str:
    """Text as URL-safe base64 without padding: opaque to clients, not secret."""
    coded = b2a_base64(text.encode(), newline=False)
    return coded.translate(_TO_URL, b"=").decode()


def unseal(sealed: str) -> str | None:
    """None where it cannot have been made by `seal`."""
    if not sealed.isascii() or len(sealed) > ID_CHARACTERS_MAX:
        return None
    padded = sealed.translate(_FROM_URL) + "=" * (-len(sealed) % 4)
    try:
        text = a2b_base64(padded, strict_mode=True).decode()
    except (NotBase64, UnicodeDecodeError):
        return None
    return text if text.isprintable() and seal(text) == sealed else None


_TO_URL: Final = bytes.maketrans(b"+/", b"-_")
_FROM_URL: Final = str.maketrans("-_", "+/")


def global_id(kind: str, key: str) -> strawberry.ID:
    return strawberry.ID(seal(f"{kind}:{key}"))


def split(global_id: str) -> tuple[str, str] | None:
    """Kind and key; None for what is no id of ours."""
    kind, colon, key = (unseal(global_id) or "").partition(":")
    return (kind, key) if colon and kind and key else None


def run_id(of: RunId) -> strawberry.ID:
    return global_id("Run", of)


def project_id(of: ProjectId) -> strawberry.ID:
    return global_id("Project", of)


def provider_id(project: ProjectId, key: str) -> strawberry.ID:
    """A provider is one of a project: its configuration and health are the project's."""
    return global_id("Provider", f"{project}:{key}")


def decision_id(of: DecisionId) -> strawberry.ID:
    return global_id("PolicyDecision", of)


def actor_id(of: PrincipalId) -> strawberry.ID:
    return global_id("Actor", of)


def token_id(of: TokenId) -> strawberry.ID:
    return global_id("ApiToken", of)


def approval_id(of: ApprovalId) -> strawberry.ID:
    return global_id("Approval", of)


def artifact_id(of: ArtifactId) -> strawberry.ID:
    return global_id("Artifact", of)


def delegation_id(of: DelegationId) -> strawberry.ID:
    return global_id("Delegation", of)


def workflow_id(of: WorkflowId) -> strawberry.ID:
    return global_id("Workflow", of)


def workflow_run_id(of: WorkflowRunId) -> strawberry.ID:
    return global_id("WorkflowRun", of)


def step_run_id(of: StepRunId) -> strawberry.ID:
    return global_id("StepRun", of)


def to_workflow_id(given: str) -> WorkflowId:
    """Raises NotFound as to_run_id does."""
    return _expect("Workflow", given, WorkflowId)


def to_workflow_run_id(given: str) -> WorkflowRunId:
    """Raises NotFound as to_run_id does."""
    return _expect("WorkflowRun", given, WorkflowRunId)


def to_step_run_id(given: str) -> StepRunId:
    """Raises NotFound as to_run_id does."""
    return _expect("StepRun", given, StepRunId)


def feature_id(of: FeatureId) -> strawberry.ID:
    return global_id("Feature", of)


def document_id(of: DocumentId) -> strawberry.ID:
    return global_id("Document", of)


def session_id(of: SessionId) -> strawberry.ID:
    return global_id("Session", of)


def to_approval_id(given: str) -> ApprovalId:
    """Raises NotFound as to_run_id does."""
    return _expect("Approval", given, ApprovalId)


def to_delegation_id(given: str) -> DelegationId:
    """Raises NotFound as to_run_id does."""
    return _expect("Delegation", given, DelegationId)


def to_token_id(given: str) -> TokenId:
    """Raises NotFound as to_run_id does."""
    return _expect("ApiToken", given, TokenId)


def to_run_id(given: str) -> RunId:
    """Raises NotFound for the id of something else, and for what is none."""
    return _expect("Run", given, RunId)


def _expect(kind: str, given: str, as_id: Callable[[str], T]) -> T:
    found = split(given)
    if found is None or found[0] != kind:
        raise NotFound
    return as_id(found[1])
