"""GraphQL over WebSocket (graphql-transport-ws), strict with what clients send."""

from collections.abc import Callable, Mapping
from contextlib import aclosing
from typing import Any, Final, TypeGuard

import orjson
import structlog
from starlette.websockets import WebSocket, WebSocketDisconnect
from strawberry.http.exceptions import WebSocketDisconnected
from strawberry.subscriptions.protocols.graphql_transport_ws.handlers import (
    BaseGraphQLTransportWSHandler,
    Operation,
)
from strawberry.types import ExecutionResult
from strawberry.types.execution import PreExecutionError

from domain.errors import ErrorCode, StorageUnavailable
from resolvers.context import Context, Viewer
from schema.answering import Outlet, Schema
from schema.sharing import EncodedResult

ID_CHARACTERS_MAX: Final = 256
TRY_AGAIN_LATER: Final = 1013

Offer = Callable[[bytes], bool]
"""The server's way to send a text without waiting; False where it would have to."""

_log = structlog.get_logger(__name__)


class Connected:
    """What a socket knows: nothing until `connection_init`, then who signed in."""

    def __init__(self, socket: WebSocket) -> None:
        self.socket = socket
        self.connection_params: Mapping[str, object] = {}
        self.viewer: Viewer | None = None


class SocketHandler(BaseGraphQLTransportWSHandler[Any, None]):
    """Strawberry's protocol, but with a context for each operation, and frames checked first."""

    context: Connected
    schema: Schema

    async def handle_message(self, message: Any) -> None:
        problem = _problem(message)
        if problem is None:
            await super().handle_message(message)
        else:
            await self.handle_invalid_message(problem)

    async def handle_connection_init(self, message: Any) -> None:
        try:
            payload = message.get("payload") or {}
            await super().handle_connection_init({"type": "connection_init", "payload": payload})
        except StorageUnavailable:
            await self.websocket.close(TRY_AGAIN_LATER, "Storage unavailable")

    async def handle_subscribe(self, message: Any) -> None:
        """One too many is refused with a code, and the socket stays open."""
        most = self.max_subscriptions_per_connection
        if self.connection_acknowledged and most is not None and len(self.operations) >= most:
            refusal: Any = {
                "message": f"A socket has at most {most} operations.",
                "extensions": {"code": ErrorCode.QUOTA_EXCEEDED},
            }
            await self.send_message({"id": message["id"], "type": "error", "payload": [refusal]})
        else:
            await super().handle_subscribe(message)

    async def run_operation(self, operation: Operation[Any, None]) -> None:
        """An operation's task: its results, then its completion, and nothing left behind."""
        try:
            await self._send_results(operation)
        except (WebSocketDisconnected, WebSocketDisconnect):
            return
        except Exception:
            _log.exception("socket operation failed")
            raise
        finally:
            self._forget(operation)

    async def _send_results(self, operation: Operation[Any, None]) -> None:
        outlet = self._outlet(operation)
        context: Context = self.view.operation_context(self.context.socket, self.context.viewer)  # type: ignore[attr-defined] # our Endpoint
        results = await self.schema.stream(
            operation.query,
            variable_values=operation.variables,
            context_value=context,
            operation_name=operation.operation_name,
            outlet=outlet,
        )
        async with aclosing(results):
            async for result in results:
                # What most messages are, and all that they share is made already.
                if isinstance(result, EncodedResult) and outlet and outlet(result):
                    continue
                if isinstance(result, PreExecutionError):
                    await operation.send_initial_errors(result.errors or [])
                    return
                assert isinstance(result, ExecutionResult), "there is no incremental delivery"
                await operation.send_next(result)
        await operation.send_operation_message({"id": operation.id, "type": "complete"})

    def _outlet(self, operation: Operation[Any, None]) -> Outlet | None:
        """Sends a result there and then, where the server lets us and the client keeps up."""
        offer: Offer | None = self.context.socket.scope.get("state", {}).get("offer")
        if offer is None:
            return None
        before = b'{"id":%b,"type":"next","payload":{"data":' % orjson.dumps(operation.id)
        return lambda result: offer(before + result.encoded + b"}}")

    def _forget(self, operation: Operation[Any, None]) -> None:
        """Its id is free again, unless another operation has taken it since."""
        if self.operations.get(operation.id) is operation:
            del self.operations[operation.id]


def _problem(message: object) -> str | None:
    """What is wrong with a frame, as the protocol knows it; None for a good one."""
    if not isinstance(message, dict) or not isinstance(message.get("type"), str):
        return "A message is an object with a type"
    payload = message.get("payload")
    match message["type"]:
        case "connection_init" | "ping" | "pong":
            return None if payload is None or isinstance(payload, dict) else "Invalid payload"
        case "complete":
            return None if _is_id(message.get("id")) else "Invalid id"
        case "subscribe":
            if not _is_id(message.get("id")):
                return "Invalid id"
            return None if _is_operation(payload) else "Invalid payload"
        case _:
            return "Unknown message type"


def _is_id(value: object) -> bool:
    return isinstance(value, str) and 0 < len(value) <= ID_CHARACTERS_MAX


def _is_operation(payload: object) -> TypeGuard[dict[str, object]]:
    return (
        isinstance(payload, dict)
        and isinstance(payload.get("query"), str)
        and isinstance(payload.get("variables"), dict | None)
        and isinstance(payload.get("operationName"), str | None)
        and isinstance(payload.get("extensions"), dict | None)
    )
