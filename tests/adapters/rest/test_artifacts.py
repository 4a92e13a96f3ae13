"""Fetching what a run has left with its platform, from where the manifest says."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from adapters.http.outbound import Outbound
from adapters.rest.adapter import RestAdapter
from adapters.rest.loading import parse
from domain.errors import CapabilityMissing, ProviderRefused, WorkbenchError
from domain.models.providers import RunHandle
from tests.adapters.rest.connecting import new_run, opened
from tests.adapters.rest.test_loading import SMALL
from tests.platforms.serving import served

pytestmark = pytest.mark.anyio

FILE = b"\0one\xff" * 50_000
LISTED = """
[ops.files]
path = "/runs/{{ref.run}}/files"

[ops.file]
path = "/runs/{{ref.run}}/{{ref.artifact}}"

[artifacts]
op = "files"
items = "files"
name = "name"
reference = "name"
"""
CONTENT = 'content = "file"\n'
LINK = 'link = "place.url"\n'


class Platform:
    """Gives out one file, or the URL that it was told to; remembers who asked with a token."""

    def __init__(self, place: str | None = None) -> None:
        self.place = place
        self.tokens: list[str | None] = []

    @property
    def app(self) -> Starlette:
        routes = [
            Route("/runs/{run}/files", self.files),
            Route("/runs/{run}/{name}", self.file),
            Route("/kept", self.kept),
        ]
        return Starlette(routes=routes)

    async def files(self, request: Request) -> Response:
        return JSONResponse({"files": [{"name": "out.bin"}, {"size": 1}]})

    async def file(self, request: Request) -> Response:
        assert {"run": "7", "name": "out.bin"} == request.path_params
        if self.place is None:
            return await self.kept(request)
        return JSONResponse({"place": {"url": self.place}})

    async def kept(self, request: Request) -> Response:
        self.tokens.append(request.headers.get("authorization"))
        return Response(FILE)


@asynccontextmanager
async def adapter(
    platform: Platform, outbound: Outbound, more: str
) -> AsyncIterator[tuple[RestAdapter, str]]:
    async with served(platform.app) as url:
        config = {"url": url, "allowPrivate": True}
        manifest = parse(SMALL + LISTED + more, "small.toml")
        yield opened(manifest, outbound, config=config, secrets={"token": "t" * 20}), url


async def fetched(opened_at: RestAdapter) -> bytes:
    handle = RunHandle(run_id=new_run(), provider_run_id="7")
    (one,) = await opened_at.fetch_artifacts(handle)
    return b"".join([piece async for piece in opened_at.read_artifact(handle, one)])


async def test_a_file_is_fetched_as_the_manifest_says(outbound: Outbound) -> None:
    """Byte for byte, and signed in where the platform itself gives it out."""
    platform = Platform()
    async with adapter(platform, outbound, CONTENT) as (ours, _):
        assert FILE == await fetched(ours)
    assert [f"Bearer {'t' * 20}"] == platform.tokens


async def test_without_that_it_stays_where_it_is(outbound: Outbound) -> None:
    """Its name is told all the same."""
    async with adapter(Platform(), outbound, CONTENT) as (ours, _):
        assert ours.manifest.artifacts is not None
        silent = ours.manifest.artifacts.model_copy(update={"content": None})
        manifest = ours.manifest.model_copy(update={"artifacts": silent})
        with pytest.raises(CapabilityMissing):
            await fetched(replace(ours, manifest=manifest))


async def test_a_link_is_followed_to_allowed_hosts_only(outbound: Outbound) -> None:
    """Whatever the platform says: it may not send the server anywhere."""
    platform = Platform()
    async with adapter(platform, outbound, CONTENT + LINK) as (ours, url):
        platform.place = f"{url}/kept"
        assert FILE == await fetched(ours)
        for place in (
            "http://169.254.169.254/latest",
            "https://example.com/x",
            "file:///etc/passwd",
            "",
            "/kept",
        ):
            platform.place = place
            with pytest.raises(WorkbenchError) as refused:
                await fetched(ours)
            assert isinstance(refused.value, ProviderRefused), place
