"""Files that a server keeps, brought here whole."""

import hashlib
from pathlib import Path, PurePosixPath
from typing import Final
from urllib.parse import urljoin

import httpx

from cli.client.connection import ANSWER_S, Connection, Fields
from cli.client.errors import ClientError, Refused, Unreachable

_UNFIT: Final = frozenset({"", ".", ".."})


def place_of(artifact: Fields) -> PurePosixPath:
    """Below the folder of its step. Raises Refused for a name that would lead elsewhere."""
    name, step = str(artifact["name"]), artifact["stepRun"]
    parts = name.split("/")
    if _UNFIT.intersection(parts) or "\\" in name or not name.isprintable():
        raise Refused("INVALID_INPUT", f"This is no name for a file: {name!r}.")
    return PurePosixPath(step["key"] if step else "run", *parts)


async def bring(connection: Connection, artifact: Fields, path: Path) -> None:
    """Its content, if it is the one whose digest is known; else nothing is left here.

    Raises Refused, Unreachable, ClientError for what cannot be written.
    """
    unfinished = path.with_name(f"{path.name}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            digest = await _written(connection, artifact["url"], unfinished)
            if digest != artifact["sha256"]:
                raise Refused("INTERNAL", f"{path.name} is not what its digest says.")
            unfinished.replace(path)
        finally:
            unfinished.unlink(missing_ok=True)
    except OSError as error:
        raise ClientError(str(error)) from None
    except httpx.HTTPError as error:
        raise Unreachable(f"{connection.url} breaks off {path.name}.") from error


async def _written(connection: Connection, url: str, path: Path) -> str:
    """The SHA-256 of what has come, in hex. The link is all that is asked for: no token goes."""
    digest = hashlib.sha256()
    async with (
        httpx.AsyncClient(timeout=ANSWER_S, trust_env=not connection.is_local) as client,
        client.stream("GET", urljoin(f"{connection.url}/", url)) as answer,
    ):
        if answer.status_code != httpx.codes.OK:
            raise Refused("NOT_FOUND", f"{path.stem} is not given (HTTP {answer.status_code}).")
        with path.open("wb") as file:
            async for part in answer.aiter_bytes():
                digest.update(part)
                file.write(part)
    return digest.hexdigest()
