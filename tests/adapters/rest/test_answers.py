"""What answers mean that are neither a plain success nor a plain refusal."""

from collections.abc import AsyncIterator

import pytest

from adapters.http.outbound import Outbound
from adapters.rest.loading import parse
from domain.errors import ProviderRefused, ProviderUnavailable
from domain.models.providers import RunHandle
from tests.adapters.rest.connecting import at, handle_of, opened, order
from tests.adapters.rest.test_engine import KEY, answers
from tests.adapters.rest.test_loading import SMALL
from tests.faults import FaultyProxy, reply

pytestmark = pytest.mark.anyio


@pytest.fixture
async def server(anyio_backend: str) -> AsyncIterator[FaultyProxy]:
    async with FaultyProxy().running() as running:
        yield running


@pytest.mark.parametrize(
    ("asked", "status", "document"),
    [
        ("ok = [201]", 202, {"detail": "maybe"}),
        ("ok = [201]", 299, {"detail": "maybe"}),
        ('error = "fault"', 200, {"id": "1", "fault": "maybe"}),
    ],
)
async def test_half_a_success_is_no_refusal(
    server: FaultyProxy, outbound: Outbound, asked: str, status: int, document: object
) -> None:
    """It may have been started: so it is looked for, and not taken for failed."""
    text = SMALL.replace('path = "/runs"', f'path = "/runs"\n{asked}', 1)
    answers(server, status, document)
    adapter = opened(at(parse(text, "s"), server.url), outbound, secrets={"token": KEY})
    with pytest.raises(ProviderUnavailable, match="maybe") as caught:
        await adapter.dispatch(order("true"))
    assert not caught.value.is_unsent


async def test_a_manifest_may_say_that_a_success_is_a_refusal(
    server: FaultyProxy, outbound: Outbound
) -> None:
    """Of a platform that says no by 200."""
    told = '\n[[ops.start.treat]]\nstatus = 200\ncontains = "denied"\noutcome = "REFUSED"\n'
    manifest = at(parse(SMALL + told, "s"), server.url)
    answers(server, 200, {"detail": "denied"})
    with pytest.raises(ProviderRefused, match="denied"):
        await opened(manifest, outbound, secrets={"token": KEY}).dispatch(order("true"))


async def test_an_error_in_what_is_only_read_is_a_refusal(
    server: FaultyProxy, outbound: Outbound
) -> None:
    """Nothing could come of asking."""
    text = SMALL.replace('path = "/runs/{{ref.run}}"', 'path = "/runs/{{ref.run}}"\nerror = "e"')
    adapter = opened(at(parse(text, "s"), server.url), outbound, secrets={"token": KEY})
    answers(server, 200, {"e": "no such run"})
    with pytest.raises(ProviderRefused, match="no such run"):
        await adapter.poll_status(RunHandle(run_id=order("x").run_id, provider_run_id="1"))


async def test_a_number_of_any_length_names_a_run(server: FaultyProxy, outbound: Outbound) -> None:
    """To its last digit."""
    adapter = opened(at(parse(SMALL, "s"), server.url), outbound, secrets={"token": KEY})
    name = "1234567890" * 3
    server.breaks(reply(201, b'{"id": ' + name.encode() + b"}"))
    asked = order("true")
    dispatched = await adapter.dispatch(asked)
    assert dispatched is not None
    assert name == dispatched.provider_run_id
    answers(server, 200, {"state": "on"})
    await adapter.poll_status(handle_of(asked.run_id, dispatched))
    assert server.heads[-1].startswith(f"GET /runs/{name} HTTP/1.1".encode())
