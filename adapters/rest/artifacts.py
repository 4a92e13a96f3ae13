"""The files that a run has left with its platform: found in its list, and fetched from there."""

from collections.abc import AsyncGenerator, Mapping
from typing import Any

from adapters.rest.manifest import Artifacts
from adapters.rest.operations import Operations
from adapters.rest.paths import find
from domain.errors import CapabilityMissing, ProviderRefused
from domain.models.providers import ProviderArtifact


def listed(artifacts: Artifacts, item: object) -> ProviderArtifact | None:
    """None for what has no name to be found by."""
    name, reference = find(item, artifacts.name), find(item, artifacts.reference)
    if not isinstance(name, str | int) or not isinstance(reference, str | int):
        return None
    media_type = find(item, artifacts.media_type) if artifacts.media_type else None
    size = find(item, artifacts.size_bytes) if artifacts.size_bytes else None
    return ProviderArtifact(
        name=str(name),
        reference=str(reference),
        media_type=media_type if isinstance(media_type, str) else None,
        size_bytes=size if isinstance(size, int) and not isinstance(size, bool) else None,
    )


async def content(
    artifacts: Artifacts | None,
    operations: Operations,
    run: Mapping[str, Any],
    ref: Mapping[str, Any],
) -> AsyncGenerator[bytes, None]:
    """What is in one, whose reference is in `ref`. Raises CapabilityMissing where the manifest does
    not say how to get it, ProviderRefused and ProviderUnavailable."""
    if artifacts is None or artifacts.content is None:
        raise CapabilityMissing("artifacts")
    if artifacts.link is None:
        download = operations.download(artifacts.content, run, ref)
    else:
        reply = await operations.call(artifacts.content, run, ref)
        place = find(reply.document, artifacts.link)
        if not isinstance(place, str) or not place.startswith(("https://", "http://")):
            raise ProviderRefused("The provider does not have it any more.")
        download = operations.download_from(place)
    async with download as pieces:
        async for piece in pieces:
            yield piece
