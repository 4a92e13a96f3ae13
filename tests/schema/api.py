"""The API over a real database, without a network and without an engine that moves runs."""

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final

import httpx
from httpx_ws import AsyncWebSocketSession, aconnect_ws
from httpx_ws.transport import ASGIWebSocketTransport
from starlette.applications import Starlette
from starlette.routing import Route, WebSocketRoute

from app import Workbench
from domain.errors import StorageUnavailable
from domain.models.principals import Membership, Principal, PrincipalKind, Role
from resolvers.context import Viewer
from schema.endpoint import Endpoint, Identify
from tests.contract.store.scene import Scene

ADMIN: Final = "wb_admin"
OPERATOR: Final = "wb_operator"
ONLOOKER: Final = "wb_onlooker"
STRANGER: Final = "wb_stranger"
TROUBLE: Final = "wb_trouble"
ROLES: Final[Mapping[str, Role]] = {OPERATOR: Role.OPERATOR, ONLOOKER: Role.VIEWER}

Json = dict[str, Any]


def principal_of(token: str, scene: Scene) -> Principal:
    return Principal(
        id=scene.actor.id, name=token, kind=PrincipalKind.USER, is_server_admin=token == ADMIN
    )


@dataclass(frozen=True, slots=True)
class Api:
    """What a client has: requests and sockets; and the scene behind them."""

    scene: Scene
    workbench: Workbench
    endpoint: Endpoint
    app: Starlette

    @classmethod
    def of(cls, workbench: Workbench, scene: Scene) -> "Api":
        async def identify(text: str | None) -> Viewer | None:
            if text == TROUBLE:
                raise StorageUnavailable
            if text not in {ADMIN, OPERATOR, ONLOOKER, STRANGER}:
                return None
            principal = principal_of(text, scene)
            roles = frozenset({ROLES[text]}) if text in ROLES else frozenset()
            membership = Membership(
                project_id=scene.project.id, principal_id=principal.id, roles=roles
            )
            return Viewer(principal=principal, memberships=(membership,) if roles else ())

        return cls.identifying(workbench, scene, identify)

    @classmethod
    def identifying(cls, workbench: Workbench, scene: Scene, identify: Identify) -> "Api":
        """With another idea of who has which token."""
        endpoint = Endpoint(
            services=workbench.services,
            store=workbench.database,
            identify=identify,
            session_of=lambda connection: connection.cookies.get("session"),
            admissions=workbench.admissions,
        )
        routes = [Route("/graphql", endpoint), WebSocketRoute("/graphql", endpoint)]
        return cls(scene, workbench, endpoint, Starlette(routes=routes))

    def client(self, token: str | None = ADMIN, **headers: str) -> httpx.AsyncClient:
        if token is not None:
            headers["Authorization"] = f"Bearer {token}"
        return httpx.AsyncClient(
            transport=ASGIWebSocketTransport(app=self.app),
            base_url="http://workbench.test",
            headers=headers,
        )

    async def ask(self, query: str, *, token: str = ADMIN, **variables: Any) -> Json:
        """The whole answer."""
        async with self.client(token) as client:
            body = {"query": query, "variables": variables}
            answer: Json = (await client.post("/graphql", json=body)).json()
        return answer

    async def data(self, query: str, *, token: str = ADMIN, **variables: Any) -> Json:
        """The answer's data; there must be no errors."""
        answer = await self.ask(query, token=token, **variables)
        assert "errors" not in answer, answer["errors"]
        data: Json = answer["data"]
        return data

    async def code(self, query: str, *, token: str = ADMIN, **variables: Any) -> str:
        """The code of the answer's one error."""
        (error,) = (await self.ask(query, token=token, **variables))["errors"]
        return str(error["extensions"]["code"])

    @asynccontextmanager
    async def socket(self, token: str | None = ADMIN) -> AsyncIterator["Socket"]:
        """A socket that has signed in."""
        async with self.opened() as socket:
            payload = {"Authorization": f"Bearer {token}"} if token else {}
            await socket.send(type="connection_init", payload=payload)
            assert {"type": "connection_ack"} == await socket.receive()
            yield socket

    @asynccontextmanager
    async def opened(self, **headers: str) -> AsyncIterator["Socket"]:
        """A socket that has not signed in."""
        session: AsyncWebSocketSession
        protocols = ["graphql-transport-ws"]
        async with (
            self.client(None, **headers) as client,
            aconnect_ws("http://workbench.test/graphql", client, subprotocols=protocols) as session,
        ):
            yield Socket(session)


@dataclass(frozen=True, slots=True)
class Socket:
    """graphql-transport-ws from the client's side."""

    session: AsyncWebSocketSession

    async def send(self, **message: object) -> None:
        await self.session.send_text(json.dumps(message))

    async def receive(self) -> Json:
        message: Json = json.loads(await self.session.receive_text(timeout=10))
        return message

    async def subscribe(self, query: str, **variables: Any) -> None:
        """Operation "1"."""
        payload = {"query": query, "variables": variables}
        await self.send(id="1", type="subscribe", payload=payload)

    async def next(self) -> Json:
        """The data of the operation's next result."""
        message = await self.receive()
        assert ("1", "next") == (message["id"], message["type"]), message
        data: Json = message["payload"]["data"]
        return data

    async def refusal(self, query: str, **variables: Any) -> str:
        """The code with which the operation ends before it has begun."""
        await self.subscribe(query, **variables)
        message = await self.receive()
        assert ("1", "error") == (message["id"], message["type"]), message
        (error,) = message["payload"]
        return str(error["extensions"]["code"])

    async def all(self, query: str, **variables: Any) -> Sequence[Json]:
        """The data of every result up to the completion."""
        await self.subscribe(query, **variables)
        results = []
        while (message := await self.receive())["type"] == "next":
            results.append(message["payload"]["data"])
        assert {"id": "1", "type": "complete"} == message
        return results
