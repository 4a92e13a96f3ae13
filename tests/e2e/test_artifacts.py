"""From the globs of a launch to the bytes of a download."""

import hashlib

import httpx
import pytest

from tests.e2e.client import Client
from tests.e2e.server import Server

pytestmark = [pytest.mark.anyio, pytest.mark.xdist_group("e2e-artifacts")]

QUERY = """query($id: ID!) { node(id: $id) { ... on Run { outputs artifacts {
  nodes { name size sha256 mediaType url expiresAt } } } } }"""
SCRIPT = """
mkdir out; printf '<script>' > 'out/ä "x".html'; : > out/empty
echo version=1 > "$WORKBENCH_OUTPUT"
"""


async def test_what_a_run_leaves_can_be_downloaded(client: Client, server: Server) -> None:
    """By whoever has the link, without a token; as a file to save, and never as a page."""
    run = await client.launch("sh", "-c", SCRIPT, artifacts=["out/*"])
    await client.ended(run["id"])
    node = (await client.ask(QUERY, id=run["id"]))["node"]
    empty, page = node["artifacts"]["nodes"]
    assert ({"version": "1"}, "out/empty", 0) == (node["outputs"], empty["name"], empty["size"])
    assert hashlib.sha256(b"<script>").hexdigest() == page["sha256"]
    async with httpx.AsyncClient(base_url=server.url) as anybody:
        got = await anybody.get(page["url"])
        assert (200, b"<script>", "text/html") == (
            got.status_code,
            got.content,
            got.headers["content-type"],
        )
        assert got.headers["content-disposition"].startswith("attachment; filename*=utf-8''%C3%A4")
        assert "sandbox" in got.headers["content-security-policy"]
        assert ("nosniff", "no-store") == (
            got.headers["x-content-type-options"],
            got.headers["cache-control"],
        )
        assert b"" == (await anybody.get(empty["url"])).content
        for path in ("/artifacts/x", page["url"][:-1], page["url"] + "A"):
            assert 404 == (await anybody.get(path)).status_code
