"""Stores for the content of artifacts: a folder or an S3-compatible bucket."""

from importlib import import_module
from pathlib import Path

from domain.artifact_repositories import ArtifactStore


def store_at(url: str | None, folder: Path) -> ArtifactStore:
    """Open the bucket at `url`, or the folder where `url` is None.

    Incoming files are staged in the folder in either case. Raises ValueError where the URL names
    no bucket.
    """
    # The client library for buckets is slow to import, so only where there is a bucket.
    module, place = ("folder", ()) if url is None else ("bucket", (url,))
    make = import_module(f"adapters.artifacts.{module}").open_store
    made: ArtifactStore = make(*place, folder)
    return made
