"""What one may listen to."""

from typing import Final

from domain.ids import ProjectId, RunId, WorkflowRunId

INTENTS: Final = "intents"
"""Work for an engine was added or came free."""

WORKFLOWS: Final = "workflows"
"""A workflow run has to be seen to, or came free."""

LOOKS: Final = "looks"
"""A run is to be asked after at once."""

KILL_SWITCHES: Final = "kill-switches"
"""A kill switch was engaged or released."""

GRANTS: Final = "grants"
"""A token was revoked or deleted, or a membership changed."""

POLICIES: Final = "policies"
"""A project has a new policy, by which what waits is to be decided on again."""

PROVIDERS: Final = "providers"
"""What a project has set for a provider was changed: its config, or a credential."""


def run_topic(run_id: RunId) -> str:
    """The stream of one run."""
    return f"run:{run_id}"


def cancel_topic(run_id: RunId) -> str:
    """Somebody asked for this run to be canceled; apart from its stream, which log lines wake."""
    return f"cancel:{run_id}"


def workflow_topic(workflow_run_id: WorkflowRunId) -> str:
    """The stream of one workflow run."""
    return f"workflow:{workflow_run_id}"


def steps_topic(workflow_run_id: WorkflowRunId) -> str:
    """Something has come of a step, or somebody has changed the run: whoever sees to it is to look;
    apart from its stream, which that grows by itself."""
    return f"steps:{workflow_run_id}"


def project_topic(project_id: ProjectId) -> str:
    """The stream of one project."""
    return f"project:{project_id}"
