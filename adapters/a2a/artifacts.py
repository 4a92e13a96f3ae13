"""What an agent has made, as files."""

from collections.abc import Iterator

from adapters.a2a.tasks import Artifact, Part
from domain.models.providers import ProviderArtifact


def files_of(artifact: Artifact) -> Iterator[ProviderArtifact]:
    """Text without a name of its own is one file, in however many parts it came; every other part
    is a file."""
    name = artifact.name or artifact.id
    texts = [part for part in artifact.parts if _is_plain(part)]
    if texts:
        yield ProviderArtifact(
            name=name,
            reference=artifact.id,
            media_type=texts[0].media_type or "text/plain",
            size_bytes=sum(part.size_bytes or 0 for part in texts),
        )
    for index, part in enumerate(artifact.parts):
        if not _is_plain(part):
            yield ProviderArtifact(
                name=part.name or name,
                reference=f"{artifact.id}/{index}",
                media_type=part.media_type,
                size_bytes=part.size_bytes,
            )


def _is_plain(part: Part) -> bool:
    return part.text is not None and part.name is None
