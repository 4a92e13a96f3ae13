"""Runs of a workflow, against a stand-in that was written from GitHub's reference."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import pytest

from adapters.http.target import Answer
from domain.errors import (
    CapabilityMissing,
    CredentialsRejected,
    InvalidInput,
    ProviderRefused,
    ProviderUnavailable,
)
from domain.ids import RunId
from domain.models.providers import HealthStatus, ProviderSignal, RunHandle
from tests.adapters.github_actions.conftest import Scene
from tests.adapters.rest.connecting import order
from tests.platforms.github_actions import FIRST_ID, GitHubActions, done
from tests.platforms.serving import KEY, Refused

pytestmark = pytest.mark.anyio

OLD = RunId("019a0000000070008000000000000000")
"""Of a run that was made in 2025."""


async def test_a_command_goes_into_the_workflows_inputs(scene: Scene) -> None:
    """As JSON, so that no shell sees it; the answer leads to the run and to its page."""
    asked = order("echo", "ü $HOME; rm -rf /")
    dispatched = await scene.adapter().dispatch(asked)
    assert dispatched is not None
    run = scene.platform.runs[dispatched.provider_run_id]
    assert ["echo", "ü $HOME; rm -rf /"] == json.loads(run["asked"]["command"])
    assert asked.run_id == run["asked"]["workbench_run"]
    assert run["html_url"] == dispatched.external_url


@pytest.mark.parametrize("knows", [True, False])
async def test_a_server_that_tells_no_id_is_searched(scene: Scene, *, knows: bool) -> None:
    """An older one, which may refuse to be asked for it: the run is found by its name."""
    scene.platform.tells_details, scene.platform.knows_details = False, knows
    scene.platform.start({"workbench_run": "f" * 32})
    handle = await scene.started(scene.adapter())
    assert str(FIRST_ID + 1) == handle.provider_run_id
    assert 2 == len(scene.platform.runs)


async def test_a_start_that_is_not_shown_is_open(scene: Scene) -> None:
    """It is not sent again, and found later."""
    scene.platform.tells_details, scene.platform.is_hiding = False, True
    adapter, asked = scene.adapter(), order("make")
    with pytest.raises(ProviderUnavailable) as caught:
        await adapter.dispatch(asked)
    assert not caught.value.is_unsent
    scene.platform.is_hiding = False
    found = await scene.adapter().lookup(asked.run_id)
    assert found is not None
    assert scene.platform.only == found.provider_run_id


@pytest.mark.parametrize("status", [401, 404, 429])
async def test_a_start_that_cannot_be_looked_for_is_open(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, status: int
) -> None:
    """What is answered to our looking for it says nothing of the start: that was taken."""
    scene.platform.tells_details = False
    adapter = scene.adapter()
    send = adapter._repository.dispatch

    async def sent(ref: str, inputs: Mapping[str, str]) -> Answer:
        answer = await send(ref, inputs)
        scene.platform.fails = Refused(status, {"message": "Not now"})
        return answer

    monkeypatch.setattr(adapter._repository, "dispatch", sent)
    with pytest.raises(ProviderUnavailable) as caught:
        await adapter.dispatch(order("make"))
    assert not caught.value.is_unsent
    assert 1 == len(scene.platform.runs)


async def test_nothing_is_said_to_be_absent_too_early(scene: Scene) -> None:
    """GitHub lists a run some seconds after its start: until then a second start would be one too
    many."""
    with pytest.raises(ProviderUnavailable) as caught:
        await scene.provider.open(scene.connection()).lookup(order("make").run_id)
    assert caught.value.retry_after_s
    assert await scene.adapter().lookup(order("make").run_id) is None


async def test_a_run_without_a_name_may_be_any(scene: Scene) -> None:
    """So nothing is started again; one that is too old to be it does not count."""
    scene.platform.names_runs = False
    run = scene.platform.start({"workbench_run": ""})
    with pytest.raises(CapabilityMissing, match="run-name"):
        await scene.adapter().lookup(OLD)
    long_ago = datetime(2025, 1, 1, tzinfo=UTC).isoformat()
    scene.platform.runs[str(run)]["created_at"] = long_ago
    assert await scene.adapter().lookup(OLD) is None


async def test_a_run_is_found_on_a_later_page(scene: Scene) -> None:
    """Behind all that was started since."""
    scene.platform.start({"workbench_run": OLD})
    for number in range(150):
        scene.platform.start({"workbench_run": f"{number:032x}"})
    found = await scene.adapter().lookup(OLD)
    assert found is not None
    assert str(FIRST_ID) == found.provider_run_id


async def test_every_state_has_its_meaning(scene: Scene) -> None:
    """All that the reference names; whatever is newer is told as such, and is no end."""
    handle = await scene.started(adapter := scene.adapter())
    run = scene.platform.runs[scene.platform.only]
    expected = {
        **dict.fromkeys(("queued", "requested", "pending"), "QUEUED"),
        "in_progress": "RUNNING",
        "waiting": "WAITING",
        "brand_new": "UNKNOWN",
        "completed": "UNKNOWN",
    }
    for status, signal in expected.items():
        run |= {"status": status, "conclusion": None}
        found = await adapter.poll_status(handle)
        assert (status, signal) == (found.raw, found.signal)
        assert (signal == "WAITING") == (found.question is not None)
    ends = {
        **dict.fromkeys(("success", "neutral", "skipped"), "SUCCEEDED"),
        **dict.fromkeys(("failure", "startup_failure", "stale"), "FAILED"),
        "cancelled": "CANCELED",
        "timed_out": "TIMED_OUT",
        "action_required": "WAITING",
        "brand_new": "UNKNOWN",
    }
    for conclusion, signal in ends.items():
        run |= done(conclusion)
        found = await adapter.poll_status(handle)
        assert (f"completed/{conclusion}", signal) == (found.raw, found.signal)


async def test_a_run_that_is_not_there_has_vanished(scene: Scene) -> None:
    """Which is no error, and no end."""
    handle = RunHandle(run_id=OLD, provider_run_id="17")
    assert ProviderSignal.VANISHED is (await scene.adapter().poll_status(handle)).signal


async def test_cancel_asks_once_and_never_by_force(scene: Scene) -> None:
    """What is over, or is not there, needs none."""
    handle = await scene.started(adapter := scene.adapter())
    await adapter.cancel(handle, "enough")
    assert ProviderSignal.CANCELED is (await adapter.poll_status(handle)).signal
    await adapter.cancel(handle, None)
    await adapter.cancel(RunHandle(run_id=OLD, provider_run_id="17"), None)
    assert not any("force" in each for each in scene.platform.asked)


async def test_a_run_canceled_before_its_start_never_starts(scene: Scene) -> None:
    """Whose dispatch was not answered is found first."""
    adapter, asked = scene.adapter(), order("make")
    await adapter.cancel(RunHandle(run_id=asked.run_id), None)
    assert await adapter.dispatch(asked) is None
    assert {} == scene.platform.runs
    scene.platform.start({"workbench_run": OLD})
    await adapter.cancel(RunHandle(run_id=OLD), None)
    assert "cancelled" == scene.platform.runs[scene.platform.only]["conclusion"]


async def test_artifacts_are_listed_while_they_are_kept(scene: Scene) -> None:
    """All pages of them."""
    handle = await scene.started(adapter := scene.adapter())
    scene.platform.kept = [
        {"id": n, "name": f"report-{n}", "size_in_bytes": 10 * n, "expired": n == 1}
        for n in range(120)
    ]
    found = await adapter.fetch_artifacts(handle)
    assert 119 == len(found)
    assert ("report-119", "119", 1190) == (
        found[-1].name,
        found[-1].reference,
        found[-1].size_bytes,
    )


async def test_an_artifact_is_read_from_where_github_keeps_it(scene: Scene) -> None:
    """However large it is; one that is gone is refused."""
    handle = await scene.started(adapter := scene.adapter())
    scene.platform.kept = [{"id": n, "name": f"{n}", "size_in_bytes": 1} for n in (1, 2)]
    scene.platform.contents = {1: b"zip" * 5_000_000}
    here, gone = await adapter.fetch_artifacts(handle)
    read = b"".join([piece async for piece in adapter.read_artifact(handle, here)])
    assert scene.platform.contents[1] == read
    with pytest.raises(ProviderRefused):
        await anext(adapter.read_artifact(handle, gone))


@pytest.mark.parametrize("status", [403, 429])
async def test_limits_are_kept(scene: Scene, status: int) -> None:
    """The primary one tells when it is over, the secondary one how long it takes: both with a 403
    as well as with a 429. What was refused was not taken."""
    reset = int((datetime.now(UTC) + timedelta(minutes=10)).timestamp())
    for headers, least, most in (
        ({"x-ratelimit-remaining": "0", "x-ratelimit-reset": str(reset)}, 500, 601),
        ({"retry-after": "60"}, 60, 60),
    ):
        message = {"message": "API rate limit exceeded for you"}
        scene.platform.fails = Refused(status, message, **headers)
        with pytest.raises(ProviderUnavailable) as caught:
            await scene.adapter().dispatch(order("make"))
        assert caught.value.is_unsent
        assert least <= (caught.value.retry_after_s or 0) <= most


async def test_who_may_not_is_told_so(scene: Scene) -> None:
    """A 403 without a limit, a wrong token, another branch, and inputs that are too long."""
    with pytest.raises(CredentialsRejected, match="Bad credentials"):
        await scene.adapter(KEY.upper()).check_health()
    with pytest.raises(ProviderRefused, match="No ref found for: dev"):
        await scene.adapter(ref="dev").dispatch(order("make"))
    with pytest.raises(ProviderRefused, match="65535"):
        await scene.adapter().dispatch(order("x" * 70_000))
    with pytest.raises(ProviderRefused, match="commands"):
        await scene.adapter().dispatch(order(prompt="Fix it"))
    scene.platform.fails = Refused(
        403, {"message": "Resource not accessible"}, **{"x-ratelimit-remaining": "4000"}
    )
    with pytest.raises(CredentialsRejected, match="not accessible"):
        await scene.adapter().dispatch(order("make"))
    assert {} == scene.platform.runs


async def test_health_is_that_of_the_workflow(scene: Scene) -> None:
    """One that is switched off takes nothing."""
    assert HealthStatus.HEALTHY is (await scene.adapter().check_health()).status
    scene.platform.state = "disabled_manually"
    health = await scene.adapter().check_health()
    assert (HealthStatus.UNAVAILABLE, "The workflow is disabled manually at GitHub.") == (
        health.status,
        health.reason,
    )


@pytest.mark.parametrize(
    "config",
    [{"apiUrl": url} for url in ("http://github.example", "ftp://x", "nonsense", "https://u:p@x")]
    + [{"apiUrl": "https://x/?a=1"}],
)
def test_a_config_is_checked(scene: Scene, config: dict[str, str]) -> None:
    """What no schema can say."""
    with pytest.raises(InvalidInput):
        scene.provider.check_config({**GitHubActions.config, **config})
    scene.provider.check_config(GitHubActions.config)
    with pytest.raises(InvalidInput, match="workflow's file"):
        scene.provider.resolve_cwd("/", "src")
