"""Runs as tasks of an agent."""

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any, Final

from adapters.a2a.agent import Agent, Told, fetch_card, target
from adapters.a2a.artifacts import files_of
from adapters.a2a.card import Card
from adapters.a2a.pushing import callback_url, token_of
from adapters.a2a.statuses import (
    ANSWERED,
    ANSWERED_STATUS,
    DOUBTFUL,
    VANISHED,
    as_task,
    ended,
    id_of,
    is_answered,
    status_of,
    words_of,
)
from adapters.a2a.tasks import ENDS, Message, Task, message_of, task_of
from adapters.a2a.transcript import read, read_all
from adapters.a2a.watching import Streams, Watch, watching
from adapters.http.caller import Caller
from adapters.http.outbound import Outbound
from adapters.recent import Recent
from domain.errors import (
    CapabilityMissing,
    ProviderRefused,
    ProviderUnavailable,
)
from domain.ids import ProjectId, RunId
from domain.models.providers import (
    Connection,
    Dispatched,
    Ended,
    Health,
    HealthStatus,
    Observation,
    Progress,
    ProviderArtifact,
    ProviderSignal,
    ProviderStatus,
    RunHandle,
    WorkOrder,
)

CARD_KEPT: Final = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Kept:
    """A card, and when it was read."""

    card: Card
    at: datetime


class Shared:
    """What all adapters of the process have together."""

    def __init__(self, outbound: Outbound) -> None:
        self.outbound = outbound
        self.streams = Streams()
        self.cards: Recent[Kept] = Recent()
        self.dispatched: Recent[Dispatched] = Recent()
        self.canceled: Recent[bool] = Recent()
        self.replies: Recent[Message] = Recent()


