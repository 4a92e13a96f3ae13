"""The GraphQL endpoint: one ASGI application for HTTP, server-sent events and WebSocket.

Nothing is answered before it is known who asks. A token comes in the Authorization header, or on a
socket in the payload of `connection_init`; a browser's session comes with the connection itself.
"""

from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from datetime import timedelta
from json import JSONDecodeError
from typing import Any, Final

import orjson
from cross_web import HTTPException
from starlette.requests import ClientDisconnect, HTTPConnection, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket
from strawberry.asgi import GraphQL
from strawberry.exceptions import ConnectionRejectionError
from strawberry.http import GraphQLHTTPResponse, GraphQLRequestData, GraphQLRequestProtocol
from strawberry.http.streaming import HTTPStreamTransport
from strawberry.schema.exceptions import InvalidOperationTypeError
from strawberry.subscriptions import GRAPHQL_SSE_PROTOCOL, GRAPHQL_TRANSPORT_WS_PROTOCOL
from strawberry.types import ExecutionResult
from strawberry.types.unset import UNSET, UnsetType

from domain.errors import (
    IssuerUnavailable,
    QuotaExceeded,
    StorageUnavailable,
    Unauthenticated,
    WorkbenchError,
)
from domain.limits import ConnectionKind, DocumentLimits
from domain.ports import Store
from domain.services.admissions import Admissions
from resolvers.context import Context, Services, Viewer
from resolvers.loaders import Loaders
from schema import bodies, build
from schema.answering import Schema
from schema.faults import is_refused, retry_after_s
from schema.media_types import GRAPHQL_RESPONSE, JSON, answered_as, kind_of
from schema.sockets import Connected, SocketAdapter, SocketHandler
from schema.sse import EventStreamResponse, EventStreamTransport

BEARER: Final = "bearer "
METHOD_NOT_ALLOWED: Final = 405
PLAIN: Final = "identity"

Identify = Callable[[str | None], Awaitable[Viewer | None]]
"""Who a token's text belongs to; None for nobody."""
SessionOf = Callable[[HTTPConnection], str | None]
"""The token text that a browser's session sends along."""


