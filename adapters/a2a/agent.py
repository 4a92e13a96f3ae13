"""One agent's REST interface, as one project may call it."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final
from urllib.parse import quote, urlsplit

from adapters.a2a.card import BEARER, PATH, VERSION, Card, Scheme, card_of
from adapters.a2a.pushing import token_of
from adapters.a2a.tasks import Task, task_of
from adapters.http.caller import Call, Caller, Events
from adapters.http.outbound import Outbound
from adapters.http.target import Answer, Target
from domain.errors import CapabilityMissing, ProviderRefused, ProviderUnavailable
from domain.ids import RunId
from domain.models.providers import Connection
from domain.models.secrets import Secret

TOKEN: Final = "token"  # noqa: S105 - the name of one
HEADERS: Final = {"A2A-Version": VERSION, "Accept": "application/json, application/a2a+json"}
NOT_THERE: Final = 404
UNSUPPORTED: Final = frozenset({400, 404, 405, 501})
"""How servers say that they have no such call; 400 is the specification's."""
SKEW_S: Final = 5.0
"""Clocks that differ less are taken for equal: headers tell whole seconds."""
PUSH_TO_S: Final = 5.0
"""A run that has started does not wait for longer until that is known."""
NEWEST: Final = {"pageSize": "50", "historyLength": "20", "includeArtifacts": "false"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A task, and how far the agent's clock is behind ours."""

    task: Task
    behind: timedelta


def target(connection: Connection, url: str, scheme: Scheme | None) -> Target:
    """Where a project's calls to an agent go. The token goes to this place alone."""
    config = connection.config
    token = connection.secrets.get(TOKEN)
    return Target(
        base_url=url,
        headers=HEADERS,
        credentials=_shown(token, scheme.header, scheme.prefix) if scheme else {},
        query_credentials=_shown(token, scheme.query, "") if scheme else {},
        secrets=(*connection.secrets.values(), *filter(None, [token_of(connection)])),
        allows_private=bool(config.get("allowPrivate")),
    )


def _shown(token: Secret | None, name: str | None, prefix: str) -> Mapping[str, str]:
    return {name: prefix + token.reveal()} if token is not None and name is not None else {}


async def fetch_card(outbound: Outbound, connection: Connection) -> Card:
    """The card, as it is now. Raises ProviderRefused where we cannot use it."""
    url = str(connection.config["url"]).rstrip("/")
    url, _, path = url.rpartition("/") if url.endswith(".json") else (url, "", PATH[1:])
    answer = await Caller(outbound, target(connection, url, BEARER)).ask(
        Call(method="GET", path=f"/{path}")
    )
    card = card_of(answer.object())
    if _host(card.url) != _host(url) and "interfaceUrl" not in connection.config:
        raise ProviderRefused(
            f"The agent's card leads to another host, {_host(card.url)}; "
            "the config may name that as interfaceUrl."
        )
    if card.scheme is not None and TOKEN not in connection.secrets:
        raise ProviderRefused("The agent wants a token, and none is set.")
    return card


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Agent:
    """The calls of the specification that are needed."""

    outbound: Outbound
    caller: Caller
    card: Card

    async def send(self, message: Mapping[str, Any]) -> Answer:
        """A message, without waiting for what comes of it."""
        body = {"message": message, "configuration": {"returnImmediately": True}}
        return await self.caller.ask(Call(method="POST", path="/message:send", body=body))

    async def task(self, task_id: str, **query: str) -> Told | None:
        """The whole task as it is now; None where the agent knows of none."""
        call = Call(method="GET", path=_path(task_id), query=query, accepts={NOT_THERE})
        answer = await self.caller.ask(call)
        if answer.status == NOT_THERE:
            # A page of a proxy is no word of the agent's.
            answer.object()
            return None
        return Told(task=task_of(answer.object()), behind=self._behind(answer))

    def _behind(self, answer: Answer) -> timedelta:
        now = self.outbound.clock.now()
        behind = now - (answer.date or now)
        return behind if abs(behind) > timedelta(seconds=SKEW_S) else timedelta(0)

    async def check(self) -> None:
        """Ask for as little as can be asked with the token. Raises CapabilityMissing where the
        agent lists no tasks."""
        await self._tasks({"pageSize": "1", "historyLength": "0"})

    async def find(self, run_id: RunId) -> Task | None:
        """The task of a run: by its context, and by the message for agents that make their own
        contexts. Raises CapabilityMissing where the agent lists no tasks."""
        for query in ({"contextId": run_id, **NEWEST}, NEWEST):
            for task in map(task_of, await self._tasks(query)):
                if task.context_id == run_id or run_id in task.all_ids:
                    return task
        return None

    async def _tasks(self, query: Mapping[str, str]) -> Sequence[object]:
        call = Call(method="GET", path="/tasks", query=query, accepts=UNSUPPORTED)
        answer = await self.caller.ask(call)
        if answer.status in UNSUPPORTED:
            raise CapabilityMissing("lookup", "The agent cannot list its tasks.")
        tasks = answer.object().get("tasks")
        if not isinstance(tasks, list):
            raise ProviderUnavailable("The agent's list of tasks is none.")
        return tasks

    async def cancel(self, task_id: str) -> None:
        """Too late, and for what the agent does not know, it does nothing. Raises
        CapabilityMissing."""
        path = _path(task_id) + ":cancel"
        answer = await self.caller.ask(Call(method="POST", path=path, body={}, accepts=UNSUPPORTED))
        if answer.status in UNSUPPORTED and _reason(answer) == "UNSUPPORTED_OPERATION":
            raise CapabilityMissing("cancel", "The agent cannot cancel.")

    async def push_to(self, task_id: str, url: str, token: Secret) -> None:
        """Have the agent call there whenever something happens to the task."""
        body = {"taskId": task_id, "url": url, "token": token.reveal()}
        path = _path(task_id) + "/pushNotificationConfigs"
        await self.caller.ask(Call(method="POST", path=path, body=body, deadline_s=PUSH_TO_S))

    def subscribe(self, task_id: str) -> AbstractAsyncContextManager[Events]:
        return self.caller.stream(Call(method="GET", path=_path(task_id) + ":subscribe"))


def _path(task_id: str) -> str:
    return f"/tasks/{quote(task_id, safe='')}"


def _reason(answer: Answer) -> str | None:
    """Why the agent refused, by the specification's word for it (google.rpc.ErrorInfo)."""
    match answer.object():
        case {"error": {"details": [{"reason": str(reason)}, *_]}}:
            return reason
        case _:
            return None
