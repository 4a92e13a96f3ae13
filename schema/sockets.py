"""GraphQL over WebSocket (graphql-transport-ws), strict with what clients send, and bounded."""

import asyncio
from collections.abc import Callable, Mapping
from contextlib import ExitStack, aclosing, suppress
from typing import Any, Final, TypeGuard

import orjson
import structlog
from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState
from strawberry.asgi import ASGIWebSocketAdapter
from strawberry.http.exceptions import WebSocketDisconnected
from strawberry.subscriptions.protocols.graphql_transport_ws.handlers import (
    BaseGraphQLTransportWSHandler,
    Operation,
)
from strawberry.types import ExecutionResult
from strawberry.types.execution import PreExecutionError

from domain.errors import (
    ErrorCode,
    IssuerUnavailable,
    QuotaExceeded,
    StorageUnavailable,
    Unauthenticated,
)
from domain.limits import ConnectionKind
from domain.services.admissions import Admissions
from domain.services.grants import Grants
from resolvers import access
from resolvers.context import Context, Viewer
from schema.answering import Outlet, Schema, refusal
from schema.sharing import EncodedResult

ID_CHARACTERS_MAX: Final = 256
REASON_BYTES_MAX: Final = 123
"""What a close frame has room for (RFC 6455, 5.5)."""
LAST_WORDS_S: Final = 1.0
"""How long operations get to tell their end before their socket is closed."""

NORMAL: Final = 1000
TRY_AGAIN_LATER: Final = 1013
FORBIDDEN: Final = 4403
TOO_MANY: Final = 4429

Offer = Callable[[bytes], bool]
"""The server's way to send a text without waiting; False where it would have to."""

_log = structlog.get_logger(__name__)


class Connected:
    """What a socket knows: nothing until `connection_init`, then who signed in, and how.

    It counts as unsigned until `sign_in`, then as one of its principal's; `leave` ends both.
    """

    def __init__(self, socket: WebSocket, admissions: Admissions, grants: Grants) -> None:
        self.socket = socket
        self.connection_params: Mapping[str, object] = {}
        self.admissions = admissions
        self.signed_out: Callable[[], None] = lambda: None
        self._grants = grants
        self._unsigned = ExitStack()
        self._signed = ExitStack()

    @property
    def fields(self) -> Mapping[str, object]:
        """Where a token may be: the headers, and the payload that the client signed in with."""
        return {**self.socket.headers, **self.connection_params}

    def arrive(self) -> None:
        """Raises QuotaExceeded."""
        client = self.socket.client
        self._unsigned.enter_context(self.admissions.unsigned(client.host if client else ""))

    def sign_in(self, viewer: Viewer) -> None:
        """From now on `signed_out` is called as soon as the token is gone. Raises QuotaExceeded."""
        admitted = self.admissions.signed(viewer.principal.id, ConnectionKind.SOCKET)
        self._signed.enter_context(admitted)
        self._signed.enter_context(self._grants.holding(access.grant(viewer), self.signed_out))
        self._unsigned.close()

    def leave(self) -> None:
        self._unsigned.close()
        self._signed.close()


class SocketAdapter(ASGIWebSocketAdapter):
    """Strawberry's, but a socket can be closed whatever has become of it meanwhile."""

    async def send_json(self, message: Mapping[str, object]) -> None:
        if self.ws.application_state is WebSocketState.DISCONNECTED:
            raise WebSocketDisconnected
        await super().send_json(message)

    async def close(self, code: int, reason: str) -> None:
        short = reason.encode()[:REASON_BYTES_MAX].decode(errors="ignore")
        if self.ws.application_state is not WebSocketState.DISCONNECTED:
            with suppress(WebSocketDisconnect):
                await super().close(code, short)


