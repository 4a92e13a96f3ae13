"""Every store of content keeps to domain.artifact_repositories.ArtifactStore: a folder, and a
bucket of a real S3 server."""

import asyncio
import hashlib
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from adapters.artifacts import store_at
from domain.artifact_repositories import ArtifactStore
from domain.errors import NotFound, StorageUnavailable
from domain.models.artifacts import Content, ContentTooLarge

pytestmark = pytest.mark.anyio

SOON = timedelta(hours=1)
BIG = 20 * 1024 * 1024


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


async def pieces(*given: bytes | Exception) -> AsyncIterator[bytes]:
    for each in given:
        if isinstance(each, Exception):
            raise each
        yield each


async def read(store: ArtifactStore, content: bytes) -> bytes:
    return b"".join([piece async for piece in store.read(digest(content))])


def now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture(scope="session")
def bucket_server() -> Iterator[str]:
    """Its URL."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        url = f"http://127.0.0.1:{port}"
        try:
            with httpx.Client(transport=httpx.HTTPTransport(retries=8), timeout=30) as client:
                client.put(f"{url}/artifacts").raise_for_status()
            yield url
        finally:
            server.terminate()


@pytest.fixture(params=["folder", "bucket"])
def store(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> ArtifactStore:
    if request.param == "folder":
        return store_at(None, tmp_path / "artifacts")
    given = {
        "AWS_ENDPOINT_URL": request.getfixturevalue("bucket_server"),
        "AWS_ALLOW_HTTP": "true",
        "AWS_ACCESS_KEY_ID": "key",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_REGION": "us-east-1",
    }
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    return store_at(f"s3://artifacts/{tmp_path.name}", tmp_path / "artifacts")


def left_in(folder: Path) -> list[Path]:
    return [path for path in folder.glob("artifacts/new/*") if path.is_file()]


@pytest.mark.parametrize("given", [(), (b"",), (b"on", b"e"), (b"x" * BIG, b"y")])
async def test_content_is_what_was_put(store: ArtifactStore, given: tuple[bytes, ...]) -> None:
    """Under its digest, empty or larger than a piece, and as often as it is put."""
    whole = b"".join(given)
    for _ in range(2):
        told = await store.put(pieces(*given), len(whole))
        assert Content(sha256=digest(whole), size=len(whole)) == told
    assert whole == await read(store, whole)


async def test_nothing_is_kept_of_what_is_not_whole(store: ArtifactStore, tmp_path: Path) -> None:
    """Too large by a byte, or broken off."""
    with pytest.raises(ContentTooLarge):
        await store.put(pieces(b"one", b"two"), 5)
    with pytest.raises(ConnectionError):
        await store.put(pieces(b"one", ConnectionError()), 100)
    for part in (b"one", b"onetw", b"onetwo"):
        with pytest.raises(NotFound):
            await read(store, part)
    assert [] == left_in(tmp_path)


async def test_one_put_at_once_by_many_is_there(store: ArtifactStore, tmp_path: Path) -> None:
    """None disturbs another, and nothing is left over."""
    await asyncio.gather(*(store.put(pieces(b"x" * 1000, b"y"), 2000) for _ in range(20)))
    assert b"x" * 1000 + b"y" == await read(store, b"x" * 1000 + b"y")
    assert [] == left_in(tmp_path)


async def test_what_is_deleted_is_gone(store: ArtifactStore) -> None:
    """Twice is as once; what was just put stays, since somebody is about to name it."""
    await store.put(pieces(b"one"), 10)
    assert not await store.delete(digest(b"one"), unless_put_since=now() - SOON)
    assert b"one" == await read(store, b"one")
    assert await store.delete(digest(b"one"), unless_put_since=now() + SOON)
    with pytest.raises(NotFound):
        await read(store, b"one")
    assert await store.delete(digest(b"one"), unless_put_since=now() - SOON)


async def test_only_digests_lead_anywhere(store: ArtifactStore) -> None:
    """Not a path."""
    for name in ("..", "../new", "a" * 63, "A" * 64, ""):
        with pytest.raises(NotFound):
            await anext(store.read(name))


async def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    """As an outage, whatever the system calls it."""
    (tmp_path / "file").write_text("x")
    store = store_at(None, tmp_path / "file" / "artifacts")
    with pytest.raises(StorageUnavailable):
        await store.put(pieces(b"one"), 10)


async def test_a_bucket_that_is_not_there_is_told(
    bucket_server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without what it said: that may hold more than is to be shown."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", bucket_server)
    monkeypatch.setenv("AWS_ALLOW_HTTP", "true")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    store = store_at("s3://absent/here", tmp_path)
    with pytest.raises(StorageUnavailable) as caught:
        await store.put(pieces(b"one"), 10)
    assert "absent" not in caught.value.message
