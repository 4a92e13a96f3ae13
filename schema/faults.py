"""Top-level errors: a stable code on each, and nothing of our inside on those that we caused."""

import math
from collections.abc import Sequence
from typing import Final

import structlog
from graphql import GraphQLError
from strawberry.exceptions import MissingQueryError
from strawberry.schema.exceptions import CannotGetOperationTypeError
from strawberry.types import ExecutionResult

from domain.errors import CostExceeded, InvalidInput, RateLimited, WorkbenchError

INTERNAL: Final = "INTERNAL"
DOCUMENT_INVALID: Final = "GRAPHQL_DOCUMENT_INVALID"

_log = structlog.get_logger(__name__)


def coded(errors: Sequence[GraphQLError], request_id: str) -> list[GraphQLError]:
    """Errors as a client may see them. Each unknown one is logged, once, with the request's id."""
    return [_coded(error, request_id) for error in errors]


def _coded(error: GraphQLError, request_id: str) -> GraphQLError:
    cause = error.original_error
    while isinstance(cause, GraphQLError) and cause.original_error is not None:
        cause = cause.original_error
    if isinstance(cause, WorkbenchError):
        return _shown(error, cause.message, _extensions(cause))
    if isinstance(cause, CannotGetOperationTypeError):
        return _shown(error, cause.as_http_error_reason(), {"code": DOCUMENT_INVALID})
    if isinstance(cause, MissingQueryError):
        return _shown(error, "There is no query.", {"code": DOCUMENT_INVALID})
    if error.path is None and (cause is None or isinstance(cause, GraphQLError)):
        return _shown(error, error.message, {"code": DOCUMENT_INVALID, **(error.extensions or {})})
    _log.error("operation failed", request_id=request_id, path=error.path, exc_info=cause or error)
    return _shown(error, "Something went wrong here.", {"code": INTERNAL, "requestId": request_id})


def is_refused(result: ExecutionResult) -> bool:
    """Whether the operation was not executed at all: GraphQL's `request error`."""
    return result.data is None and any(error.path is None for error in result.errors or ())


def retry_after_s(result: ExecutionResult) -> int | None:
    """Whole seconds until a refused operation may be asked again; None where waiting is no help."""
    for error in result.errors or ():
        milliseconds = (error.extensions or {}).get("retryAfterMs")
        if isinstance(milliseconds, int):
            return math.ceil(milliseconds / 1000)
    return None


def _extensions(cause: WorkbenchError) -> dict[str, object]:
    extensions: dict[str, object] = {"code": str(cause.code)}
    if isinstance(cause, InvalidInput):
        extensions["path"] = list(cause.path)
    if isinstance(cause, CostExceeded):
        extensions["cost"] = {"requested": cause.requested, "max": cause.most}
    if isinstance(cause, RateLimited):
        extensions["retryAfterMs"] = cause.retry_after_ms
    return extensions


def _shown(error: GraphQLError, message: str, extensions: dict[str, object]) -> GraphQLError:
    return GraphQLError(
        message,
        nodes=error.nodes,
        source=error.source,
        positions=error.positions,
        path=error.path,
        extensions=extensions,
    )
