"""An agent on the real a2a-sdk, which does what the first word of its prompt says.

    python agent_server.py PORT FOLDER [TOKEN]

It streams unless AGENT_STREAMS is 0, and calls whoever has asked for push notifications. In FOLDER
it keeps its tasks, and writes down the id of each message as it comes and what it is to push.
"""

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

import httpx
import uvicorn
from a2a.server.agent_execution import AgentExecutor, RequestContext
from a2a.server.context import ServerCallContext
from a2a.server.events import EventQueue
from a2a.server.request_handlers import DefaultRequestHandler
from a2a.server.routes import create_agent_card_routes, create_rest_routes
from a2a.server.tasks import (
    BasePushNotificationSender,
    DatabaseTaskStore,
    InMemoryPushNotificationConfigStore,
    TaskUpdater,
)
from a2a.types import (
    AgentCapabilities,
    AgentCard,
    AgentInterface,
    HTTPAuthSecurityScheme,
    Message,
    Part,
    Role,
    SecurityRequirement,
    SecurityScheme,
    StringList,
    Task,
    TaskPushNotificationConfig,
    TaskState,
    TaskStatus,
)
from google.protobuf.json_format import MessageToJson, ParseDict
from google.protobuf.struct_pb2 import Value
from sqlalchemy.ext.asyncio import create_async_engine
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

CHUNK_S = 0.02
STREAMS = os.environ.get("AGENT_STREAMS") != "0"


def text_of(message: Message | None) -> str:
    return "".join(part.text for part in message.parts) if message else ""


class Acting(AgentExecutor):
    """`count 3` prints three lines, `ask What?` asks, `fail why` fails, and so on."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    async def execute(self, context: RequestContext, event_queue: EventQueue) -> None:
        assert context.message is not None
        assert context.task_id is not None
        assert context.context_id is not None
        with (self.folder / "received").open("a", encoding="utf-8") as received:
            received.write(f"{context.message.message_id}\n")
        said = text_of(context.message)
        word, _, rest = said.partition(" ")
        if word == "reply":
            part = [Part(text=rest)]
            message = Message(role=Role.ROLE_AGENT, message_id="reply-1", parts=part)
            await event_queue.enqueue_event(message)
            return
        if context.current_task is None:
            status = TaskStatus(state=TaskState.TASK_STATE_SUBMITTED)
            task = Task(
                id=context.task_id,
                context_id=context.context_id,
                status=status,
                history=[context.message],
            )
            await event_queue.enqueue_event(task)
        updater = TaskUpdater(event_queue, context.task_id, context.context_id)
        if context.current_task is not None:
            await updater.start_work()
            await finish(updater, f"answered: {said}\n")
            return
        await updater.start_work()
        await ACTS.get(word, finish)(updater, rest)

    async def cancel(self, context: RequestContext, event_queue: EventQueue) -> None:
        assert context.task_id is not None
        assert context.context_id is not None
        await TaskUpdater(event_queue, context.task_id, context.context_id).cancel()


async def finish(updater: TaskUpdater, text: str) -> None:
    await updater.add_artifact([Part(text=text)], artifact_id="out", name="out.txt")
    await updater.complete()


async def count(updater: TaskUpdater, rest: str) -> None:
    """Lines in chunks that end anywhere but at the end of a line."""
    text = "".join(f"line {number}\n" for number in range(int(rest)))
    for begin in range(0, len(text), 10):
        await updater.add_artifact(
            [Part(text=text[begin : begin + 10])], artifact_id="out", append=begin > 0
        )
        await asyncio.sleep(CHUNK_S)
    await updater.complete()


async def speak(updater: TaskUpdater, rest: str) -> None:
    for word in rest.split():
        await updater.start_work(updater.new_agent_message([Part(text=f"saying {word}")]))
        await asyncio.sleep(CHUNK_S)
    await updater.complete(updater.new_agent_message([Part(text="done")]))


async def wait(updater: TaskUpdater, rest: str) -> None:
    await updater.add_artifact([Part(text="ready\n")], artifact_id="out")
    await asyncio.sleep(3600)


async def ask(updater: TaskUpdater, rest: str) -> None:
    await updater.requires_input(updater.new_agent_message([Part(text=rest)]))


async def authorize(updater: TaskUpdater, rest: str) -> None:
    await updater.requires_auth()


async def fail(updater: TaskUpdater, rest: str) -> None:
    await updater.failed(updater.new_agent_message([Part(text=rest)]))


async def reject(updater: TaskUpdater, rest: str) -> None:
    await updater.reject(updater.new_agent_message([Part(text=rest)]))


async def crash(updater: TaskUpdater, rest: str) -> None:
    raise RuntimeError(rest)


async def replace_artifact(updater: TaskUpdater, rest: str) -> None:
    for text in ("one\ntwo\n", "one\nzwei\n", "one\nzwei\nthree\n"):
        await updater.add_artifact([Part(text=text)], artifact_id="out")
        await asyncio.sleep(0.5)
    await updater.complete()


async def files(updater: TaskUpdater, rest: str) -> None:
    parts = [
        Part(text="hello", filename="a.txt", media_type="text/plain"),
        Part(raw=b"\x00\x01\x02\x03", filename="b.bin", media_type="application/octet-stream"),
        Part(url="https://example.org/c.png", filename="c.png", media_type="image/png"),
        Part(data=ParseDict({"a": 1}, Value())),
    ]
    await updater.add_artifact(parts, artifact_id="files", name="files")
    await updater.complete()


ACTS: Mapping[str, Callable[[TaskUpdater, str], Awaitable[None]]] = {
    "count": count,
    "speak": speak,
    "wait": wait,
    "ask": ask,
    "authorize": authorize,
    "fail": fail,
    "reject": reject,
    "crash": crash,
    "replace": replace_artifact,
    "files": files,
}


class Door:
    """Lets in who shows the token; the card is for everybody."""

    def __init__(self, app: ASGIApp, token: str) -> None:
        self.app, self.token = app, token

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        shown = dict(scope.get("headers", ())).get(b"authorization", b"").decode()
        if scope["type"] != "http" or "well-known" in scope["path"] or self._knows(shown):
            await self.app(scope, receive, send)
            return
        refusal = JSONResponse({"error": {"message": f"wrong credential {shown}"}}, 401)
        await refusal(scope, receive, send)

    def _knows(self, shown: str) -> bool:
        return shown == f"Bearer {self.token}"


class Pushes(InMemoryPushNotificationConfigStore):
    """Who wants to be called."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.folder = folder

    async def set_info(
        self,
        task_id: str,
        notification_config: TaskPushNotificationConfig,
        context: ServerCallContext,
    ) -> TaskPushNotificationConfig:
        wanted = MessageToJson(notification_config, indent=None)
        with (self.folder / "pushes").open("a", encoding="utf-8") as pushes:
            pushes.write(f"{wanted}\n")
        return await super().set_info(task_id, notification_config, context)


