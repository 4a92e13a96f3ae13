"""Files that a server keeps: where they may come to lie, and that they are what was recorded."""

import hashlib
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path, PurePosixPath
from threading import Thread
from typing import Any, Final

import pytest

from cli.client.connection import Connection
from cli.client.downloads import bring, place_of
from cli.client.errors import Refused, Unreachable

pytestmark = pytest.mark.anyio

CONTENT: Final = b"content\n"
DIGEST: Final = hashlib.sha256(CONTENT).hexdigest()


def artifact(**fields: Any) -> dict[str, Any]:
    return {"name": "a.txt", "stepRun": {"key": "make"}, "url": "/kept", "sha256": DIGEST, **fields}


@pytest.fixture
def keeping(tmp_path: Path) -> Iterator[Connection]:
    """A server that keeps one file."""
    (tmp_path / "served").mkdir()
    (tmp_path / "served" / "kept").write_bytes(CONTENT)
    handler = partial(SimpleHTTPRequestHandler, directory=tmp_path / "served")
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield Connection(url=f"http://127.0.0.1:{server.server_port}", token="x")
        server.shutdown()
        thread.join()


def test_a_file_is_below_its_step() -> None:
    """And below the folders of its own name."""
    assert PurePosixPath("make/a.txt") == place_of(artifact())
    assert PurePosixPath("test[0]/dist/x.whl") == place_of(
        artifact(name="dist/x.whl", stepRun={"key": "test[0]"})
    )
    assert PurePosixPath("run/a.txt") == place_of(artifact(stepRun=None))


@pytest.mark.parametrize(
    "name", ["/etc/passwd", "../x", "a/../../x", "a//b", ".", "", "a\\..\\x", "a\0b", "a\x1b[2J"]
)
def test_a_name_leads_nowhere_else(name: str) -> None:
    """What a server says is no path of ours."""
    with pytest.raises(Refused, match="no name for a file"):
        place_of(artifact(name=name))


async def test_what_comes_is_what_was_recorded(keeping: Connection, tmp_path: Path) -> None:
    """Byte for byte, over what was there before."""
    path = tmp_path / "make" / "a.txt"
    for _ in range(2):
        await bring(keeping, artifact(), path)

        assert CONTENT == path.read_bytes()
        assert [path] == list(path.parent.iterdir())


async def test_a_link_may_be_a_whole_url(keeping: Connection, tmp_path: Path) -> None:
    """As it is where a server knows the address that it is seen under."""
    elsewhere = Connection(url="http://127.0.0.1:1", token="x")
    await bring(elsewhere, artifact(url=f"{keeping.url}/kept"), tmp_path / "a.txt")

    assert CONTENT == (tmp_path / "a.txt").read_bytes()


@pytest.mark.parametrize(
    "wrong", [{"sha256": "0" * 64}, {"url": "/gone"}], ids=["another digest", "gone"]
)
async def test_nothing_is_left_of_what_is_not(
    keeping: Connection, tmp_path: Path, wrong: dict[str, str]
) -> None:
    """Neither a file nor half of one."""
    with pytest.raises(Refused):
        await bring(keeping, artifact(**wrong), tmp_path / "make" / "a.txt")

    assert [] == list((tmp_path / "make").iterdir())


async def test_a_server_that_is_away_is_said(tmp_path: Path) -> None:
    """In a sentence."""
    away = Connection(url="http://127.0.0.1:1", token="x")
    with pytest.raises(Unreachable, match=r"a\.txt"):
        await bring(away, artifact(), tmp_path / "a.txt")
