"""Push notifications: what an agent is told to call us with, and what it calls with.

An agent signs nothing. What it shows is a token that is made of a secret of the project, for this
agent alone, so that it tells nothing of that secret.
"""

import hmac
from collections.abc import Mapping
from datetime import datetime
from typing import Final

import orjson

from adapters.a2a.tasks import time_of
from domain.models.callbacks import Callback, Heard
from domain.models.providers import Connection
from domain.models.secrets import Secret

PUSH_SECRET: Final = "push_secret"  # noqa: S105 - the name of one
HEADER: Final = "x-a2a-notification-token"


def token_of(connection: Connection) -> Secret | None:
    """None where the project wants no calls."""
    secret = connection.secrets.get(PUSH_SECRET)
    if secret is None:
        return None
    place = f"{connection.provider}\0{connection.project_id}\0{connection.config.get('url')}"
    return Secret(hmac.digest(secret.reveal().encode(), place.encode(), "sha256").hex())


def callback_url(public_url: str, connection: Connection) -> str:
    """Where this project's agent calls."""
    return f"{public_url}/callbacks/{connection.provider}/{connection.project_id}"


def heard(callback: Callback, token: Secret) -> Heard | None:
    """None for what does not show the token, compared in a time that tells nothing, and for what is
    of no task."""
    given = callback.headers.get(HEADER, "").encode("utf-8", "replace")
    if not hmac.compare_digest(token.reveal().encode(), given):
        return None
    try:
        told = orjson.loads(callback.body)
    except orjson.JSONDecodeError:
        return None
    match told:
        case {"statusUpdate": {"taskId": str(task_id), "status": status}}:
            return Heard(provider_run_id=task_id, at=_at(status))
        case (
            {"task": {"id": str(task_id)}}
            | {"statusUpdate": {"taskId": str(task_id)}}
            | {"artifactUpdate": {"taskId": str(task_id)}}
            | {"message": {"taskId": str(task_id)}}
        ):
            return Heard(provider_run_id=task_id, at=None)
        case _:
            return None


def _at(status: object) -> datetime | None:
    return time_of(status.get("timestamp")) if isinstance(status, Mapping) else None
