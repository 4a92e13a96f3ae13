"""What one may listen to."""

from typing import Final

from domain.ids import RunId

INTENTS: Final = "intents"
"""Work for an engine was added or came free."""

GRANTS: Final = "grants"
"""A token was revoked or deleted, or a membership changed."""


def run_topic(run_id: RunId) -> str:
    """The stream of one run."""
    return f"run:{run_id}"


def cancel_topic(run_id: RunId) -> str:
    """Somebody asked for this run to be canceled; apart from its stream, which log lines wake."""
    return f"cancel:{run_id}"
