"""Sign-in links without the command, which takes seconds to start; `test_door.py` tries that."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

from app import Workbench
from domain.ids import NodeId
from serving.settings import Settings
from tests.e2e.server import TOKEN, Server


def sign_in_link(server: Server) -> str:
    """A fresh one. Also where this thread runs a loop already, as Playwright does."""
    with ThreadPoolExecutor(max_workers=1) as thread:
        return thread.submit(asyncio.run, _made(server)).result()


async def _made(server: Server) -> str:
    settings = Settings(data_dir=server.records, port=server.port)
    workbench = Workbench(settings=settings, node=NodeId("link"), token=TOKEN)
    try:
        admin = await workbench.sign_in.bootstrap(TOKEN)
        code = await workbench.sign_in.make_link_code(admin)
    finally:
        await workbench.database.close()
    return f"{server.url}/sign-in?code={code}"
