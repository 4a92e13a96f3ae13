"""Logs that are given out whole each time, and files that a platform shares with us."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from adapters.http.outbound import Outbound
from adapters.rest.adapter import RestAdapter
from domain.errors import ProviderRefused
from domain.models.providers import LogStream, RunHandle
from tests.adapters.rest.connecting import logged, new_run, opened, shipped
from tests.platforms.serving import served

pytestmark = pytest.mark.anyio


@dataclass
class Log:
    """A job of Ray that prints what a test wants."""

    text: str = ""
    status: str = "RUNNING"
    at_the_end: str = ""
    """Is printed between the question whether it is over and the answer."""
    asked: list[str] = field(default_factory=list)

    @property
    def app(self) -> Starlette:
        routes = [Route("/api/jobs/{job}", self.get), Route("/api/jobs/{job}/logs", self.logs)]
        return Starlette(routes=routes)

    async def get(self, request: Request) -> Response:
        self.asked.append("status")
        self.text, self.at_the_end = self.text + self.at_the_end, ""
        return JSONResponse({"status": self.status})

    async def logs(self, request: Request) -> Response:
        self.asked.append("logs")
        return JSONResponse({"logs": self.text})


@dataclass
class Scene:
    log: Log
    adapter: RestAdapter
    handle: RunHandle
    position: str | None = None

    async def more(self) -> list[str]:
        lines, self.position = await logged(self.adapter, self.handle, self.position)
        return lines


@pytest.fixture
async def scene(outbound: Outbound) -> AsyncIterator[Scene]:
    log = Log()
    async with served(log.app) as url:
        config = {"url": url, "allowPrivate": True}
        adapter = opened(shipped("ray"), outbound, config=config)
        yield Scene(log, adapter, RunHandle(run_id=new_run(), provider_run_id="wb-1"))


async def test_lines_come_when_they_are_whole(scene: Scene) -> None:
    """Half a line waits for its other half, or for the end."""
    scene.log.text = "one\ntwo\nthr"
    assert ["one", "two"] == await scene.more()
    assert [] == await scene.more()
    scene.log.text += "ee\nfour"
    assert ["three"] == await scene.more()
    scene.log.status = "SUCCEEDED"
    assert ["four"] == await scene.more()
    assert [] == await scene.more()


async def test_the_last_lines_are_not_missed(scene: Scene) -> None:
    """What was printed between looking at the log and hearing of the end."""
    scene.log.text, scene.log.at_the_end, scene.log.status = "on", "e\ntwo\nthree", "FAILED"
    assert ["one", "two", "three"] == await scene.more()


async def test_a_long_log_comes_in_pieces(scene: Scene) -> None:
    """Each of them bounded, all of them together the log."""
    lines = [f"line {number} " + "x" * 90 for number in range(30_000)]
    scene.log.text = "".join(f"{line}\n" for line in lines)
    progress = await scene.adapter.fetch_logs(scene.handle, None)
    assert progress is not None
    assert sum(len(output.text) for output in progress.outputs) < 1_500_000
    assert lines == await scene.more()


async def test_a_log_that_lost_its_beginning_goes_on(scene: Scene) -> None:
    """Platforms drop what is old; what was told last is found again, and nothing told twice."""
    lines = [f"line {number}" for number in range(500)]
    scene.log.text = "".join(f"{line}\n" for line in lines)
    assert lines == await scene.more()
    kept = "".join(f"{line}\n" for line in [*lines[300:], "new 1", "new 2"])
    scene.log.text = kept
    assert ["new 1", "new 2"] == await scene.more()


async def test_another_log_is_new(scene: Scene) -> None:
    """A platform that forgot what there was begins again, and so do we."""
    scene.log.text = "".join(f"old {number}\n" for number in range(50))
    await scene.more()
    scene.log.text = "other 1\nother 2\n"
    assert ["other 1", "other 2"] == await scene.more()
    scene.log.text += "".join(f"other {number}\n" for number in range(3, 80))
    assert 77 == len(await scene.more())


async def test_what_is_printed_is_text(scene: Scene) -> None:
    """NUL and carriage returns are not for terminals and databases."""
    scene.log.text = "a\0b\r\nüñ😀\n"
    assert ["a\u2400b", "üñ😀"] == await scene.more()


async def test_a_position_of_another_is_refused(scene: Scene) -> None:
    """It is not guessed where that may be."""
    for position in ("nonsense", "[1]", "5"):
        with pytest.raises(ProviderRefused):
            await scene.adapter.fetch_logs(scene.handle, position)


@dataclass
class Shared:
    """A job of Slurm that prints into files."""

    state: str = "RUNNING"

    @property
    def app(self) -> Starlette:
        return Starlette(routes=[Route("/slurm/v0.0.38/job/{job}", self.get)])

    async def get(self, request: Request) -> Response:
        return JSONResponse({"jobs": [{"job_state": self.state, "job_id": 7}], "errors": []})


async def test_files_are_read_from_where_they_were_left(outbound: Outbound, tmp_path: Path) -> None:
    """Both outputs, lines as they become whole, the rest at the end."""
    slurm = Shared()
    async with served(slurm.app) as url:
        config = {"url": url, "user": "me", "logDir": str(tmp_path), "allowPrivate": True}
        adapter = opened(shipped("slurm"), outbound, config=config)
        handle = RunHandle(run_id=new_run(), provider_run_id="7")
        assert await adapter.fetch_logs(handle, None) is None
        out, err = (tmp_path / f"wb-{handle.run_id}.{name}" for name in ("out", "err"))
        out.write_text("one\ntw", encoding="utf-8")
        err.write_text("oh\n", encoding="utf-8")
        progress = await adapter.fetch_logs(handle, None)
        assert progress is not None
        told = [(output.stream, output.text) for output in progress.outputs]
        assert [(LogStream.STDOUT, "one"), (LogStream.STDERR, "oh")] == told
        lines, position = await logged(adapter, handle, progress.position)
        assert [] == lines
        slurm.state = "COMPLETED"
        lines, position = await logged(adapter, handle, position)
        assert ["tw"] == lines
        assert {"files": [6, 3]} == json.loads(position or "")


async def test_no_file_outside_the_folder_is_read(outbound: Outbound, tmp_path: Path) -> None:
    """A link in a shared folder leads nowhere else, and a folder is no log."""
    secret = tmp_path / "secret"
    secret.write_text("secret\n", encoding="utf-8")
    folder = tmp_path / "logs"
    folder.mkdir()
    config = {"url": "http://127.0.0.1:9", "user": "me", "logDir": str(folder)}
    adapter = opened(shipped("slurm"), outbound, config={**config, "allowPrivate": True})
    handle = RunHandle(run_id=new_run(), provider_run_id="7")
    (folder / f"wb-{handle.run_id}.out").symlink_to(secret)
    with pytest.raises(ProviderRefused, match="outside"):
        await adapter.fetch_logs(handle, None)
