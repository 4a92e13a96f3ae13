"""Links by which whoever has one downloads one thing, and what such a link stands on."""

from dataclasses import dataclass
from datetime import datetime

from domain.ids import ArtifactId, PrincipalId, ProjectId, TokenId, WorkflowRunId
from domain.models.grants import Grant
from domain.models.reports import ReportFormat


@dataclass(frozen=True, slots=True, kw_only=True)
class ArtifactTarget:
    """The content of an artifact."""

    artifact_id: ArtifactId


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportTarget:
    """The report of a workflow run, as it is when it is fetched."""

    workflow_run_id: WorkflowRunId
    report_format: ReportFormat


Target = ArtifactTarget | ReportTarget


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """Good up to a time (whole seconds), and for as long as whoever asked for it may read the
    project: see Grant for `token_id` and `member_id`."""

    target: Target
    project_id: ProjectId
    expires_at: datetime
    token_id: TokenId | None = None
    member_id: PrincipalId | None = None

    @property
    def grant(self) -> Grant:
        return Grant(
            token_id=self.token_id,
            project_id=self.project_id,
            expires_at=self.expires_at,
            member_id=self.member_id,
        )
