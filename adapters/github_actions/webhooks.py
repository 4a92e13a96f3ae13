"""GitHub's webhooks: signed, and of which run.

From "Validating webhook deliveries" and "Webhook events and payloads" (workflow_run, workflow_job),
read 2026-11-20.
"""

import hmac
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

import orjson

from domain.models.callbacks import Callback, Heard
from domain.models.secrets import Secret

SIGNATURE: Final = "x-hub-signature-256"
PREFIX: Final = "sha256="
JOB_TIMES: Final = ("completed_at", "started_at", "created_at")


def heard(callback: Callback, secret: Secret) -> Heard | None:
    """None for what is not signed with the secret, and for what is of no run."""
    if not _is_signed(callback, secret):
        return None
    try:
        told = orjson.loads(callback.body)
    except orjson.JSONDecodeError:
        return None
    return _heard(told) if isinstance(told, Mapping) else None


def _is_signed(callback: Callback, secret: Secret) -> bool:
    """Over the body as it came; compared in a time that tells nothing."""
    expected = PREFIX + hmac.digest(secret.reveal().encode(), callback.body, "sha256").hex()
    given = callback.headers.get(SIGNATURE, "")
    return hmac.compare_digest(expected.encode(), given.encode("utf-8", "replace"))


def _heard(told: Mapping[str, Any]) -> Heard | None:
    run, job = told.get("workflow_run"), told.get("workflow_job")
    if isinstance(job, Mapping):
        times = (job.get(name) for name in JOB_TIMES)
        return _of(job.get("run_id"), next((each for each in times if each), None))
    return _of(run.get("id"), run.get("updated_at")) if isinstance(run, Mapping) else None


def _of(run_id: object, at: object) -> Heard | None:
    if not isinstance(run_id, int) or isinstance(run_id, bool) or not isinstance(at, str):
        return None
    try:
        time = datetime.fromisoformat(at)
    except ValueError:
        return None
    if time.tzinfo is None:
        return None
    return Heard(provider_run_id=str(run_id), at=time.astimezone(UTC))