class A2aAdapter:
    """Implements domain.ports.Adapter for one project's agent."""

    def __init__(self, shared: Shared, connection: Connection) -> None:
        self._shared = shared
        self._connection = connection
        self._clock = shared.outbound.clock

    async def dispatch(self, order: WorkOrder) -> Dispatched | None:
        """See Adapter. Agents do not know a message again that they got before, so `lookup` has
        to come first where it may have been sent."""
        if order.prompt is None:
            raise ProviderRefused("Agents take prompts only.")
        if self._shared.canceled.get(order.run_id):
            return None
        if found := self._shared.dispatched.get(order.run_id):
            return found
        agent = await self._unsent_agent()
        answer = (await agent.send(_message(order.run_id, order.run_id, order.prompt))).object()
        started = self._started(order.run_id, answer)
        if not started.provider_run_id.startswith(ANSWERED):
            await self._ask_for_calls(agent, started.provider_run_id)
        return started

    async def _ask_for_calls(self, agent: Agent, task_id: str) -> None:
        """They only hasten: a run whose agent makes none is followed all the same."""
        public_url, token = self._shared.outbound.public_url, token_of(self._connection)
        if agent.card.pushes and public_url is not None and token is not None:
            with suppress(ProviderRefused, ProviderUnavailable):
                await agent.push_to(task_id, callback_url(public_url, self._connection), token)

    def _started(self, run_id: RunId, answer: Mapping[str, object]) -> Dispatched:
        if answer.get("message"):
            reply = message_of(answer["message"])
            self._shared.replies.put(run_id, reply)
            return self._remember(run_id, ANSWERED + reply.id)
        return self._remember(run_id, task_of(answer.get("task")).id)

    def _remember(self, run_id: RunId, provider_run_id: str) -> Dispatched:
        dispatched = Dispatched(
            provider_run_id=provider_run_id,
            external_url=None,
            started_at=self._clock.now(),
            site=None,
        )
        self._shared.dispatched.put(run_id, dispatched)
        return dispatched

    async def lookup(self, run_id: RunId) -> Dispatched | None:
        """See Adapter."""
        if found := self._shared.dispatched.get(run_id):
            return found
        task = await (await self._agent()).find(run_id)
        return None if task is None else self._remember(run_id, task.id)

    async def cancel(self, handle: RunHandle, reason: str | None) -> None:  # noqa: ARG002 - the port's
        """See Adapter. A2A has no place for a reason."""
        task_id = handle.provider_run_id or await self._task_of(handle.run_id)
        if task_id is None:
            self._shared.canceled.put(handle.run_id, value=True)
        elif not task_id.startswith(ANSWERED):
            await (await self._agent()).cancel(task_id)

    async def _task_of(self, run_id: RunId) -> str | None:
        try:
            found = await self.lookup(run_id)
        except CapabilityMissing:
            return None
        return None if found is None else found.provider_run_id

    async def poll_status(self, handle: RunHandle) -> ProviderStatus:
        """See Adapter."""
        if is_answered(handle):
            return ANSWERED_STATUS
        told = await self._told(handle, historyLength="0")
        return VANISHED if told is None else status_of(told)

    async def fetch_logs(self, handle: RunHandle, position: str | None) -> Progress | None:
        """See Adapter."""
        task = await self._task(handle)
        return None if task is None else read(task, position, is_over=task.state in ENDS)

    async def _task(self, handle: RunHandle) -> Task | None:
        if is_answered(handle):
            return as_task(handle, self._shared.replies.get(handle.run_id))
        told = await self._told(handle)
        return None if told is None else told.task

    async def subscribe(
        self, handle: RunHandle, position: str | None
    ) -> AsyncGenerator[Observation, None]:
        """See Adapter. May be left early, through aclosing."""
        if is_answered(handle):
            task = as_task(handle, self._shared.replies.get(handle.run_id))
            for progress in read_all(task, position, is_over=True):
                yield progress
            yield ended(task, None, self._clock.now())
            return
        agent = await self._agent()
        task_id = id_of(handle)
        async with (
            watching(agent, task_id, self._shared.streams, self._clock) as watch,
            aclosing(self._observe(agent, task_id, position, watch)) as observations,
        ):
            with self._shared.streams.called(key_of(self._connection.project_id, task_id), watch):
                async for observation in observations:
                    yield observation

    async def _observe(
        self, agent: Agent, task_id: str, position: str | None, watch: Watch
    ) -> AsyncGenerator[Observation, None]:
        before: ProviderStatus | None = None
        while True:
            told = await agent.task(task_id)
            status = VANISHED if told is None else self._judged(told, watch)
            if told is not None:
                for progress in read_all(told.task, position, is_over=told.task.state in ENDS):
                    position = progress.position
                    yield progress
            if status != before or status.signal in DOUBTFUL:
                before = status
                yield status
            if told is not None and told.task.state in ENDS:
                yield self._end(told)
                return
            await watch.wait(self._clock)

    def _judged(self, told: Told, watch: Watch) -> ProviderStatus:
        """The agent's word, unless it seems to have forgotten what it says it works on."""
        status = status_of(told)
        if status.signal is not ProviderSignal.RUNNING or told.task.at is None:
            return status
        if self._clock.now() - (told.task.at + told.behind) < watch.patience:
            return status
        since = told.task.at.isoformat(timespec="seconds")
        return ProviderStatus(
            raw=told.task.state,
            signal=ProviderSignal.UNKNOWN,
            message=f"The agent says that it works on it, and nothing else since {since}: "
            "it may have forgotten the task.",
        )

    def _end(self, told: Told) -> Ended:
        task, now = told.task, self._clock.now()
        at = min(now, task.at + told.behind) if task.at is not None else now
        return ended(task, words_of(task), at)

    async def fetch_artifacts(self, handle: RunHandle) -> Sequence[ProviderArtifact]:
        """See Adapter."""
        task = await self._task(handle)
        artifacts = task.artifacts if task else ()
        return [file for artifact in artifacts for file in files_of(artifact)]

    def read_artifact(
        self,
        handle: RunHandle,  # noqa: ARG002 - the port's
        artifact: ProviderArtifact,  # noqa: ARG002 - the port's
    ) -> AsyncGenerator[bytes, None]:
        """See Adapter. What a task holds comes along with the list."""
        raise CapabilityMissing("artifacts")

    async def resume(self, handle: RunHandle, answer: str) -> None:
        """See Adapter. Where the task goes on already, the answer was taken before."""
        agent = await self._unsent_agent()
        told = await agent.task(id_of(handle))
        if told is None or told.task.state in ENDS:
            raise ProviderRefused("The agent waits for no answer any more.")
        if told.task.signal is not ProviderSignal.WAITING:
            return
        question = told.task.said.id if told.task.said else ""
        name = sha256(f"{handle.run_id}\0{question}\0{answer}".encode()).hexdigest()[:32]
        message = _message(told.task.context_id or handle.run_id, name, answer)
        await agent.send({**message, "taskId": told.task.id})

    async def release(self, handle: RunHandle) -> None:
        """See Adapter. The agent keeps what it keeps."""
        self._shared.replies.drop(handle.run_id)

    async def check_health(self) -> Health:
        """See Adapter. The card is read anew, and a list of tasks shows whether the token is
        taken."""
        agent = await self._agent(is_fresh=True)
        status, reason = HealthStatus.HEALTHY, None
        try:
            await agent.check()
        except CapabilityMissing as error:
            status = HealthStatus.DEGRADED
            reason = f"{error.message} A run whose start is not answered cannot be found again."
        return Health(status=status, reason=reason, checked_at=self._clock.now())

    async def _agent(self, *, is_fresh: bool = False) -> Agent:
        outbound, connection = self._shared.outbound, self._connection
        key = f"{connection.project_id}/{connection.revision}/{connection.config['url']}"
        now = self._clock.now()
        kept = self._shared.cards.get(key)
        if kept is None or is_fresh or now - kept.at > CARD_KEPT:
            kept = Kept(await fetch_card(outbound, connection), now)
            self._shared.cards.put(key, kept)
        place = str(connection.config.get("interfaceUrl") or kept.card.url)
        caller = Caller(outbound, target(connection, place, kept.card.scheme))
        return Agent(outbound=outbound, caller=caller, card=kept.card)

    async def _unsent_agent(self) -> Agent:
        """For calls that matter: without the card they have not been made."""
        try:
            return await self._agent()
        except ProviderUnavailable as error:
            raise ProviderUnavailable(
                error.message, is_unsent=True, retry_after_s=error.retry_after_s
            ) from error

    async def _told(self, handle: RunHandle, **query: str) -> Told | None:
        return await (await self._agent()).task(id_of(handle), **query)


def key_of(project_id: ProjectId, task_id: str) -> str:
    """Another project's agent may give its tasks the same names."""
    return f"{project_id}/{task_id}"


def _message(context_id: str, message_id: str, text: str) -> dict[str, Any]:
    return {
        "messageId": message_id,
        "contextId": context_id,
        "role": "ROLE_USER",
        "parts": [{"text": text}],
    }
