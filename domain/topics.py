"""What one may listen to."""

from typing import Final

from domain.ids import ProjectId, RunId

INTENTS: Final = "intents"
"""Work for an engine was added or came free."""

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


def project_topic(project_id: ProjectId) -> str:
    """The stream of one project."""
    return f"project:{project_id}"
