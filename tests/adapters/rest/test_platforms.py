"""Every shipped manifest of a public platform, against a stand-in written from its document."""

from collections.abc import AsyncIterator
from typing import NamedTuple

import pytest

from adapters.http.outbound import Outbound
from adapters.rest.adapter import RestAdapter
from domain.errors import CapabilityMissing, ProviderRefused, ProviderUnavailable
from domain.models.providers import HealthStatus, ProviderSignal, RunHandle
from tests.adapters.rest.connecting import at, handle_of, logged, new_run, opened, order, shipped
from tests.platforms.cursor import Cursor
from tests.platforms.devin import Devin
from tests.platforms.github_tasks import GitHubTasks
from tests.platforms.jules import Jules
from tests.platforms.managed_agents import ManagedAgents
from tests.platforms.serving import KEY, Platform, Refused, served

pytestmark = pytest.mark.anyio

PROMPT = "Fix the {{config.repository}} build"
"""What looks like a template in a prompt is text."""
PLATFORMS = [Cursor, Devin, Jules, GitHubTasks, ManagedAgents]


class Scene(NamedTuple):
    platform: Platform
    adapter: RestAdapter
    stranger: RestAdapter
    """With a key that the platform does not know."""

    async def started(self) -> RunHandle:
        asked = order(prompt=PROMPT)
        return handle_of(asked.run_id, await self.adapter.dispatch(asked))


@pytest.fixture(params=PLATFORMS, ids=lambda kind: str(kind.key))
async def scene(request: pytest.FixtureRequest, outbound: Outbound) -> AsyncIterator[Scene]:
    platform: Platform = request.param()
    async with served(platform.app) as url:
        manifest = at(shipped(platform.key), url)
        adapters = [
            opened(manifest, outbound, config=platform.config, secrets={platform.secret: each})
            for each in (KEY, KEY.upper())
        ]
        yield Scene(platform, *adapters)


async def test_a_run_is_started_with_its_prompt(scene: Scene) -> None:
    """The platform gets the prompt as it is, and nothing that the project has not set."""
    asked = order(prompt=PROMPT)
    dispatched = await scene.adapter.dispatch(asked)
    assert dispatched is not None
    assert PROMPT in str(scene.platform.runs[scene.platform.only]["asked"])
    assert "None" not in str(scene.platform.runs[scene.platform.only]["asked"])
    url = dispatched.external_url
    assert url is None or url.startswith("https://")


async def test_every_state_has_its_meaning(scene: Scene) -> None:
    """What the document names is told, by the platform's own word too."""
    handle = await scene.started()
    for signal in scene.platform.moves:
        scene.platform.move(signal)
        status = await scene.adapter.poll_status(handle)
        assert signal is status.signal, status
        assert status.raw
        assert (signal is ProviderSignal.WAITING) == (status.question is not None)


async def test_a_state_that_nobody_knows_is_told_as_such(scene: Scene) -> None:
    """A newer API is no failure of the run."""
    handle = await scene.started()
    scene.platform.runs[scene.platform.only] |= scene.platform.strange
    status = await scene.adapter.poll_status(handle)
    assert ProviderSignal.UNKNOWN is status.signal
    assert str(next(iter(scene.platform.strange.values()))) in status.raw


async def test_a_run_that_is_not_there_has_vanished(scene: Scene) -> None:
    """Which is no error, and no end."""
    handle = await scene.started()
    scene.platform.runs.clear()
    assert ProviderSignal.VANISHED is (await scene.adapter.poll_status(handle)).signal


async def test_a_lost_answer_starts_nothing_twice(scene: Scene) -> None:
    """The run is found again; where it cannot be, the adapter says so."""
    asked = order(prompt=PROMPT)
    if not scene.platform.keeps_one:
        with pytest.raises(CapabilityMissing):
            await scene.adapter.lookup(asked.run_id)
        return
    assert await scene.adapter.lookup(asked.run_id) is None
    first = await scene.adapter.dispatch(asked)
    second = await scene.adapter.lookup(asked.run_id)
    assert first is not None
    assert second is not None
    assert first.provider_run_id == second.provider_run_id
    assert await scene.adapter.lookup(new_run()) is None
    assert [scene.platform.only] == [*scene.platform.runs]


