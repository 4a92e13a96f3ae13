"""What a run has printed, job by job."""

from datetime import UTC, datetime, timedelta

import pytest

from adapters.blocks import PROGRESS_BYTES
from domain.errors import ProviderRefused, ProviderUnavailable
from domain.models.providers import Output
from tests.adapters.github_actions.conftest import Scene
from tests.adapters.rest.connecting import logged
from tests.platforms.github_actions import packed, stamped

pytestmark = pytest.mark.anyio

LONG_AGO = "2026-01-01T00:00:00Z"


def lines(name: str, count: int) -> list[str]:
    return [f"{name} {number}" for number in range(count)]


async def test_a_log_is_told_as_its_jobs_end(scene: Scene) -> None:
    """Without GitHub's times; what a job has printed that still runs is not to be had."""
    handle = await scene.started(adapter := scene.adapter())
    run = int(scene.platform.only)
    assert await adapter.fetch_logs(handle, None) is None
    scene.platform.add_job(run, status="in_progress", completed_at=None)
    first = scene.platform.add_job(run, name="lint", log=stamped(*lines("lint", 3)))
    told, position = await logged(adapter, handle)
    assert lines("lint", 3) == told
    later = datetime.now(UTC) + timedelta(seconds=5)
    scene.platform.jobs[first - 1] |= {
        "status": "completed",
        "name": "test (3.13)\n",
        "completed_at": later.isoformat(),
    }
    scene.platform.logs[first - 1] = stamped("ok", "2026-11-20T10:00:00.1234567Z mine", "", "end")
    rest, last = await logged(adapter, handle, position)
    assert [
        "##[job]test (3.13)",
        "ok",
        "2026-11-20T10:00:00.1234567Z mine",
        "",
        "end",
    ] == rest
    assert await adapter.fetch_logs(handle, last) is None
    assert [*told, *rest] == (await logged(adapter, handle))[0]


async def test_the_log_goes_on_from_any_position(scene: Scene) -> None:
    """Over many pages of a long one, each read by a server that has just been started, of which
    each asks for no more than the next piece."""
    handle = await scene.started(scene.adapter())
    run = int(scene.platform.only)
    expected = [f"{number} " + "x" * 1000 for number in range(3000)]
    scene.platform.add_job(run, log=stamped(*expected))
    scene.platform.add_job(run, name="second", log=stamped("done"))
    found: list[str] = []
    position, pages = None, 0
    while (progress := await scene.adapter().fetch_logs(handle, position)) is not None:
        found += [line for output in progress.outputs for line in output.text.split("\n")]
        position, pages = progress.position, pages + 1
    assert [*expected, "##[job]second", "done"] == found
    assert pages > 3
    assert all(scene.platform.ranges)


async def test_a_place_without_ranges_is_read_whole(scene: Scene) -> None:
    """And nothing of it is told twice."""
    scene.platform.knows_ranges = False
    handle = await scene.started(adapter := scene.adapter())
    expected = [f"{number} " + "x" * 1000 for number in range(2000)]
    scene.platform.add_job(int(scene.platform.only), log=stamped(*expected))
    assert expected == (await logged(adapter, handle))[0]


async def test_what_is_around_a_border_comes_with_it(scene: Scene) -> None:
    """So that a secret over it is seen, also one of several lines: without the times between."""
    handle = await scene.started(adapter := scene.adapter())
    expected = [f"{number} " + "x" * 1000 for number in range(2000)]
    scene.platform.add_job(int(scene.platform.only), log=stamped("y" * 100_000, *expected))
    first = await adapter.fetch_logs(handle, None)
    assert first is not None
    assert first.outputs[0].after.startswith("yyy")
    second = await adapter.fetch_logs(handle, first.position)
    assert second is not None
    ends = "\n".join(output.text for output in first.outputs)
    before = second.outputs[0].before
    assert ends.endswith(before[-2000:].removesuffix("\n"))
    assert PROGRESS_BYTES < sum(len(output.text) for output in first.outputs) * 2
    text = "".join(_joined(output) for output in [*first.outputs, *second.outputs])
    assert text.startswith("y" * 100_000 + "\n0 xxx")


def _joined(output: Output) -> str:
    return output.text + ("" if output.after else "\n")


async def test_a_log_that_is_not_there_yet_is_waited_for(scene: Scene) -> None:
    """Shortly after the end; then the archive has it, and at last there is none."""
    handle = await scene.started(adapter := scene.adapter())
    run = int(scene.platform.only)
    job = scene.platform.add_job(run)
    scene.platform.add_job(run, conclusion="skipped")
    with pytest.raises(ProviderUnavailable, match="yet") as caught:
        await adapter.fetch_logs(handle, None)
    assert caught.value.retry_after_s
    scene.platform.jobs[job]["completed_at"] = LONG_AGO
    told, position = await logged(adapter, handle)
    assert [] == told
    assert await adapter.fetch_logs(handle, position) is None
    scene.platform.archives[run] = packed(build=stamped(*lines("a", 3)), test=stamped("b"))
    assert [*lines("a", 3), "##[job]test", "b"] == (await logged(adapter, handle))[0]


async def test_an_archive_is_read_from_any_position(scene: Scene) -> None:
    """Its files in their order, page by page."""
    handle = await scene.started(scene.adapter())
    run = int(scene.platform.only)
    scene.platform.add_job(run, completed_at=LONG_AGO)
    expected = [f"{number} " + "x" * 1000 for number in range(2000)]
    scene.platform.archives[run] = packed(build=stamped(*expected), empty=b"", end=stamped("c"))
    found: list[str] = []
    position = None
    while (progress := await scene.adapter().fetch_logs(handle, position)) is not None:
        found += [line for output in progress.outputs for line in output.text.split("\n")]
        position = progress.position
    assert [*expected, "##[job]end", "c"] == found


async def test_an_archive_that_is_none_is_told(scene: Scene) -> None:
    """Whatever comes in its place."""
    handle = await scene.started(adapter := scene.adapter())
    run = int(scene.platform.only)
    scene.platform.add_job(run, completed_at=LONG_AGO)
    whole = packed(build=stamped(*lines("a", 300)))
    for body in (b"", b"<html>", whole[:-20], whole[:60] + b"\xff" * 40 + whole[100:]):
        scene.platform.archives[run] = body
        with pytest.raises(ProviderUnavailable, match="archive"):
            await adapter.fetch_logs(handle, None)


async def test_logs_come_from_known_places_only(scene: Scene) -> None:
    """A redirect to anywhere else is not followed."""
    handle = await scene.started(adapter := scene.adapter())
    scene.platform.say(scene.platform.only, "x")
    for place in ("http://169.254.169.254", "https://evil.example", ""):
        scene.platform.blobs = place
        with pytest.raises(ProviderRefused):
            await adapter.fetch_logs(handle, None)


@pytest.mark.parametrize(
    "position", ["", "{}", "nonsense", "[1, 2]", '{"a": 1}', '{"job": [], "told": 5, "at": 1}', "5"]
)
async def test_a_position_of_somebody_else_is_refused(scene: Scene, position: str) -> None:
    """Rather than read from anywhere."""
    handle = await scene.started(adapter := scene.adapter())
    with pytest.raises(ProviderRefused, match="position"):
        await adapter.fetch_logs(handle, position)
