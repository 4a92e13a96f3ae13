"""Where a link to an artifact leads: its content, to be saved and never shown."""

import re
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Final
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import BaseRoute, Route

from domain.errors import NotFound, StorageUnavailable
from domain.models.artifacts import Artifact
from domain.services.downloads import Download, Downloads
from serving.refusals import refusal

PATH: Final = "/artifacts/{token}"
UNKNOWN: Final = "application/octet-stream"
_MEDIA_TYPE: Final = re.compile(r"[a-z]+/[a-z0-9.+-]+")


def routes(downloads: Downloads) -> list[BaseRoute]:
    async def download(request: Request) -> Response:
        try:
            found = await downloads.open(request.path_params["token"])
            # What cannot be read is told before anything is sent.
            first = await anext(found.pieces, b"")
        except NotFound:
            return refusal(404, "NOT_FOUND", "There is no such artifact, or the link is too old.")
        except StorageUnavailable:
            return refusal(503, "STORAGE_UNAVAILABLE", "The artifact cannot be read now.")
        return StreamingResponse(_whole(first, found), headers=_headers(found.artifact))

    return [Route(PATH, download, methods=["GET"])]


async def _whole(first: bytes, found: Download) -> AsyncGenerator[bytes, None]:
    async with aclosing(found.pieces) as pieces:
        yield first
        async for piece in pieces:
            yield piece


def _headers(artifact: Artifact) -> dict[str, str]:
    """It is somebody else's content under our name: no page may be made of it."""
    name = artifact.name.rpartition("/")[2]
    given = artifact.media_type or ""
    return {
        "Content-Type": given if _MEDIA_TYPE.fullmatch(given) else UNKNOWN,
        "Content-Length": str(artifact.size or 0),
        "Content-Disposition": f"attachment; filename*=utf-8''{quote(name, safe='')}",
        "Content-Security-Policy": "default-src 'none'; sandbox",
        "X-Content-Type-Options": "nosniff",
    }
