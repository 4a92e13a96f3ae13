"""The provider "This machine": commands without a shell, which outlive the server."""

# Resolves real paths strictly and by string.
# ruff: noqa: PTH112, PTH118

import asyncio
import contextlib
import os
import secrets
import sys
from collections.abc import AsyncGenerator, Collection, Mapping, Sequence
from contextlib import aclosing, closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, Self

from adapters.local import artifacts, protocol, records
from adapters.local.client import SupervisorClient
from adapters.local.confinement import Confinement, inner_environment
from adapters.local.endings import end_of, limited, recorded, signal_of
from adapters.local.environment import make_environment
from adapters.local.outputs import read_outputs
from adapters.local.spool import Spool
from domain.errors import CapabilityMissing, InvalidInput, ProviderRefused, ProviderUnavailable
from domain.ids import RunId
from domain.models.providers import (
    Capabilities,
    Connection,
    Dispatched,
    EndCause,
    Ended,
    EnvProfile,
    Health,
    HealthStatus,
    Observation,
    Progress,
    ProviderArtifact,
    ProviderKind,
    ProviderSignal,
    ProviderStatus,
    RunHandle,
    WorkOrder,
)
from domain.models.runs import RunKind
from domain.ports import Clock

FLOWING_S: Final = 0.01
QUIET_S: Final = 0.05
"""How often the output files are looked at: while lines come, and while none do. The end of a run
is told by the supervisor and is not waited for."""