def card_of(port: int, token: str | None) -> AgentCard:
    wanted: dict[str, Any] = {}
    if token:
        scheme = SecurityScheme(http_auth_security_scheme=HTTPAuthSecurityScheme(scheme="Bearer"))
        wanted = {
            "security_schemes": {"bearer": scheme},
            "security_requirements": [SecurityRequirement(schemes={"bearer": StringList()})],
        }
    return AgentCard(
        name="Acting agent",
        description="Does what it is told.",
        version="1",
        supported_interfaces=[
            AgentInterface(
                url=f"http://127.0.0.1:{port}/agent",
                protocol_binding="HTTP+JSON",
                protocol_version="1.0",
            )
        ],
        capabilities=AgentCapabilities(streaming=STREAMS, push_notifications=True),
        default_input_modes=["text/plain"],
        default_output_modes=["text/plain"],
        skills=[],
        **wanted,
    )


def main(port: int, folder: Path, token: str | None = None) -> None:
    card = card_of(port, token)
    store = DatabaseTaskStore(create_async_engine(f"sqlite+aiosqlite:///{folder}/tasks.db"))
    pushes = Pushes(folder)
    sender = BasePushNotificationSender(httpx.AsyncClient(trust_env=False), pushes)
    handler = DefaultRequestHandler(
        Acting(folder), store, card, push_config_store=pushes, push_sender=sender
    )
    app: ASGIApp = Starlette(
        routes=[
            *create_agent_card_routes(card),
            *create_rest_routes(handler, path_prefix="/agent"),
        ]
    )
    if token:
        app = Door(app, token)
    uvicorn.run(app, host="127.0.0.1", port=port, log_level="warning", lifespan="off")


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]), *sys.argv[3:])
