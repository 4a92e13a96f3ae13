"""What templates may see of a run."""

import shlex
import uuid
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from domain.ids import RunId
from domain.models.providers import WorkOrder

WITH_TIME: Final = 7


def of_run(run_id: RunId, **more: object) -> dict[str, Any]:
    """A run of which only the id is known. `token` is for platforms that want a short name."""
    return {"id": run_id, "uuid": str(uuid.UUID(run_id)), "token": f"wb-{run_id}", **more}


def age_s(run_id: RunId, now: datetime) -> float | None:
    """How long ago the run was made, in seconds; None where its id has no time (RFC 9562, 5.7)."""
    made = uuid.UUID(run_id)
    return now.timestamp() - (made.int >> 80) / 1000 if made.version == WITH_TIME else None


def of_order(order: WorkOrder) -> dict[str, Any]:
    """A run as it is dispatched; what it does not have is missing."""
    line = shlex.join(order.command) if order.command else None
    return of_run(
        order.run_id,
        text=order.prompt or line,
        prompt=order.prompt,
        command=list(order.command) or None,
        command_line=line,
        cwd=order.cwd or None,
        timeout_ms=order.timeout_ms,
        timeout_s=-(-order.timeout_ms // 1000),
        timeout_min=-(-order.timeout_ms // 60_000),
    )


def scope(
    config: Mapping[str, Any], run: Mapping[str, Any], ref: Mapping[str, Any]
) -> dict[str, Mapping[str, Any]]:
    """What the texts of an operation are filled from."""
    return {"config": config, "run": run, "ref": ref}
