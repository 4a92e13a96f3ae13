"""What an agent has made, as files and as outputs."""

from base64 import b64decode
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import orjson

from adapters.a2a.tasks import Artifact, Part, Task
from domain.models.outputs import NO_OUTPUTS, Outputs
from domain.models.providers import ProviderArtifact
from domain.outputs import outputs_of


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
            content="".join(part.text or "" for part in texts).encode("utf-8", "replace"),
        )
    for index, part in enumerate(artifact.parts):
        if not _is_plain(part):
            yield ProviderArtifact(
                name=part.name or name,
                reference=f"{artifact.id}/{index}",
                media_type=part.media_type,
                size_bytes=part.size_bytes,
                content=_content(part),
                source_url=_url(part),
            )


def _content(part: Part) -> bytes | None:
    """What came along; None for what is at another place, or is no content at all."""
    match part.told:
        case {"text": str(text)}:
            return text.encode("utf-8", "replace")
        case {"data": told}:
            return orjson.dumps(told)
        case {"raw": str(raw)}:
            with suppress(ValueError):
                return b64decode(raw, validate=True)
        case _:
            pass
    return None


def _url(part: Part) -> str | None:
    """An agent may name any place: it is told, and not called."""
    url = part.told.get("url")
    return url if isinstance(url, str) and url.startswith(("https://", "http://")) else None


def outputs_in(task: Task) -> Outputs:
    """The objects among its data parts, as one; of two values with one name the later counts."""
    found: dict[str, Any] = {}
    for part in (part for artifact in task.artifacts for part in artifact.parts):
        data = part.told.get("data")
        found |= data if isinstance(data, dict) else {}
    return outputs_of(found) if found else NO_OUTPUTS


def _is_plain(part: Part) -> bool:
    return part.text is not None and part.name is None
