"""Looking from outside at what a server counts, and at how it closes a socket."""

import asyncio
import re
from contextlib import suppress
from typing import Any, Final

import httpx
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from tests.e2e.following import PROTOCOL
from tests.e2e.server import Server

PATIENCE_S: Final = 60
GAUGES: Final = ("connections", "operations", "subscribers")


async def metrics(server: Server) -> dict[str, float]:
    """Each sample by its name and labels, without `workbench_`."""
    async with httpx.AsyncClient(base_url=server.url, timeout=PATIENCE_S) as http:
        text = (await http.get("/metrics")).text
    found = re.findall(r"^workbench_(\S+) ([\d.e+-]+)$", text, re.MULTILINE)
    return {name: float(value) for name, value in found}


async def reached(server: Server, bound: str) -> float:
    return (await metrics(server)).get(f'bounds_reached_total{{bound="{bound}"}}', 0.0)


async def quiet(server: Server) -> None:
    """Return once nothing is left of anybody."""
    async with asyncio.timeout(PATIENCE_S):
        while any(
            value for name, value in (await metrics(server)).items() if name.startswith(GAUGES)
        ):
            await asyncio.sleep(0.05)


def unsigned(server: Server) -> Any:
    address = f"ws://127.0.0.1:{server.port}/graphql"
    return connect(address, subprotocols=[PROTOCOL], max_size=None, open_timeout=PATIENCE_S)


async def closing(connection: ClientConnection) -> tuple[int | None, str | None]:
    """The code with which the server closes it, and the reason."""
    with suppress(ConnectionClosed):
        while True:
            await connection.recv()
    return connection.close_code, connection.close_reason
