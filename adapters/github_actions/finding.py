"""Finding a run whose dispatch was not answered, by the run id that its title shows. Pure.

The workflow's run-name has to show the input `workbench_run`. Since a workflow may be written
otherwise, a run is only said not to be there where nothing that is could be it.
"""

import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import RFC_4122, UUID

from adapters.github_actions.records import WorkflowRun
from domain.errors import CapabilityMissing
from domain.ids import RunId

CLOCKS_DIFFER: Final = timedelta(minutes=10)
TIME_VERSION: Final = 7
_RUN_ID: Final = re.compile(r"(?<![0-9a-f])[0-9a-f]{32}(?![0-9a-f])")


def found_in(runs: Iterable[WorkflowRun], run_id: RunId) -> WorkflowRun | None:
    """The run with this id in its title.

    None: there is none, and each that could be ours shows the id of another one. Raises
    CapabilityMissing where one shows none.
    """
    nameless: WorkflowRun | None = None
    for run in runs:
        ids = _RUN_ID.findall(run.title)
        if run_id in ids:
            return run
        if not ids and not is_before(run, run_id):
            nameless = run
    if nameless is not None:
        message = (
            f"Run {nameless.id} at GitHub may be this one, and its name does not tell: the "
            "workflow's run-name should show the input workbench_run."
        )
        raise CapabilityMissing("lookup", message)
    return None


def is_before(run: WorkflowRun, run_id: RunId) -> bool:
    """Whether the run was made too early to be that of this id."""
    made_at = _made_at(run_id)
    if made_at is None or run.created_at is None:
        return False
    return run.created_at < made_at - CLOCKS_DIFFER


def _made_at(run_id: RunId) -> datetime | None:
    """By a UUID of version 7 itself: RFC 9562, section 5.7."""
    uuid = UUID(hex=run_id)
    if uuid.variant != RFC_4122 or uuid.version != TIME_VERSION:
        return None
    return datetime.fromtimestamp((uuid.int >> 80) / 1000, UTC)
