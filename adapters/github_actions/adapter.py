"""Runs as runs of a repository's workflow."""

import json
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import suppress
from datetime import timedelta
from typing import Any, Final

from adapters.github_actions.finding import found_in, is_before
from adapters.github_actions.logs import LogReader
from adapters.github_actions.records import WorkflowRun, whole
from adapters.github_actions.repository import FOUND_PAGES_MAX, OK, PAGE, Repository
from adapters.github_actions.statuses import VANISHED, status_of
from adapters.http.failures import still_open
from adapters.http.outbound import Outbound
from adapters.recent import Recent
from domain.errors import CapabilityMissing, ProviderRefused, ProviderUnavailable
from domain.ids import RunId
from domain.models.providers import (
    Connection,
    Dispatched,
    Health,
    HealthStatus,
    Observation,
    Progress,
    ProviderArtifact,
    ProviderStatus,
    RunHandle,
    WorkOrder,
)

COMMAND_INPUT: Final = "command"
RUN_INPUT: Final = "workbench_run"
"""Of the workflow; its run-name shows it, so that a run can be found again."""
INPUTS_CHARACTERS_MAX: Final = 65_535
SHOWN_TRIES: Final = 5
SHOWN_PAUSE_S: Final = 1.0
"""Between looks for a run that a server has started without telling its id."""


class Shared:
    """What all adapters of the process have together."""

    def __init__(self, outbound: Outbound, settle_s: float) -> None:
        self.outbound = outbound
        self.settles = timedelta(seconds=settle_s)
        self.began_at = outbound.clock.now()
        self.tried: Recent[Any] = Recent()
        self.dispatched: Recent[Dispatched] = Recent()
        self.canceled: Recent[bool] = Recent()


