"""Around every request: its id, and a bound on its body."""

import httpx
import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from serving.middleware import BodyLimit, RequestId

pytestmark = pytest.mark.anyio

BYTES_MAX = 1000


async def echo(request: Request) -> Response:
    """The length of the body, and the request's id as the application sees it."""
    body = await request.body()
    return PlainTextResponse(f"{len(body)} {request.scope['state']['request_id']}")


@pytest.fixture
def client() -> httpx.AsyncClient:
    """A client of an application that has both."""
    app = Starlette(
        routes=[Route("/", echo, methods=["POST"])],
        middleware=[Middleware(RequestId), Middleware(BodyLimit, bytes_max=BYTES_MAX)],
    )
    return httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://test")


async def test_client_and_application_share_an_id(client: httpx.AsyncClient) -> None:
    """The header of the answer names what the log calls this request; the next one differs."""
    first, second = [await client.post("/", content=b"x") for _ in range(2)]
    assert first.headers["x-request-id"] == first.text.split()[1]
    assert first.headers["x-request-id"] != second.headers["x-request-id"]


async def test_a_body_of_the_largest_size_is_taken(client: httpx.AsyncClient) -> None:
    """The bound itself is allowed."""
    assert "1000" == (await client.post("/", content=b"x" * BYTES_MAX)).text.split()[0]


async def test_a_body_that_is_told_to_be_larger_is_not_waited_for(
    client: httpx.AsyncClient,
) -> None:
    """Its length alone is enough to refuse it: not a byte of it has to come."""
    told = {"Content-Length": str(BYTES_MAX + 1)}
    assert 413 == (await client.post("/", content=b"", headers=told)).status_code


async def test_a_larger_body_is_refused_with_a_code(client: httpx.AsyncClient) -> None:
    """Also when its length was not told beforehand."""

    async def endless() -> object:
        for _ in range(100):
            yield b"x" * 100

    for body in (b"x" * (BYTES_MAX + 1), endless()):
        answer = await client.post("/", content=body)  # type: ignore[arg-type]
        assert 413 == answer.status_code
        assert "REQUEST_TOO_LARGE" == answer.json()["errors"][0]["extensions"]["code"]