async def test_cancel_is_passed_on_and_may_come_late(scene: Scene) -> None:
    """Where the platform has none, the adapter says so."""
    handle = await scene.started()
    if not scene.adapter.manifest.cancel:
        with pytest.raises(CapabilityMissing):
            await scene.adapter.cancel(handle, None)
        return
    await scene.adapter.cancel(handle, "enough")
    assert ProviderSignal.CANCELED is (await scene.adapter.poll_status(handle)).signal
    await scene.adapter.cancel(handle, None)
    assert ProviderSignal.CANCELED is (await scene.adapter.poll_status(handle)).signal


async def test_an_answer_lets_a_waiting_run_go_on(scene: Scene) -> None:
    """Where the platform takes answers."""
    handle = await scene.started()
    if not scene.adapter.manifest.resume:
        with pytest.raises(CapabilityMissing):
            await scene.adapter.resume(handle, "blue")
        return
    scene.platform.move(ProviderSignal.WAITING)
    await scene.adapter.resume(handle, "blue")
    assert ProviderSignal.RUNNING is (await scene.adapter.poll_status(handle)).signal


async def test_lines_come_once_from_any_position(scene: Scene) -> None:
    """Over pages, while more is said, and asked for again."""
    handle = await scene.started()
    if not scene.adapter.manifest.logs:
        assert await scene.adapter.fetch_logs(handle, None) is None
        return
    assert ([], None) == await logged(scene.adapter, handle)
    run = scene.platform.only
    scene.platform.say(run, "one", "two", "three", "four")
    scene.platform.move(ProviderSignal.SUCCEEDED)
    first, position = await logged(scene.adapter, handle)
    assert ["one", "two", "three", "four"] == [line.split(": ")[-1] for line in first]
    scene.platform.say(run, "five")
    later, end = await logged(scene.adapter, handle, position)
    assert ["five"] == [line.split(": ")[-1] for line in later][-1:]
    assert ([], end) == await logged(scene.adapter, handle, end)
    assert first == (await logged(scene.adapter, handle))[0][:4]


async def test_artifacts_are_listed(scene: Scene) -> None:
    """Where the platform has any."""
    handle = await scene.started()
    if not scene.adapter.manifest.artifacts:
        with pytest.raises(CapabilityMissing):
            await scene.adapter.fetch_artifacts(handle)
        return
    (artifact,) = await scene.adapter.fetch_artifacts(handle)
    assert artifact.name
    assert artifact.reference


async def test_a_wrong_key_is_told_without_it(scene: Scene) -> None:
    """By the health check and by a dispatch, which is then refused and not repeated."""
    errors = []
    for asked in (scene.stranger.check_health(), scene.stranger.dispatch(order(prompt=PROMPT))):
        with pytest.raises(ProviderRefused) as caught:
            await asked
        errors.append(caught.value.message)
    for text in errors:
        assert "does not let us in" in text
        assert KEY.upper() not in text
    assert {} == scene.platform.runs
    assert HealthStatus.HEALTHY is (await scene.adapter.check_health()).status


async def test_a_limit_of_requests_is_waited_out(scene: Scene) -> None:
    """Retry-After is passed on, and that the request was not carried out."""
    scene.platform.fails = Refused(429, {"message": "Slow down"}, **{"Retry-After": "17"})
    with pytest.raises(ProviderUnavailable) as caught:
        await scene.adapter.dispatch(order(prompt=PROMPT))
    assert (True, 17.0) == (caught.value.is_unsent, caught.value.retry_after_s)


async def test_an_outage_is_no_refusal(scene: Scene) -> None:
    """Nobody knows whether a request that ended with 502 was carried out."""
    scene.platform.fails = Refused(502, {"message": "Bad gateway"})
    with pytest.raises(ProviderUnavailable) as caught:
        await scene.adapter.dispatch(order(prompt=PROMPT))
    assert not caught.value.is_unsent