class GitHubActionsAdapter:
    """Implements domain.ports.Adapter for one project's workflow."""

    def __init__(self, shared: Shared, connection: Connection) -> None:
        self._shared = shared
        self._config = connection.config
        self._repository = Repository(shared.outbound, connection)
        self._clock = shared.outbound.clock

    async def dispatch(self, order: WorkOrder) -> Dispatched | None:
        """See Adapter. GitHub does not know a dispatch again that it got before, so `lookup` has
        to come first where it may have been sent."""
        inputs = _inputs(order)
        if self._shared.canceled.get(order.run_id):
            return None
        if found := self._shared.dispatched.get(order.run_id):
            return found
        self._shared.tried.put(order.run_id, self._clock.now())
        answer = await self._repository.dispatch(self._config.get("ref", "main"), inputs)
        if answer.status != OK:
            with still_open():
                return await self._shown(order.run_id)
        told = answer.object()
        return self._remember(order.run_id, whole(told, "workflow_run_id"), told.get("html_url"))

    async def _shown(self, run_id: RunId) -> Dispatched:
        """A run that a server has started without telling its id."""
        for _ in range(SHOWN_TRIES):
            if (run := await self._found(run_id)) is not None:
                return self._remember(run_id, run.id, run.html_url)
            await self._clock.sleep(SHOWN_PAUSE_S)
        raise ProviderUnavailable("GitHub has started the run, and does not show it yet.")

    def _remember(self, run_id: RunId, github_id: int, page: object) -> Dispatched:
        is_page = isinstance(page, str) and page.startswith(("https://", "http://"))
        dispatched = Dispatched(
            provider_run_id=str(github_id),
            external_url=str(page) if is_page else None,
            started_at=self._clock.now(),
            site=None,
        )
        self._shared.dispatched.put(run_id, dispatched)
        return dispatched

    async def lookup(self, run_id: RunId) -> Dispatched | None:
        """See Adapter. GitHub shows a run some seconds after it was started."""
        if found := self._shared.dispatched.get(run_id):
            return found
        since = self._shared.tried.get(run_id) or self._shared.began_at
        asked_at = self._clock.now()
        run = await self._found(run_id)
        if run is not None:
            return self._remember(run_id, run.id, run.html_url)
        left = self._shared.settles - (asked_at - since)
        if left > timedelta(0):
            message = "GitHub may not show yet what it was asked to start."
            raise ProviderUnavailable(message, retry_after_s=left.total_seconds())
        return None

    async def _found(self, run_id: RunId) -> WorkflowRun | None:
        """Raises CapabilityMissing where that cannot be told."""
        runs: list[WorkflowRun] = []
        for page in range(1, FOUND_PAGES_MAX + 1):
            told = await self._repository.dispatched(page)
            runs += told
            is_over = len(told) < PAGE or any(is_before(run, run_id) for run in told)
            if is_over or any(run_id in run.title for run in told):
                break
        return found_in(runs, run_id)

    async def cancel(self, handle: RunHandle, reason: str | None) -> None:  # noqa: ARG002 - the port's
        """See Adapter. GitHub has no place for a reason."""
        github_id = handle.provider_run_id or await self._id_of(handle.run_id)
        if github_id is None:
            self._shared.canceled.put(handle.run_id, value=True)
        else:
            await self._repository.cancel(github_id)

    async def _id_of(self, run_id: RunId) -> str | None:
        with suppress(CapabilityMissing):
            run = await self._found(run_id)
            return None if run is None else str(run.id)
        return None

    async def poll_status(self, handle: RunHandle) -> ProviderStatus:
        """See Adapter."""
        run = await self._repository.run(_id(handle))
        return VANISHED if run is None else status_of(run)

    async def fetch_logs(self, handle: RunHandle, position: str | None) -> Progress | None:
        """See Adapter."""
        reader = LogReader(repository=self._repository, run_id=_id(handle), now=self._clock.now())
        return await reader.fetch(position)

    def subscribe(
        self,
        handle: RunHandle,  # noqa: ARG002 - the port's
        position: str | None,  # noqa: ARG002 - the port's
    ) -> AsyncGenerator[Observation, None]:
        """See Adapter. GitHub is polled."""
        raise CapabilityMissing("streaming")

    async def fetch_artifacts(self, handle: RunHandle) -> Sequence[ProviderArtifact]:
        """See Adapter. Without those whose time is over."""
        told = await self._repository.artifacts(_id(handle))
        return [found for each in told if (found := _artifact(each)) is not None]

    async def read_artifact(
        self,
        handle: RunHandle,  # noqa: ARG002 - the port's
        artifact: ProviderArtifact,
    ) -> AsyncGenerator[bytes, None]:
        """See Adapter. A zip archive, as GitHub keeps it."""
        async with self._repository.archive_of(artifact.reference) as pieces:
            async for piece in pieces:
                yield piece

    async def resume(self, handle: RunHandle, answer: str) -> None:  # noqa: ARG002 - the port's
        """See Adapter. What a workflow waits for is said at GitHub."""
        raise CapabilityMissing("resume")

    async def release(self, handle: RunHandle) -> None:
        """See Adapter. Nothing is kept here."""

    async def check_health(self) -> Health:
        """See Adapter. Whether the workflow is there, and takes runs."""
        told = await self._repository.workflow()
        whole(told, "id")
        state = told.get("state")
        if not isinstance(state, str):
            raise ProviderUnavailable("GitHub's answer has no state of the workflow.")
        is_active = state == "active"
        return Health(
            status=HealthStatus.HEALTHY if is_active else HealthStatus.UNAVAILABLE,
            reason=None if is_active else f"The workflow is {state.replace('_', ' ')} at GitHub.",
            checked_at=self._clock.now(),
        )


def _inputs(order: WorkOrder) -> Mapping[str, str]:
    """Raises ProviderRefused."""
    if order.prompt is not None or not order.command:
        raise ProviderRefused("Workflows take commands only.")
    inputs = {RUN_INPUT: order.run_id, COMMAND_INPUT: json.dumps(order.command, ensure_ascii=False)}
    if len(json.dumps(inputs)) > INPUTS_CHARACTERS_MAX:
        raise ProviderRefused(f"Inputs have {INPUTS_CHARACTERS_MAX} characters at the most.")
    return inputs


def _id(handle: RunHandle) -> str:
    if handle.provider_run_id is None:
        raise ProviderUnavailable("GitHub has not told this run's id.")
    return handle.provider_run_id


def _artifact(told: object) -> ProviderArtifact | None:
    if not isinstance(told, Mapping):
        return None
    number, name, size = told.get("id"), told.get("name"), told.get("size_in_bytes")
    if not isinstance(number, int) or not isinstance(name, str) or told.get("expired"):
        return None
    return ProviderArtifact(
        name=name,
        reference=str(number),
        media_type="application/zip",
        size_bytes=size if isinstance(size, int) else None,
    )