class LocalAdapter:
    """Implements domain.ports.Provider and Adapter, the same for every project, over one spool
    folder, which several servers may share."""

    key = "local"
    name = "This machine"
    kind = ProviderKind.LOCAL
    run_kinds: Final = frozenset({RunKind.COMMAND})
    credentials: Final = ()
    poll_s = None
    config_schema: Final[Mapping[str, Any]] = {"type": "object", "additionalProperties": False}

    def __init__(
        self,
        spool_root: Path,
        *,
        clock: Clock,
        host_environ: Mapping[str, str],
        grace_s: float = 5.0,
        hidden: Collection[Path] = (),
    ) -> None:
        """`hidden`: files and folders of the server's that no sandbox shows, its spool besides."""
        spool_root.mkdir(mode=0o700, parents=True, exist_ok=True)
        spool_root.chmod(0o700)
        self._spool = spool_root.resolve()
        self._clock = clock
        self._host_environ = dict(host_environ)
        self._grace_s = grace_s
        self._client = SupervisorClient(self._spool)
        self.confinement = Confinement(host_environ, (self._spool, *hidden))
        self.site = _find_site(self._spool)

    @property
    def capabilities(self) -> Capabilities:
        """See Adapter."""
        return Capabilities(
            streaming=True,
            cancel=True,
            artifacts=True,
            resume=False,
            sandbox=self.confinement.bubblewrap.works,
        )

    @property
    def sites(self) -> frozenset[str]:
        """Where this adapter can follow runs: its own spool."""
        return frozenset({self.site})

    async def close(self) -> None:
        """Hang up on the supervisor; runs go on."""
        await self._client.close()

    def check_config(self, config: Mapping[str, Any]) -> None:
        """See Provider. Its schema allows nothing that would have to be checked."""

    def open(self, connection: Connection) -> Self:  # noqa: ARG002 - the port's
        """See Provider. This machine is the same for every project."""
        return self

    def resolve_cwd(self, root_path: str, cwd: str | None) -> str:
        """See Adapter. A path that is not absolute starts at the root."""
        if "\0" in (cwd or ""):
            raise InvalidInput("The working directory's name holds a NUL.", "cwd")
        try:
            root = os.path.realpath(root_path, strict=True)
            found = os.path.realpath(os.path.join(root, cwd or "."), strict=True)
        except OSError as error:
            reason = error.strerror or "cannot be resolved"
            raise InvalidInput(f"There is no such working directory: {reason}.", "cwd") from error
        if os.path.commonpath([root, found]) != root:
            raise InvalidInput("The working directory is outside the project's root.", "cwd")
        if not os.path.isdir(found):
            raise InvalidInput("The working directory is not a folder.", "cwd")
        return found

    async def dispatch(self, order: WorkOrder) -> Dispatched | None:
        """See Adapter."""
        if not order.command:
            raise ProviderRefused("This provider runs commands only.")
        try:
            cwd = self.resolve_cwd(order.root_path, order.cwd)
        except InvalidInput as error:
            raise ProviderRefused(error.message) from error
        if cwd != order.cwd:
            raise ProviderRefused("The working directory is not the one that was launched in.")
        answer = await self._client.ask("start", **self._message(order, cwd))
        if answer["state"] == "closed":
            return None
        return Dispatched(
            provider_run_id=str(answer["pid"]),
            external_url=None,
            started_at=datetime.fromtimestamp(answer["started_at"], UTC),
            site=self.site,
        )

    def _message(self, order: WorkOrder, cwd: str) -> protocol.Message:
        in_sandbox, folder = order.sandbox.is_required, self._folder(order.run_id)
        environment = make_environment(
            order.env_profile,
            self._host_environ,
            root_path=order.root_path,
            run_id=order.run_id,
            folder=folder,
        )
        return {
            "run_id": order.run_id,
            "argv": list(order.command),
            "env": inner_environment(environment) if in_sandbox else environment,
            "cwd": cwd,
            "home": order.env_profile is EnvProfile.MINIMAL and not in_sandbox,
            "confined_by": self.confinement.command(order, folder / protocol.OUTPUTS_NAME),
            "in_sandbox": in_sandbox,
            "timeout_s": order.timeout_ms / 1000,
            "grace_s": self._grace_s,
            "output_bytes_max": order.output_bytes_max,
            "root": order.root_path,
            "artifacts": list(order.artifacts),
        }

    async def lookup(self, run_id: RunId) -> None:
        """See Adapter. Asking again is always safe: a run id starts once."""

    async def cancel(self, handle: RunHandle, reason: str | None) -> None:  # noqa: ARG002 - the port's
        """See Adapter. The reason is of no use to a process."""
        await self._client.ask("stop", run_id=handle.run_id, cause=EndCause.CANCELED)

    async def resume(self, handle: RunHandle, answer: str) -> None:  # noqa: ARG002 - the port's
        """See Adapter. A process is never waited for."""
        raise CapabilityMissing("resume")

    async def fetch_artifacts(self, handle: RunHandle) -> Sequence[ProviderArtifact]:
        """See Adapter. What the order's globs match in the project's folder."""
        order = self._kept_order(handle.run_id)
        root, globs = order.get("root"), order.get("artifacts")
        if not root or not globs:
            return []
        return await asyncio.to_thread(artifacts.find, root, globs, self.confinement.hidden)

    async def read_artifact(
        self, handle: RunHandle, artifact: ProviderArtifact
    ) -> AsyncGenerator[bytes, None]:
        """See Adapter."""
        root = self._kept_order(handle.run_id).get("root")
        if not root:
            raise ProviderRefused("The run is not known any more.")
        async with aclosing(artifacts.read(root, artifact.reference)) as pieces:
            async for piece in pieces:
                yield piece

    async def poll_status(self, handle: RunHandle) -> ProviderStatus:
        """See Adapter."""
        end = await self._find_end(handle.run_id)
        if end is None:
            return ProviderStatus(raw="running", signal=ProviderSignal.RUNNING)
        return ProviderStatus(
            raw=end.cause.lower(),
            signal=signal_of(end),
            message=end.message,
            exit_code=end.exit_code,
            ended_at=end.ended_at,
        )

    async def fetch_logs(self, handle: RunHandle, position: str | None) -> Progress | None:
        """See Adapter."""
        is_ended = await self._find_end(handle.run_id) is not None
        with closing(self._open_spool(handle.run_id, position)) as spool:
            return spool.read(is_ended=is_ended)

    async def subscribe(
        self, handle: RunHandle, position: str | None
    ) -> AsyncGenerator[Observation, None]:
        """See Adapter. May be left early, through aclosing."""
        with closing(self._open_spool(handle.run_id, position)) as spool:
            async with aclosing(self._follow(handle.run_id, spool)) as observations:
                async for observation in observations:
                    yield observation

    def _open_spool(self, run_id: RunId, position: str | None) -> Spool:
        folder = self._folder(run_id)
        bytes_max = int(self._kept_order(run_id).get("output_bytes_max", sys.maxsize))
        return Spool(folder, position, bytes_max=bytes_max)

    async def _follow(self, run_id: RunId, spool: Spool) -> AsyncGenerator[Observation, None]:
        pause_s, ahead = FLOWING_S, None
        is_stopped = False
        with self._client.listening(run_id) as may_have_ended:
            end = await self._find_end(run_id)
            while True:
                progress = ahead or spool.read(is_ended=end is not None)
                if spool.is_over and end is None and not is_stopped:
                    is_stopped = True
                    await self._client.ask("stop", run_id=run_id, cause=EndCause.OUTPUT_LIMIT)
                if progress is not None:
                    pause_s = FLOWING_S
                    ahead = spool.read(is_ended=True) if end else None
                    is_last = end is not None and ahead is None and not spool.is_over
                    yield replace(progress, is_last=is_last)
                elif end is not None:
                    break
                elif await _is_set_within(may_have_ended, pause_s):
                    may_have_ended.clear()
                    end = await self._find_end(run_id)
                else:
                    pause_s = min(QUIET_S, pause_s * 1.5)
        if spool.is_over:
            yield Progress(outputs=(), position=spool.position, truncated=True)
        outputs = read_outputs(self._folder(run_id) / protocol.OUTPUTS_NAME)
        yield replace(limited(end) if spool.is_over else end, outputs=outputs)

    async def _find_end(self, run_id: RunId) -> Ended | None:
        """How the run ended; None where it has not, and we shall be told when it has."""
        path = self._folder(run_id) / protocol.EXIT_NAME
        record = records.read_record(path)
        if record is not None:
            return recorded(record)
        answer = await self._client.ask("watch", run_id=run_id)
        if answer["state"] == "running":
            return None
        record = records.read_record(path)
        if record is not None:
            return recorded(record)
        was_canceled = answer.get("why") == EndCause.CANCELED
        cause = EndCause.CANCELED if was_canceled else EndCause.LOST
        return end_of(cause, at=self._clock.now())

    async def release(self, handle: RunHandle) -> None:
        """See Adapter. A mark stays for a day: a dispatch that comes late starts nothing."""
        await asyncio.to_thread(self._release, self._folder(handle.run_id))

    def _release(self, folder: Path) -> None:
        for name in (protocol.STDOUT_NAME, protocol.STDERR_NAME):
            (folder / name).unlink(missing_ok=True)
        # On a full disk the folder stays: it keeps the run from starting as well as the mark does.
        with contextlib.suppress(OSError):
            records.close_run(self._spool, folder.name, "RELEASED", durable=False)
            records.remove_run(folder)

    async def check_health(self) -> Health:
        """See Adapter."""
        try:
            await self._client.ask("check")
        except ProviderUnavailable as error:
            return self._health(HealthStatus.UNAVAILABLE, error.message)
        return self._health(HealthStatus.HEALTHY, None)

    def _health(self, status: HealthStatus, reason: str | None) -> Health:
        return Health(status=status, reason=reason, checked_at=self._clock.now())

    def _kept_order(self, run_id: RunId) -> records.Record:
        return records.read_record(self._folder(run_id) / protocol.ORDER_NAME) or {}

    def _folder(self, run_id: RunId) -> Path:
        try:
            return self._spool / protocol.check_run_id(run_id)
        except protocol.Refused as error:
            raise ProviderRefused(str(error)) from error


async def _is_set_within(event: asyncio.Event, seconds: float) -> bool:
    try:
        async with asyncio.timeout(seconds):
            return await event.wait()
    except TimeoutError:
        return False


def _find_site(spool: Path) -> str:
    """The spool's own name, made once, whoever comes first."""
    path = spool / protocol.SITE_NAME
    if not path.exists():
        fresh = spool / f"{protocol.SITE_NAME}.{secrets.token_hex(8)}"
        fresh.write_text(secrets.token_hex(16), encoding="ascii")
        with contextlib.suppress(FileExistsError):
            os.link(fresh, path)
        fresh.unlink()
    return path.read_text(encoding="ascii")