class Endpoint(GraphQL[Any, None]):
    """Mount it on a Route and on a WebSocketRoute of the same path."""

    schema: Schema
    graphql_transport_ws_handler_class = SocketHandler
    websocket_adapter_class = SocketAdapter
    stream_transport_classes_by_protocol = {GRAPHQL_SSE_PROTOCOL: EventStreamTransport}  # noqa: RUF012 - as Strawberry declares it

    def __init__(
        self,
        *,
        services: Services,
        store: Store,
        identify: Identify,
        session_of: SessionOf,
        admissions: Admissions,
        limits: DocumentLimits | None = None,
        allowed_origins: Sequence[str] = (),
    ) -> None:
        """Pages of these origins may open a socket, besides our own and what is no page."""
        super().__init__(
            build(limits),
            graphql_ide=None,
            subscription_protocols=(GRAPHQL_TRANSPORT_WS_PROTOCOL, GRAPHQL_SSE_PROTOCOL),
            connection_init_wait_timeout=timedelta(seconds=admissions.limits.init_timeout_s),
            max_subscriptions_per_connection=None,  # The handler itself counts.
            allowed_origins=allowed_origins,
        )
        self._services = services
        self._store = store
        self._identify = identify
        self._session_of = session_of
        self._admissions = admissions

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await self.run(WebSocket(scope, receive, send))
            return
        try:
            response = await self._answer(Request(scope, receive))
        except ClientDisconnect:
            return
        await response(scope, receive, send)

    async def _answer(self, request: Request) -> Response:
        refused = _Refusals(_answered_as(request))
        try:
            viewer = await self._viewer(request, request.headers)
            context = self.operation_context(request, viewer)
            return self._counted(await self.run(request, context=context), context.viewer)
        except QuotaExceeded as error:
            return refused.by(error, 429, {"Retry-After": "1"})
        except Unauthenticated as error:
            return refused.by(error, 401, {"WWW-Authenticate": 'Bearer realm="workbench"'})
        except (StorageUnavailable, IssuerUnavailable) as error:
            return refused.by(error, 503, {"Retry-After": "1"})
        except HTTPException as error:
            return refused.bad(error.status_code, error.reason)

    def _counted(self, response: Response, viewer: Viewer) -> Response:
        """A stream counts as a connection of its principal. Raises QuotaExceeded."""
        if isinstance(response, EventStreamResponse):
            stream = self._admissions.signed(viewer.principal.id, ConnectionKind.STREAM)
            response.stay.enter_context(stream)
        return response

    def operation_context(self, connection: HTTPConnection, viewer: Viewer | None) -> Context:
        """A context for one operation. Raises Unauthenticated where nobody is signed in."""
        if viewer is None:
            raise Unauthenticated
        return Context(
            viewer=viewer,
            services=self._services,
            store=self._store,
            loaders=Loaders(self._store, keep=connection.scope["type"] == "http"),
            request_id=connection.scope.get("state", {}).get("request_id", ""),
            address=connection.client.host if connection.client else None,
        )

    async def context_of(self, connected: Connected) -> Context:
        """For an operation on a socket, by whoever its token belongs to now.

        Raises Unauthenticated, StorageUnavailable, IssuerUnavailable.
        """
        viewer = await self._viewer(connected.socket, connected.fields)
        return self.operation_context(connected.socket, viewer)

    async def _viewer(
        self, connection: HTTPConnection, fields: Mapping[str, object]
    ) -> Viewer | None:
        """By the token in the fields (headers, or a payload), else by the browser's session."""
        given = {name.lower(): value for name, value in fields.items()}.get("authorization")
        if given is None:
            return await self._identify(self._session_of(connection))
        text = str(given)
        if not text.lower().startswith(BEARER):
            return None
        return await self._identify(text[len(BEARER) :].strip())

    async def get_context(self, request: Any, response: Any) -> Connected:
        """Of a socket; operations get contexts of their own."""
        return Connected(request, self._admissions, self._services.grants)

    async def on_ws_connect(self, context: Any) -> UnsetType | dict[str, object] | None:
        viewer = await self._viewer(context.socket, context.fields)
        if viewer is None:
            raise ConnectionRejectionError
        context.sign_in(viewer)
        nothing_to_add: UnsetType = UNSET
        return nothing_to_add

    def should_render_graphql_ide(self, request: Any) -> bool:
        return False

    def parse_json(self, data: str | bytes) -> dict[str, Any]:
        """Objects only: a batch, a text or a number is no operation. Answers 400."""
        try:
            value = bodies.read(data)
        except bodies.NotAcceptable as error:
            raise HTTPException(400, error.msg) from error
        except JSONDecodeError as error:
            raise HTTPException(400, "The body is not valid JSON.") from error
        if not isinstance(value, dict) or not isinstance(value.get("operationName"), str | None):
            raise HTTPException(400, "The body is not one GraphQL operation.")
        return value

    def decode_json(self, data: str | bytes) -> object:
        return bodies.read(data)

    def encode_json(self, data: object) -> str:
        """Text, since bytes would be sent as a binary frame."""
        return orjson.dumps(data).decode()

    async def parse_http_body(self, request: Any) -> Any:
        """One kind of body, which no page of another origin can send without asking first."""
        if request.method == "POST" and kind_of(request.content_type or "") != JSON:
            raise HTTPException(415, f"The body has to be {JSON}.")
        if request.headers.get("content-encoding", PLAIN).lower() != PLAIN:
            raise HTTPException(415, "The body may not be compressed.")
        return await super().parse_http_body(request)

    async def get_sub_response(self, request: HTTPConnection) -> Response:
        """What is known of the answer before there is one: what it is sent as."""
        return Response(media_type=_answered_as(request))

    async def execute_single(  # noqa: PLR0917 - as it is called
        self,
        request: Request,
        request_adapter: Any,
        sub_response: Response,
        context: Any,
        root_value: None,
        request_data: GraphQLRequestData,
    ) -> ExecutionResult:
        """Strawberry's, but where the client understands that 400 for what was not executed, or
        429 with the time to wait; and 405 for what a GET may not ask."""
        try:
            result = await super().execute_single(
                request, request_adapter, sub_response, context, root_value, request_data
            )
        except HTTPException as error:
            if isinstance(error.__cause__, InvalidOperationTypeError):
                raise HTTPException(METHOD_NOT_ALLOWED, error.reason) from error
            raise
        retry_after = retry_after_s(result)
        if retry_after is not None:
            sub_response.headers["Retry-After"] = str(retry_after)
        if is_refused(result) and sub_response.media_type == GRAPHQL_RESPONSE:
            sub_response.status_code = 400 if retry_after is None else 429
        return result

    async def process_result(self, request: Any, result: ExecutionResult) -> GraphQLHTTPResponse:
        """What was not executed has no data, not even null."""
        processed = await super().process_result(request, result)
        if is_refused(result):
            del processed["data"]
        return processed

    def create_response(
        self, response_data: GraphQLHTTPResponse | list[GraphQLHTTPResponse], sub_response: Response
    ) -> Response:
        sub_response.body = orjson.dumps(response_data)
        sub_response.headers["Content-Length"] = str(len(sub_response.body))
        return sub_response

    async def _create_streaming_response(
        self,
        request: Request,
        result: Any,
        protocol: GraphQLRequestProtocol,
        sub_response: Response,
    ) -> Response:
        """Ours, since Strawberry's ends without closing what it iterates."""
        transport = self._get_stream_transport(protocol)
        assert transport is not None, "what streams was asked for by a transport"
        events = self._events(request, result, transport)
        return EventStreamResponse(events, transport.headers, self._services.clock)

    async def _events(
        self,
        request: Request,
        results: AsyncGenerator[ExecutionResult, None],
        transport: HTTPStreamTransport,
    ) -> AsyncGenerator[str, None]:
        async with aclosing(results):
            async for result in results:
                response = await self.process_result(request, result)
                yield transport.encode_next(response, self.encode_json_string)
        yield transport.encode_complete()


def _answered_as(request: HTTPConnection) -> str:
    return answered_as(",".join(request.headers.getlist("accept")))


@dataclass(frozen=True, slots=True)
class _Refusals:
    """Answers without an execution, sent as what the client takes."""

    media_type: str

    def by(self, error: WorkbenchError, status: int, headers: Mapping[str, str]) -> Response:
        return self._problem(status, error.message, error.code, headers)

    def bad(self, status: int, reason: str) -> Response:
        headers = {"Allow": "POST"} if status == METHOD_NOT_ALLOWED else {}
        return self._problem(status, reason, "BAD_REQUEST", headers)

    def _problem(
        self, status: int, message: str, code: str, headers: Mapping[str, str]
    ) -> Response:
        body = {"errors": [{"message": message, "extensions": {"code": code}}]}
        return Response(orjson.dumps(body), status, headers, self.media_type)