class SocketHandler(BaseGraphQLTransportWSHandler[Any, None]):
    """Strawberry's protocol, but with a context for each operation, and frames checked first.

    An operation's viewer is who its token belongs to then; the socket ends with the token.
    """

    context: Connected
    schema: Schema

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._bounds = self.context.admissions.limits
        self._quiet_since = 0.0
        self._idle: asyncio.TimerHandle | None = None
        self._closing: asyncio.Task[None] | None = None

    async def handle(self) -> None:
        try:
            self.context.arrive()
        except QuotaExceeded as error:
            await self.websocket.close(TRY_AGAIN_LATER, error.message)
            return
        self.context.signed_out = self._sign_out
        try:
            await super().handle()
        finally:
            self.context.leave()

    async def shutdown(self) -> None:
        if self._idle is not None:
            self._idle.cancel()
        await super().shutdown()
        if self._closing is not None:
            self._closing.cancel()
            await asyncio.wait([self._closing])

    async def handle_message(self, message: Any) -> None:
        problem = _problem(message)
        if problem is None:
            await super().handle_message(message)
        else:
            await self.handle_invalid_message(problem)

    async def handle_connection_init_timeout(self) -> None:
        await super().handle_connection_init_timeout()
        self.context.admissions.reached("init_timeout")

    async def handle_connection_init(self, message: Any) -> None:
        try:
            payload = message.get("payload") or {}
            await super().handle_connection_init({"type": "connection_init", "payload": payload})
        except StorageUnavailable:
            await self.websocket.close(TRY_AGAIN_LATER, "Storage unavailable")
        except IssuerUnavailable:
            await self.websocket.close(TRY_AGAIN_LATER, "Issuer unavailable")
        except QuotaExceeded as error:
            await self.websocket.close(TOO_MANY, error.message)
        if self.connection_acknowledged and self._idle is None:
            self._await_operation(self._bounds.idle_timeout_s)

    async def handle_subscribe(self, message: Any) -> None:
        """One too many is refused with a code, and the socket stays open."""
        most = self._bounds.socket_operations
        if self.connection_acknowledged and len(self.operations) >= most:
            self.context.admissions.reached("socket_operations")
            told: Any = {
                "message": f"A socket has at most {most} operations.",
                "extensions": {"code": ErrorCode.QUOTA_EXCEEDED},
            }
            await self.send_message({"id": message["id"], "type": "error", "payload": [told]})
        else:
            await super().handle_subscribe(message)

    async def run_operation(self, operation: Operation[Any, None]) -> None:
        """An operation's task: its results, then its completion, and nothing left behind."""
        try:
            with self.context.admissions.operating():
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
        context = await self._context(operation)
        if context is None:
            return
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

    async def _context(self, operation: Operation[Any, None]) -> Context | None:
        """For whoever the token belongs to now; None where the client was told why not."""
        try:
            context: Context = await self.view.context_of(self.context)  # type: ignore[attr-defined] # our Endpoint
        except (Unauthenticated, StorageUnavailable, IssuerUnavailable) as error:
            await operation.send_initial_errors(refusal(error, "").errors or [])
            if isinstance(error, Unauthenticated):
                self._sign_out()
            return None
        return context

    def _sign_out(self) -> None:
        self._close_soon(FORBIDDEN, "Sign in again")

    def _await_operation(self, seconds: float) -> None:
        self._idle = asyncio.get_running_loop().call_later(seconds, self._look_whether_idle)

    def _look_whether_idle(self) -> None:
        limit = self._bounds.idle_timeout_s
        left = self._quiet_since + limit - asyncio.get_running_loop().time()
        if self.operations:
            self._await_operation(limit)
        elif left > 0:
            self._await_operation(left)
        else:
            self.context.admissions.reached("idle_timeout")
            self._close_soon(NORMAL, "Idle")

    def _close_soon(self, code: int, reason: str) -> None:
        if self._closing is None:
            self._closing = asyncio.create_task(self._close(code, reason), name="closing a socket")

    async def _close(self, code: int, reason: str) -> None:
        """After the operations have told their end."""
        if tasks := [one.task for one in self.operations.values() if one.task]:
            await asyncio.wait(tasks, timeout=LAST_WORDS_S)
        await self.websocket.close(code, reason)

    def _outlet(self, operation: Operation[Any, None]) -> Outlet | None:
        """Sends a result there and then, where the server lets us and the client keeps up."""
        offer: Offer | None = self.context.socket.scope.get("state", {}).get("offer")
        if offer is None:
            return None
        before = b'{"id":%b,"type":"next","payload":{"data":' % orjson.dumps(operation.id)
        return lambda result: offer(before + result.encoded + b"}}")

    def _forget(self, operation: Operation[Any, None]) -> None:
        """Its id is free again, unless another operation has taken it since."""
        self._quiet_since = asyncio.get_running_loop().time()
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
