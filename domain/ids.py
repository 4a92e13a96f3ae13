"""Distinct id types, so that a run's id cannot be passed where a project's is meant."""

from typing import NewType

ProjectId = NewType("ProjectId", str)
PrincipalId = NewType("PrincipalId", str)
TokenId = NewType("TokenId", str)
RunId = NewType("RunId", str)
DecisionId = NewType("DecisionId", str)
ApprovalId = NewType("ApprovalId", str)
DelegationId = NewType("DelegationId", str)
IntentId = NewType("IntentId", str)
ArtifactId = NewType("ArtifactId", str)
WorkflowId = NewType("WorkflowId", str)
WorkflowRunId = NewType("WorkflowRunId", str)
StepRunId = NewType("StepRunId", str)
FeatureId = NewType("FeatureId", str)
DocumentId = NewType("DocumentId", str)
SessionId = NewType("SessionId", str)
"""Of a conversation with an agent, here; its platform has another."""
NodeId = NewType("NodeId", str)
"""One `workbench serve` process, by the data directory slot it holds."""
ChainId = NewType("ChainId", str)
"""One chain of audit entries: a project's id, or SERVER_CHAIN."""
