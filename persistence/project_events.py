"""Events of projects: placed in their stream by the statement that stores them."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, Final, assert_never

import orjson
from sqlalchemy import Row, Text, bindparam, insert, select

from domain.circuit import CircuitState
from domain.ids import (
    ApprovalId,
    FeatureId,
    PrincipalId,
    ProjectId,
    RunId,
    WorkflowId,
    WorkflowRunId,
)
from domain.lifecycle import ApprovalState, RunState, WorkflowRunState
from domain.models.kill_switches import KillSwitchScope
from domain.models.project_events import (
    ProjectApprovalChanged,
    ProjectCredentialChanged,
    ProjectEvent,
    ProjectFact,
    ProjectFeatureChanged,
    ProjectKillSwitchChanged,
    ProjectPolicyChanged,
    ProjectProviderChecked,
    ProjectProviderConfigured,
    ProjectProviderHealthChanged,
    ProjectRunChanged,
    ProjectSettingsChanged,
    ProjectWorkflowChanged,
    ProjectWorkflowRunChanged,
)
from domain.models.providers import HealthStatus
from domain.topics import project_topic
from persistence.session import Parameters, Session
from persistence.tables import project_events, project_heads

_given: Final = tuple(
    bindparam(f"event_{name}", type_=project_events.c[name].type)
    for name in ("at", "actor_id", "kind", "payload")
)
_project_id: Final = bindparam("project_id", type_=Text())
_is_head: Final = project_heads.c.project_id == _project_id
_next: Final = (
    select(project_heads.c.sequence + 1).where(_is_head).with_for_update().scalar_subquery()
)
"""The head stays locked from here to the commit. Its trigger takes it along."""
ADD: Final = insert(project_events).from_select(
    ["project_id", "sequence", "at", "actor_id", "kind", "payload"],
    select(_project_id, _next, *_given),
)
"""One statement, and on SQLite one that nobody waits for."""
AFTER: Final = (
    select(project_events)
    .where(
        project_events.c.project_id == _project_id,
        project_events.c.sequence > bindparam("after"),
    )
    .order_by(project_events.c.sequence)
    .limit(bindparam("most"))
)
END: Final = select(project_heads.c.sequence).where(_is_head)


class ProjectEvents:
    """See domain.stream_repositories.ProjectEventRepository."""

    def __init__(self, session: Session, wake: Callable[[str], None]) -> None:
        self._session = session
        self._wake = wake
        self._added: list[Parameters] = []

    def add(
        self, project_id: ProjectId, fact: ProjectFact, *, actor: PrincipalId | None, at: datetime
    ) -> None:
        kind, payload = _kind(fact), orjson.dumps(fact).decode()
        self._added.append(
            {
                "project_id": project_id,
                "event_at": at,
                "event_actor_id": actor,
                "event_kind": kind,
                "event_payload": payload,
            }
        )
        self._wake(project_topic(project_id))

    @property
    def added(self) -> Sequence[Parameters]:
        """For ADD. Heads are locked in the order of their projects, so that no two units wait for
        each other."""
        return sorted(self._added, key=lambda columns: columns["project_id"])

    async def after(
        self, project_id: ProjectId, sequence: int, limit: int
    ) -> Sequence[ProjectEvent]:
        which = {"project_id": project_id, "after": sequence, "most": limit}
        return [_event(row) for row in await self._session.all(AFTER, which)]

    async def end(self, project_id: ProjectId) -> int | None:
        row = await self._session.first(END, {"project_id": project_id})
        return None if row is None else int(row.sequence)


def _event(row: Row[Any]) -> ProjectEvent:
    return ProjectEvent(
        project_id=ProjectId(row.project_id),
        sequence=row.sequence,
        at=row.at,
        actor_id=None if row.actor_id is None else PrincipalId(row.actor_id),
        fact=_fact(row.kind, orjson.loads(row.payload)),
    )


def _kind(fact: ProjectFact) -> str:  # noqa: C901, PLR0911, PLR0912 - one line a kind
    """What a fact is called in the database, whatever becomes of the class's name."""
    match fact:
        case ProjectRunChanged():
            return "RUN_CHANGED"
        case ProjectWorkflowRunChanged():
            return "WORKFLOW_RUN_CHANGED"
        case ProjectWorkflowChanged():
            return "WORKFLOW_CHANGED"
        case ProjectSettingsChanged():
            return "SETTINGS_CHANGED"
        case ProjectPolicyChanged():
            return "POLICY_CHANGED"
        case ProjectKillSwitchChanged():
            return "KILL_SWITCH_CHANGED"
        case ProjectApprovalChanged():
            return "APPROVAL_CHANGED"
        case ProjectProviderConfigured():
            return "PROVIDER_CONFIGURED"
        case ProjectCredentialChanged():
            return "CREDENTIAL_CHANGED"
        case ProjectProviderHealthChanged():
            return "PROVIDER_HEALTH_CHANGED"
        case ProjectProviderChecked():
            return "PROVIDER_CHECKED"
        case ProjectFeatureChanged():
            return "FEATURE_CHANGED"
        case _:
            assert_never(fact)


def _fact(kind: str, payload: dict[str, Any]) -> ProjectFact:  # noqa: C901, PLR0911, PLR0912 - as above
    """From the fields of the class, by their names."""
    match kind:
        case "RUN_CHANGED":
            before = payload["from_state"]
            return ProjectRunChanged(
                run_id=RunId(payload["run_id"]),
                from_state=None if before is None else RunState(before),
                to_state=RunState(payload["to_state"]),
            )
        case "WORKFLOW_RUN_CHANGED":
            before = payload["from_state"]
            return ProjectWorkflowRunChanged(
                workflow_run_id=WorkflowRunId(payload["workflow_run_id"]),
                from_state=None if before is None else WorkflowRunState(before),
                to_state=WorkflowRunState(payload["to_state"]),
            )
        case "WORKFLOW_CHANGED":
            return ProjectWorkflowChanged(
                workflow_id=WorkflowId(payload["workflow_id"]), version=payload["version"]
            )
        case "SETTINGS_CHANGED":
            return ProjectSettingsChanged(**payload)
        case "POLICY_CHANGED":
            return ProjectPolicyChanged(**payload)
        case "KILL_SWITCH_CHANGED":
            scope = KillSwitchScope(payload.pop("scope"))
            return ProjectKillSwitchChanged(scope=scope, **payload)
        case "APPROVAL_CHANGED":
            before = payload["from_state"]
            return ProjectApprovalChanged(
                approval_id=ApprovalId(payload["approval_id"]),
                from_state=None if before is None else ApprovalState(before),
                to_state=ApprovalState(payload["to_state"]),
            )
        case "PROVIDER_CONFIGURED":
            return ProjectProviderConfigured(**payload)
        case "CREDENTIAL_CHANGED":
            return ProjectCredentialChanged(**payload)
        case "PROVIDER_HEALTH_CHANGED":
            circuit = CircuitState(payload.pop("circuit"))
            return ProjectProviderHealthChanged(circuit=circuit, **payload)
        case "PROVIDER_CHECKED":
            status = HealthStatus(payload.pop("status"))
            return ProjectProviderChecked(status=status, **payload)
        case "FEATURE_CHANGED":
            feature_id = FeatureId(payload.pop("feature_id"))
            return ProjectFeatureChanged(feature_id=feature_id, **payload)
        case _:
            raise ValueError(f"an event of a newer version: {kind}")
