"""The manifest `slurm`, against a real cluster of one node with JWT."""

import os
import signal
import time

import pytest

from adapters.http.outbound import Outbound
from adapters.rest.adapter import RestAdapter
from adapters.rest.manifest import Manifest
from domain.errors import CapabilityMissing, ProviderUnavailable
from domain.ids import RunId
from domain.models.providers import HealthStatus, LogStream, ProviderSignal, RunHandle
from tests.adapters.rest.connecting import handle_of, logged, new_run, opened, order, shipped
from tests.engines.starting import Engine
from tests.engines.watching import not_there, reached

pytestmark = [pytest.mark.anyio, pytest.mark.engines]


def connected(
    slurm: Engine, outbound: Outbound, token: str, manifest: Manifest | None = None
) -> RestAdapter:
    config = {
        "url": slurm.url,
        "user": "root",
        "workdir": "/tmp",
        "logDir": str(slurm.folder / "logs"),
        "allowPrivate": True,
    }
    used = manifest or shipped("slurm")
    return opened(used, outbound, config=config, secrets={"token": token})


@pytest.fixture
def adapter(slurm: Engine, outbound: Outbound) -> RestAdapter:
    return connected(slurm, outbound, slurm.token)


async def test_a_wrong_token_starts_nothing(slurm: Engine, outbound: Outbound) -> None:
    """And is told by the health check. This controller hangs up on it, which is what it also does
    when it is away: nothing in the answer tells the two apart."""
    stranger = connected(slurm, outbound, "e30.e30.c2ln")
    with pytest.raises(ProviderUnavailable):
        await stranger.check_health()


async def test_a_command_runs_to_its_end(adapter: RestAdapter) -> None:
    """What it prints is read from the shared folder, its exit code from the wait status."""
    assert HealthStatus.HEALTHY is (await adapter.check_health()).status
    asked = order("sh", "-c", "pwd; echo $WORKBENCH_RUN_ID; echo oh >&2; printf tail; exit 3")
    handle = handle_of(asked.run_id, await adapter.dispatch(asked))
    status = await reached(adapter, handle)
    assert (ProviderSignal.FAILED, 3) == (status.signal, status.exit_code)
    assert status.ended_at is not None
    progress = await adapter.fetch_logs(handle, None)
    assert progress is not None
    streams = {output.stream for output in progress.outputs}
    assert {LogStream.STDOUT, LogStream.STDERR} == streams
    lines, position = await logged(adapter, handle)
    assert sorted(["/tmp", str(asked.run_id), "oh", "tail"]) == sorted(lines)
    assert ([], position) == await logged(adapter, handle, position)


async def test_a_run_is_found_and_ends_when_told(adapter: RestAdapter) -> None:
    """By its name, so that it need not be started twice."""
    asked = order("sleep", "300")
    assert await adapter.lookup(asked.run_id) is None
    dispatched = await adapter.dispatch(asked)
    found = await adapter.lookup(asked.run_id)
    assert dispatched
    assert found
    assert dispatched.provider_run_id == found.provider_run_id
    handle = handle_of(asked.run_id, dispatched)
    await reached(adapter, handle, ProviderSignal.RUNNING)
    await adapter.cancel(handle, "enough")
    assert ProviderSignal.CANCELED is (await reached(adapter, handle)).signal
    await adapter.cancel(handle, None)


async def test_a_job_that_is_not_there_has_vanished(adapter: RestAdapter) -> None:
    """As a young one has when the controller died before it was written down."""
    handle = RunHandle(run_id=new_run(), provider_run_id="999999")
    assert ProviderSignal.VANISHED is (await adapter.poll_status(handle)).signal


async def test_a_controller_that_was_started_since_may_have_forgotten_a_run(
    adapter: RestAdapter,
) -> None:
    """One that is younger than the controller, and is not there, was never there."""
    young, now_ms = await not_there(adapter), int(time.time() * 1000)
    old = RunId(f"{now_ms - 230_000:012x}" + young[12:])
    with pytest.raises(CapabilityMissing, match="started again"):
        await adapter.lookup(old)


async def test_another_job_under_the_id_is_none_of_ours(adapter: RestAdapter) -> None:
    """It is neither followed nor canceled."""
    asked = order("sleep", "300")
    handle = handle_of(asked.run_id, await adapter.dispatch(asked))
    stranger = RunHandle(run_id=new_run(), provider_run_id=handle.provider_run_id)
    status = await adapter.poll_status(stranger)
    assert ProviderSignal.VANISHED is status.signal
    assert "another run" in (status.message or "")
    await adapter.cancel(stranger, None)
    await reached(adapter, handle, ProviderSignal.RUNNING)
    await adapter.cancel(handle, None)
    await reached(adapter, handle)


async def test_a_controller_that_hangs_is_an_outage(slurm: Engine, outbound: Outbound) -> None:
    """The run goes on meanwhile, and is seen again afterwards."""
    hasty = shipped("slurm").model_copy(update={"timeout_s": 1})
    adapter = connected(slurm, outbound, slurm.token, hasty)
    asked = order("sleep", "300")
    handle = handle_of(asked.run_id, await connected(slurm, outbound, slurm.token).dispatch(asked))
    controller = slurm.processes["slurmctld"].pid
    os.kill(controller, signal.SIGSTOP)
    try:
        with pytest.raises(ProviderUnavailable):
            await adapter.poll_status(handle)
    finally:
        os.kill(controller, signal.SIGCONT)
    patient = connected(slurm, outbound, slurm.token)
    await reached(patient, handle, ProviderSignal.RUNNING)
    await patient.cancel(handle, None)
    await reached(patient, handle)
