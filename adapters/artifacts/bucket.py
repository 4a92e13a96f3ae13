"""Content in a bucket of S3 or a compatible store. Credentials come from AWS_ variables or from the
machine's role."""

import os
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

import obstore
from obstore.exceptions import BaseError, UnknownConfigurationKeyError
from obstore.store import S3Store

from adapters.artifacts.folder import new_folder
from adapters.artifacts.staging import READ_BYTES, in_thread, place_of, staged
from domain.errors import NotFound, StorageUnavailable
from domain.models.artifacts import Content

SCHEME: Final = "s3://"
TIMEOUT: Final = timedelta(seconds=30)
CONNECT_TIMEOUT: Final = timedelta(seconds=5)
RETRIES_MAX: Final = 3


def open_store(url: str, folder: Path) -> "BucketStore":
    """Open the bucket that an `s3://bucket/folder` URL names. Raises ValueError."""
    if not url.startswith(SCHEME) or not url.removeprefix(SCHEME).split("/")[0]:
        raise ValueError(f"wanted is a URL like {SCHEME}bucket/folder")
    try:
        store = S3Store.from_url(
            url,
            client_options={
                "timeout": TIMEOUT,
                "connect_timeout": CONNECT_TIMEOUT,
                # What is given here replaces what the library would read.
                "allow_http": os.environ.get("AWS_ALLOW_HTTP", "").lower() == "true",
            },
            retry_config={"max_retries": RETRIES_MAX, "retry_timeout": TIMEOUT},
        )
    except (BaseError, UnknownConfigurationKeyError) as error:
        raise ValueError("the bucket cannot be opened") from error
    return BucketStore(store, folder)


class BucketStore:
    """See domain.artifact_repositories.ArtifactStore.

    Incoming content is staged in the folder until its digest, and with it its name, is known.
    """

    def __init__(self, store: S3Store, folder: Path) -> None:
        self._store = store
        self._folder = folder

    async def put(self, pieces: AsyncIterator[bytes], bytes_max: int) -> Content:
        new = await in_thread(new_folder, self._folder)
        async with staged(new, pieces, bytes_max) as file:
            try:
                with _told():
                    await obstore.put_async(self._store, place_of(file.content.sha256), file.path)
            except NotFound:
                raise StorageUnavailable("There is no such bucket of artifacts.") from None
            return file.content

    async def read(self, sha256: str) -> AsyncGenerator[bytes, None]:
        with _told():
            found = await obstore.get_async(self._store, place_of(sha256))
            async for piece in found.stream(min_chunk_size=READ_BYTES):
                yield bytes(piece)

    async def delete(self, sha256: str, *, unless_put_since: datetime) -> bool:
        """Look at the time of the last put, then delete.

        The two are separate requests, so a put in between is lost. It would have to be of content
        that nobody has put since `unless_put_since`.
        """
        try:
            with _told():
                told = await obstore.head_async(self._store, place_of(sha256))
                if told["last_modified"] >= unless_put_since:
                    return False
                await obstore.delete_async(self._store, place_of(sha256))
        except NotFound:
            return True
        return True


@contextmanager
def _told() -> Iterator[None]:
    """Convert errors of the bucket to ours, without their texts, which may hold secrets."""
    try:
        yield
    except FileNotFoundError:
        raise NotFound from None
    except (BaseError, OSError) as error:
        raise StorageUnavailable("The bucket of artifacts cannot be used now.") from error
