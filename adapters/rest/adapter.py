"""One project's connection to the platform of a manifest."""

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing, nullcontext
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import quote, unquote

from adapters.http.failures import still_open
from adapters.recent import Recent
from adapters.rest import artifacts, scopes
from adapters.rest.answers import Reply
from adapters.rest.logs import LogReader
from adapters.rest.manifest import Lookup, Manifest, Memory, Outcome
from adapters.rest.operations import Operations
from adapters.rest.paths import find
from adapters.rest.statuses import ANOTHER, TERMINAL, VANISHED, status_of
from adapters.rest.templates import PlaceMissing, fill_text
from adapters.rest.times import time_of
from domain.errors import CapabilityMissing, ProviderRefused, ProviderUnavailable
from domain.ids import RunId
from domain.models.providers import (
    Dispatched,
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
from domain.ports import Clock

ARTIFACTS_MAX: Final = 1000
CLOCK_S: Final = 2.0
"""What two clocks that are told in whole seconds may seem to differ by."""

Refs = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Lately:
    """What this process has done with runs: what it started, and what it has to leave alone."""

    dispatched: Recent[Dispatched] = field(default_factory=Recent)
    canceled: Recent[bool] = field(default_factory=Recent)


@dataclass(frozen=True, kw_only=True)
class RestAdapter:
    """Implements domain.ports.Adapter by a manifest."""

    manifest: Manifest
    operations: Operations
    clock: Clock
    lately: Lately

    async def dispatch(self, order: WorkOrder) -> Dispatched | None:
        """See Adapter."""
        if self.lately.canceled.get(order.run_id):
            return None
        known = self.lately.dispatched.get(order.run_id)
        if known is None:
            known = await self._start(order)
            self.lately.dispatched.put(order.run_id, known)
        return known

    async def _start(self, order: WorkOrder) -> Dispatched:
        run, found = scopes.of_order(order), dict[str, Any]()
        is_made = False
        for name in self.manifest.dispatch.steps:
            with still_open() if is_made else nullcontext():
                reply = await self.operations.call(name, run, found)
                if reply.outcome is Outcome.ALREADY_THERE:
                    with still_open():
                        return await self._started_before(order.run_id)
                if reply.outcome is not Outcome.DONE:
                    told = _told(reply.outcome)
                    raise ProviderRefused(f"The provider does not start this: {told}.")
            found |= reply.found
            is_made = is_made or not self.manifest.ops[name].may_be_repeated
        return self._dispatched(order.run_id, self._refs_of(found))

    async def _started_before(self, run_id: RunId) -> Dispatched:
        found = await self.lookup(run_id) if self.manifest.lookup else None
        if found is None:
            raise ProviderUnavailable("The provider has this run, and does not show it yet.")
        return found

    async def lookup(self, run_id: RunId) -> Dispatched | None:
        """See Adapter. Where a request may safely be sent again, there is nothing to find."""
        lookup = self.manifest.lookup
        if lookup is None:
            if self._is_idempotent():
                return None
            raise CapabilityMissing("lookup", "This provider cannot tell whether it has a run.")
        run = scopes.of_run(run_id)
        reply = await self.operations.call(lookup.op, run, {})
        refs = None if reply.outcome is not Outcome.DONE else self._look(lookup, run, reply)
        if refs is None:
            await self._check_memory(lookup, run_id, reply)
            return None
        return self._dispatched(run_id, refs)

    async def _check_memory(self, lookup: Lookup, run_id: RunId, reply: Reply) -> None:
        """Raises CapabilityMissing where a run that is not found may have been there."""
        items = find(reply.document, lookup.items) if lookup.items else None
        if lookup.page and isinstance(items, list) and len(items) >= lookup.page:
            raise CapabilityMissing("lookup", "This provider shows its newest runs only.")
        age_s = scopes.age_s(run_id, self.clock.now())
        if lookup.remembers_s and age_s is not None and age_s > lookup.remembers_s:
            raise CapabilityMissing("lookup", "This provider forgets runs that are over.")
        if lookup.memory and age_s is not None:
            await self._check_since(lookup.memory, age_s)

    async def _check_since(self, memory: Memory, age_s: float) -> None:
        """Asked after it was not found: who is started again in between has forgotten as well."""
        reply = await self.operations.call(memory.op, {}, {})
        since = time_of(reply.found.get(memory.since), memory.since_as)
        if since is None:
            raise ProviderUnavailable("The provider does not tell since when it is up.")
        if ((reply.at or self.clock.now()) - since).total_seconds() < age_s + CLOCK_S:
            raise CapabilityMissing("lookup", "This provider has been started again meanwhile.")

    def _is_idempotent(self) -> bool:
        """Whether every step that makes something does so once for a run."""
        ops = [self.manifest.ops[name] for name in self.manifest.dispatch.steps]
        return all(op.may_be_repeated for op in ops)

    def _look(self, lookup: Lookup, run: Mapping[str, Any], reply: Reply) -> Refs | None:
        if lookup.items is None:
            return self._refs_of(reply.found)
        items = _listed(reply.document, lookup.items)
        values = scopes.scope(self.operations.connection.config, run, {})
        for item in items:
            if all(
                find(item, path) == fill_text(text, values) for path, text in lookup.match.items()
            ):
                own = {"item": item, "run": run}
                return {name: fill_text(text, own) for name, text in lookup.ref.items()}
        return None

    def _refs_of(self, found: Mapping[str, Any]) -> Refs:
        refs = {name: found.get(name) for name in self.manifest.dispatch.ref}
        missing = [name for name, value in refs.items() if value is None]
        if missing:
            raise ProviderUnavailable(f"The provider's answer has no {', '.join(missing)}.")
        return {**found, **refs}

    def _dispatched(self, run_id: RunId, refs: Refs) -> Dispatched:
        return Dispatched(
            provider_run_id=write_ref([refs[name] for name in self.manifest.dispatch.ref])
            or run_id,
            external_url=self._web_url(run_id, refs),
            started_at=self.clock.now(),
            site=None,
        )

    def _web_url(self, run_id: RunId, refs: Refs) -> str | None:
        """Only a page that a browser opens: a platform's word for it may be anything."""
        config = self.operations.connection.config
        values = scopes.scope(config, scopes.of_run(run_id), refs)
        try:
            url = fill_text(self.manifest.dispatch.web_url or "", values)
        except PlaceMissing:
            return None
        return url if url.startswith(("https://", "http://")) else None

    async def cancel(self, handle: RunHandle, reason: str | None) -> None:
        """See Adapter. What is not there, or is over, needs no cancel."""
        if self.manifest.cancel is None:
            raise CapabilityMissing("cancel")
        refs = await self._refs(handle)
        if refs is None:
            self.lately.canceled.put(handle.run_id, True)  # noqa: FBT003 - a value
            return
        # Not every platform knows that a cancel is too late; some would forget the end that was.
        if (await self.poll_status(handle)).signal in {*TERMINAL, ProviderSignal.VANISHED}:
            return
        run = scopes.of_run(handle.run_id, reason=reason)
        await self.operations.steps(self.manifest.cancel.steps, run, refs)

    async def _refs(self, handle: RunHandle) -> Refs | None:
        """What the provider knows the run by; None where it knows none."""
        text = handle.provider_run_id
        if text is None:
            if self.manifest.lookup is None:
                return None
            found = await self.lookup(handle.run_id)
            if found is None:
                return None
            text = found.provider_run_id
        return read_ref(text, self.manifest.dispatch.ref)

    async def poll_status(self, handle: RunHandle) -> ProviderStatus:
        """See Adapter."""
        refs = await self._refs(handle)
        if refs is None:
            return VANISHED
        status = self.manifest.status
        if status.assumed is not None:
            return ProviderStatus(raw="delivered", signal=status.assumed)
        reply = await self.operations.steps(status.steps, scopes.of_run(handle.run_id), refs)
        if reply.outcome is Outcome.NOT_FOUND:
            return VANISHED
        if reply.outcome is not Outcome.DONE:
            raise ProviderUnavailable(f"The provider tells no status: {_told(reply.outcome)}.")
        if self._is_of_another(handle, reply.found):
            return ANOTHER
        found = status_of(status, reply.found)
        if found.signal is not ProviderSignal.WAITING or not status.question_steps:
            return found
        asked = await self.operations.steps(
            status.question_steps, scopes.of_run(handle.run_id), {**refs, **reply.found}
        )
        return status_of(status, {**reply.found, **asked.found})

    def _is_of_another(self, handle: RunHandle, found: Refs) -> bool:
        own = {"run": scopes.of_run(handle.run_id)}
        wanted = {name: fill_text(text, own) for name, text in self.manifest.status.same.items()}
        return any(found.get(name) not in (None, text) for name, text in wanted.items())

    async def fetch_logs(self, handle: RunHandle, position: str | None) -> Progress | None:
        """See Adapter."""
        refs = await self._refs(handle) if self.manifest.logs else None
        if self.manifest.logs is None or refs is None:
            return None

        async def is_over() -> bool:
            return (await self.poll_status(handle)).signal in TERMINAL

        reader = LogReader(
            logs=self.manifest.logs,
            operations=self.operations,
            run=scopes.of_run(handle.run_id),
            ref=refs,
            is_over=is_over,
        )
        return await reader.fetch(position)

    def subscribe(
        self,
        handle: RunHandle,  # noqa: ARG002 - the port's
        position: str | None,  # noqa: ARG002 - the port's
    ) -> AsyncGenerator[Observation, None]:
        """See Adapter. A manifest's platform is polled."""
        raise CapabilityMissing("streaming")

    async def fetch_artifacts(self, handle: RunHandle) -> Sequence[ProviderArtifact]:
        """See Adapter."""
        told = self.manifest.artifacts
        if told is None:
            raise CapabilityMissing("artifacts")
        refs = await self._refs(handle)
        if refs is None:
            return []
        reply = await self.operations.call(told.op, scopes.of_run(handle.run_id), refs)
        items = find(reply.document, told.items)
        found = items[:ARTIFACTS_MAX] if isinstance(items, list) else []
        return [each for item in found if (each := artifacts.listed(told, item)) is not None]

    async def read_artifact(
        self, handle: RunHandle, artifact: ProviderArtifact
    ) -> AsyncGenerator[bytes, None]:
        """See Adapter."""
        refs = {**(await self._refs(handle) or {}), "artifact": artifact.reference}
        run = scopes.of_run(handle.run_id)
        told = self.manifest.artifacts
        async with aclosing(artifacts.content(told, self.operations, run, refs)) as pieces:
            async for piece in pieces:
                yield piece

    async def resume(self, handle: RunHandle, answer: str) -> None:
        """See Adapter."""
        if self.manifest.resume is None:
            raise CapabilityMissing("resume")
        refs = await self._refs(handle)
        if refs is None:
            raise ProviderRefused("The provider does not know this run.")
        if (await self.poll_status(handle)).signal is not ProviderSignal.WAITING:
            raise ProviderRefused("The run does not wait for an answer.")
        run = scopes.of_run(handle.run_id, answer=answer)
        reply = await self.operations.steps(self.manifest.resume.steps, run, refs)
        if reply.outcome is not Outcome.DONE:
            raise ProviderRefused(f"The provider takes no answer: {_told(reply.outcome)}.")

    async def release(self, handle: RunHandle) -> None:
        """See Adapter. Nothing is kept here."""

    async def check_health(self) -> Health:
        """See Adapter."""
        if self.manifest.health is None:
            return self._healthy("It has nothing harmless to be asked.")
        await self.operations.steps(self.manifest.health.steps, {}, {})
        return self._healthy(None)

    def _healthy(self, reason: str | None) -> Health:
        return Health(status=HealthStatus.HEALTHY, reason=reason, checked_at=self.clock.now())


def write_ref(values: Sequence[object]) -> str:
    """The names that a platform knows a run by, as one text."""
    return "/".join(quote(str(value), safe=":@+,=") for value in values)


def read_ref(text: str, names: Sequence[str]) -> Refs:
    """The other way round. Raises ProviderRefused."""
    if not names:
        return {}
    values = [unquote(part) for part in text.split("/")]
    if len(values) != len(names):
        raise ProviderRefused("The run's id with the provider is not one of this manifest.")
    return dict(zip(names, values, strict=True))


def _listed(document: object, path: str) -> Sequence[Mapping[str, Any]]:
    """The runs of a list. Raises ProviderUnavailable: what is no such list does not say that a run
    is not in it."""
    items = find(document, path) if path != "*" or isinstance(document, list) else None
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise ProviderUnavailable("The provider's answer has no list of runs.")
    return items


def _told(outcome: Outcome) -> str:
    return outcome.lower().replace("_", " ")
