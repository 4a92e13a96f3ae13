"""Links that the viewer may give away, by which a file is downloaded without a token."""

from dataclasses import dataclass
from datetime import datetime

from domain.models.artifacts import Artifact
from domain.models.links import ReportTarget
from domain.models.reports import ReportFormat
from domain.models.workflow_runs import WorkflowRun
from domain.services.downloads import Signed
from resolvers import access
from resolvers.context import Context


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """A URL where the server knows under which it is reached, else a path on it."""

    url: str
    expires_at: datetime


def of_artifact(context: Context, artifact: Artifact) -> Address | None:
    """None where nothing of it is kept, or the server has no keys."""
    grant = access.grant(context.viewer, artifact.project_id)
    signed = context.services.downloads.link_to_artifact(artifact, grant)
    return _address(context, "artifacts", signed)


def of_report(context: Context, run: WorkflowRun, report_format: ReportFormat) -> Address | None:
    """None where the server has no keys."""
    target = ReportTarget(workflow_run_id=run.id, report_format=report_format)
    grant = access.grant(context.viewer, run.project_id)
    return _address(context, "reports", context.services.downloads.link(target, grant))


def _address(context: Context, kind: str, signed: Signed | None) -> Address | None:
    if signed is None:
        return None
    url = f"{context.services.facts.url}/{kind}/{signed.token}"
    return Address(url=url, expires_at=signed.link.expires_at)
