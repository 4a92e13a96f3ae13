"""Where the content of artifacts is kept."""

from importlib import import_module
from pathlib import Path

from domain.artifact_repositories import ArtifactStore


def store_at(url: str | None, folder: Path) -> ArtifactStore:
    """In a bucket by its URL, or in the folder where there is none. Files come in by the folder in
    either case. Raises ValueError for a URL that names no bucket."""
    # What speaks to buckets is read only where there is one.
    module, place = ("folder", ()) if url is None else ("bucket", (url,))
    make = import_module(f"adapters.artifacts.{module}").open_store
    made: ArtifactStore = make(*place, folder)
    return made
