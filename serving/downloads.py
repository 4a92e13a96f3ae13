"""Where links lead: to artifacts and reports, to be saved and never shown."""

import re
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Final
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import BaseRoute, Route

from domain.errors import NotFound, QuotaExceeded, StorageUnavailable
from domain.services.downloads import Download, Downloads
from serving.refusals import refusal

PATHS: Final = ("/artifacts/{token}", "/reports/{token}")
UNKNOWN: Final = "application/octet-stream"
_MEDIA_TYPE: Final = re.compile(r"[a-z]+/[a-z0-9.+-]+")


def routes(downloads: Downloads) -> list[BaseRoute]:
    async def download(request: Request) -> Response:
        try:
            found = await downloads.open(request.path_params["token"])
            # What cannot be read is told before anything is sent.
            first = await anext(found.pieces, b"")
        except NotFound:
            return refusal(404, "NOT_FOUND", "There is no such file, or the link is not good now.")
        except QuotaExceeded as error:
            return refusal(413, "QUOTA_EXCEEDED", error.message)
        except StorageUnavailable:
            return refusal(503, "STORAGE_UNAVAILABLE", "The file cannot be read now.")
        return StreamingResponse(_whole(first, found), headers=_headers(found))

    return [Route(path, download, methods=["GET"]) for path in PATHS]


async def _whole(first: bytes, found: Download) -> AsyncGenerator[bytes, None]:
    async with aclosing(found.pieces) as pieces:
        yield first
        async for piece in pieces:
            yield piece


def _headers(found: Download) -> dict[str, str]:
    """It is somebody else's content under our name: no page may be made of it."""
    given = found.media_type or ""
    return {
        "Content-Type": given if _MEDIA_TYPE.fullmatch(given) else UNKNOWN,
        "Content-Length": str(found.size),
        "Content-Disposition": f"attachment; filename*=utf-8''{quote(found.name, safe='')}",
        "Content-Security-Policy": "default-src 'none'; sandbox",
        "X-Content-Type-Options": "nosniff",
    }
