"""One operation from what was sent to what may be executed: found, allowed, and paid for."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Self

from cross_web import HTTPException
from graphql import GraphQLError
from strawberry.exceptions import MissingQueryError
from strawberry.schema.exceptions import CannotGetOperationTypeError, InvalidOperationTypeError
from strawberry.types.graphql import OperationType

from domain.allowance import Spending
from domain.errors import CostExceeded, WorkbenchError
from resolvers import allowances
from resolvers.context import Context
from schema.documents import Documents, Operation, Prepared

NO_STREAM: Final = "A subscription needs a WebSocket, or the header `Accept: text/event-stream`."
NOT_HERE: Final = "This kind of operation cannot be asked this way."
ALL_KINDS: Final = frozenset(OperationType)


class Refused(Exception):
    """Nothing is executed; `errors` say why, as they may be shown once they are coded."""

    def __init__(self, errors: Sequence[GraphQLError]) -> None:
        super().__init__()
        self.errors = errors


@dataclass(frozen=True, slots=True)
class Asked:
    """An operation as it was sent."""

    query: str
    name: str | None
    variables: Mapping[str, Any]
    context: Context
    kinds: Collection[OperationType]

    @classmethod
    def of(cls, query: str | None, named: Mapping[str, Any]) -> Self:
        """From the arguments that Strawberry's views give."""
        return cls(
            query or "",
            named.get("operation_name"),
            named.get("variable_values") or {},
            named["context_value"],
            named.get("allowed_operation_types") or ALL_KINDS,
        )


@dataclass(frozen=True, slots=True)
class Found:
    """An operation that is there, in its document."""

    prepared: Prepared
    operation: Operation

    @property
    def is_subscription(self) -> bool:
        return self.operation.kind is OperationType.SUBSCRIPTION


def for_one_result(documents: Documents, asked: Asked) -> Found:
    """A query or mutation.

    Raises Refused, and what Strawberry's view answers as a bad request: HTTPException,
    InvalidOperationTypeError, MissingQueryError and CannotGetOperationTypeError.
    """
    try:
        prepared = documents.prepare(asked.query)
    except GraphQLError as error:
        raise Refused([error]) from error
    found = Found(prepared, prepared.operation(asked.name))
    if found.is_subscription:
        raise HTTPException(400, NO_STREAM)
    if found.operation.kind not in asked.kinds:
        raise InvalidOperationTypeError(found.operation.kind)
    return found


def for_a_stream(documents: Documents, asked: Asked) -> Found:
    """Any operation. Raises Refused."""
    try:
        prepared = documents.prepare(asked.query)
        found = Found(prepared, prepared.operation(asked.name))
    except GraphQLError as error:
        raise Refused([error]) from error
    except (MissingQueryError, CannotGetOperationTypeError) as error:
        raise Refused([GraphQLError(str(error), original_error=error)]) from error
    if found.operation.kind not in asked.kinds:
        raise Refused([GraphQLError(NOT_HERE)])
    return found


def pay(found: Found, asked: Asked, cost_max: int) -> Spending:
    """Take the cost from the token's allowance before anything is resolved. Raises Refused."""
    if found.operation.cost is None:
        raise Refused(found.prepared.errors)
    cost = found.operation.cost.given(asked.variables)
    try:
        if cost > cost_max:
            raise CostExceeded(cost, cost_max)
        return allowances.charge(asked.context, cost)
    except WorkbenchError as error:
        raise Refused([GraphQLError(error.message, original_error=error)]) from error


def shown(spending: Spending) -> dict[str, Any]:
    """What a response's `extensions` say of it."""
    return {
        "cost": {
            "requested": spending.requested,
            "remaining": spending.remaining,
            "limit": spending.limit,
            "fullAfterMs": spending.full_after_ms,
        }
    }
