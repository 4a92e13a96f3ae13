"""What the engine makes of requests and answers, against a server that answers as a test wants."""

import base64
import hashlib
import hmac
import json
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest

from adapters.http.outbound import Outbound
from adapters.identifiers import Uuid7Maker
from adapters.rest.adapter import RestAdapter, read_ref, write_ref
from adapters.rest.answers import Reply
from adapters.rest.loading import parse
from adapters.rest.manifest import Manifest
from adapters.rest.operations import Operations
from adapters.rest.provider import RestProvider
from domain.errors import (
    CapabilityMissing,
    CredentialsRejected,
    InvalidInput,
    ProviderRefused,
    ProviderUnavailable,
)
from domain.ids import RunId
from domain.models.providers import ProviderSignal, RunHandle
from tests.adapters.rest.connecting import at, handle_of, opened, order, shipped
from tests.adapters.rest.test_loading import SMALL
from tests.faults import Cut, FaultyProxy, Silence, reply

pytestmark = pytest.mark.anyio

KEY = "correct-horse-battery-staple"


@pytest.fixture
async def server(anyio_backend: str) -> AsyncIterator[FaultyProxy]:
    async with FaultyProxy().running() as running:
        yield running


REJECTED = shipped("slurm").auth.rejected
TAKEN = """
[[ops.start.treat]]
status = 409
outcome = "ALREADY_THERE"

[ops.find]
path = "/runs/{{run.id}}"
extract = { run = "id" }

[lookup]
op = "find"
"""

Opens = Callable[..., RestAdapter]


@pytest.fixture
def opens(server: FaultyProxy, outbound: Outbound) -> Opens:
    def small(**changes: Any) -> RestAdapter:
        manifest = at(parse(SMALL, "small.toml"), server.url)
        return opened(manifest.model_copy(update=changes), outbound, secrets={"token": KEY})

    return small


def answers(server: FaultyProxy, status: int, document: object, *headers: str) -> None:
    server.breaks(reply(status, json.dumps(document).encode(), *headers))


async def test_a_request_is_what_the_manifest_says(opens: Opens, server: FaultyProxy) -> None:
    """With the secret in its header, and nowhere else."""
    answers(server, 201, {"id": "r/1 x"})
    asked = order("echo", "a b")
    dispatched = await opens().dispatch(asked)
    assert dispatched is not None
    assert ("r%2F1%20x", None) == (dispatched.provider_run_id, dispatched.external_url)
    head = server.heads[-1].decode()
    assert head.startswith("POST /runs HTTP/1.1")
    assert f"\r\nAuthorization: Bearer {KEY}\r\n" in head
    answers(server, 200, {"state": "on"})
    await opens().poll_status(handle_of(asked.run_id, dispatched))
    assert server.heads[-1].startswith(b"GET /runs/r%2F1%20x HTTP/1.1")


@pytest.mark.parametrize(
    ("status", "document", "error", "told"),
    [
        (400, {"error": {"message": f"bad {KEY}"}}, ProviderRefused, "bad ****"),
        (302, {}, ProviderRefused, "elsewhere"),
        (503, {"detail": "busy"}, ProviderUnavailable, "busy"),
        (200, {"name": "no id"}, ProviderUnavailable, "no run"),
    ],
)
async def test_errors_are_told_without_the_secret(
    opens: Opens,
    server: FaultyProxy,
    *,
    status: int,
    document: object,
    error: type[ProviderRefused | ProviderUnavailable],
    told: str,
) -> None:
    """A platform may repeat what it was sent."""
    answers(server, status, document)
    with pytest.raises(error) as caught:
        await opens().dispatch(order("true"))
    assert told in caught.value.message
    assert KEY not in caught.value.message


async def test_an_answer_without_sense_is_an_outage(opens: Opens, server: FaultyProxy) -> None:
    """The request may have been carried out, and the run is not told of as ended."""
    for body in (b"<html>", b"", b"[" * 100_000, b"\xff\xfe", b"null"):
        server.breaks(reply(200, body))
        with pytest.raises(ProviderUnavailable) as caught:
            await opens().dispatch(order("true"))
        assert not caught.value.is_unsent
    for body in (b"null", b"[]", b'"on"', b"{}"):
        server.breaks(reply(200, body))
        status = await opens().poll_status(RunHandle(run_id=order("x").run_id, provider_run_id="1"))
        assert ProviderSignal.UNKNOWN is status.signal


async def test_time_runs_out(opens: Opens, server: FaultyProxy) -> None:
    """The manifest says when."""
    server.breaks(Silence())
    with pytest.raises(ProviderUnavailable, match="in time"):
        await opens(timeout_s=0.2).dispatch(order("true"))


async def test_a_broken_answer_is_no_answer(
    opens: Opens, server: FaultyProxy, outbound: Outbound
) -> None:
    """Wherever it broke off."""
    async with FaultyProxy(upstream=("127.0.0.1", server.port)).running() as between:
        answers(server, 201, {"id": "r1"})
        adapter = opened(at(parse(SMALL, "s"), between.url), outbound, secrets={"token": KEY})
        await adapter.dispatch(order("true"))
        for after in range(between.answered):
            between.breaks(Cut(after))
            with pytest.raises(ProviderUnavailable) as caught:
                await adapter.dispatch(order("true"))
            assert not caught.value.is_unsent


async def test_a_spent_limit_is_waited_out(opens: Opens, server: FaultyProxy) -> None:
    """Also where the platform says it with 403, until the time that its headers tell."""
    limited = shipped("github_tasks").rate_limit
    reset = int(datetime.now(UTC).timestamp()) + 100
    headers = ("x-ratelimit-remaining: 0", f"x-ratelimit-reset: {reset}")
    answers(server, 403, {"message": "API rate limit exceeded"}, *headers)
    with pytest.raises(ProviderUnavailable) as caught:
        await opens(rate_limit=limited).dispatch(order("true"))
    assert caught.value.is_unsent
    assert 0 < (caught.value.retry_after_s or 0) <= 100
    answers(server, 403, {"message": "No"}, "x-ratelimit-remaining: 7")
    with pytest.raises(ProviderRefused):
        await opens(rate_limit=limited).dispatch(order("true"))


@pytest.mark.parametrize("started", [(201, {"id": "r1"}), (409, {"error": "there"})])
@pytest.mark.parametrize("status", [401, 429, 500])
async def test_what_comes_after_the_start_does_not_undo_it(
    server: FaultyProxy,
    outbound: Outbound,
    monkeypatch: pytest.MonkeyPatch,
    started: tuple[int, object],
    status: int,
) -> None:
    """The platform has it, whatever it says to the next question: nothing is sent elsewhere."""
    text = SMALL.replace('steps = ["start"]', 'steps = ["start", "get"]') + TAKEN
    adapter = opened(at(parse(text, "s"), server.url), outbound, secrets={"token": KEY})
    call = Operations.call

    async def called(operations: Operations, name: str, *known: Any) -> Reply:
        reply = await call(operations, name, *known)
        answers(server, status, {"message": "Not now"}, "Retry-After: 7")
        return reply

    monkeypatch.setattr(Operations, "call", called)
    answers(server, *started)
    with pytest.raises(ProviderUnavailable, match="Not now") as caught:
        await adapter.dispatch(order("true"))
    assert not caught.value.is_unsent


async def test_a_webhook_is_signed(server: FaultyProxy, outbound: Outbound) -> None:
    """The signature is that of the bytes that were sent, and the run is over once it was taken."""
    server.breaks(reply(204, b""))
    config = {"url": server.url, "path": "hook", "allowPrivate": True}
    adapter = opened(shipped("webhook"), outbound, config=config, secrets={"signing_key": KEY})
    asked = order("make", "it")
    dispatched = await adapter.dispatch(asked)
    head = server.heads[-1].decode()
    body = json.dumps(
        {"run": asked.run_id, "command": ["make", "it"], "timeoutMs": asked.timeout_ms},
        separators=(",", ":"),
    )
    expected = hmac.new(KEY.encode(), body.encode(), hashlib.sha256).hexdigest()
    assert f"\r\nX-Workbench-Signature-256: sha256={expected}\r\n" in head
    assert f"\r\nIdempotency-Key: {asked.run_id}\r\n" in head
    handle = handle_of(asked.run_id, dispatched)
    assert ProviderSignal.SUCCEEDED is (await adapter.poll_status(handle)).signal
    assert await adapter.lookup(asked.run_id) is None


async def test_what_is_not_set_has_its_default(server: FaultyProxy, outbound: Outbound) -> None:
    """As the schema of the settings says, and as long as nobody has set it."""
    server.breaks(reply(204, b""))
    given = {"url": server.url, "allowPrivate": True}
    for config, path in ((given, "workbench"), (given | {"path": "hook"}, "hook")):
        await opened(shipped("webhook"), outbound, config=config).dispatch(order("true"))
        assert server.heads[-1].startswith(f"POST /{path} ".encode())


def test_an_id_of_several_names_comes_apart_again() -> None:
    """Whatever is in them."""
    parts = ["bc-1", "a/b%2F c", "ü"]
    assert dict(zip("abc", parts, strict=True)) == read_ref(write_ref(parts), ["a", "b", "c"])
    with pytest.raises(ProviderRefused):
        read_ref("one", ["a", "b"])


@pytest.mark.parametrize(
    "url", ["ftp://x", "nothing", "http://", "https://u:p@x.example", "https://x/?a=b", "http://x"]
)
def test_a_url_has_to_be_one(url: str, outbound: Outbound) -> None:
    """Without TLS only where private addresses are allowed."""
    provider = RestProvider(manifest=shipped("ray"), outbound=outbound)
    with pytest.raises(InvalidInput) as caught:
        provider.check_config({"url": url})
    assert ("url",) == caught.value.path
    provider.check_config({"url": "https://ray.example.com"})
    provider.check_config({"url": "http://127.0.0.1:8265", "allowPrivate": True})


async def test_private_addresses_are_for_those_who_say_so(
    server: FaultyProxy, outbound: Outbound
) -> None:
    """Whatever the URL."""
    for url in (server.url, server.url.replace("http://", "https://")):
        adapter = opened(shipped("ray"), outbound, config={"url": url})
        with pytest.raises(ProviderRefused, match="not called"):
            await adapter.dispatch(order("true"))
    assert [] == server.heads


async def test_what_may_be_forgotten_is_not_said_to_be_absent(
    opens: Opens, server: FaultyProxy
) -> None:
    """A run that is too old to be remembered, or beyond the page that is shown."""
    young = RunId(Uuid7Maker()())
    old = RunId(f"{1_700_000_000_000:012x}" + young[12:])
    lookup = shipped("slurm").lookup
    assert lookup is not None
    op = lookup.model_copy(update={"op": "get", "remembers_s": 240, "page": 3, "memory": None})
    get = {**parse(SMALL, "s").ops, "get": shipped("slurm").ops["all"]}
    adapter = opens(lookup=op, ops=get)
    answers(server, 200, {"jobs": [{"name": "other", "job_id": 1}]})
    assert await adapter.lookup(young) is None
    with pytest.raises(CapabilityMissing, match="forgets"):
        await adapter.lookup(old)
    answers(server, 200, {"jobs": [{"name": "other", "job_id": 1}] * 3})
    with pytest.raises(CapabilityMissing, match="newest"):
        await adapter.lookup(young)


async def test_who_was_started_again_may_have_had_the_run(
    opens: Opens, server: FaultyProxy
) -> None:
    """A run that is older than the platform's memory, by the platform's own clock, is not sent
    again; one that is younger may be, and while the platform does not tell nobody knows."""
    known = shipped("slurm").lookup
    assert known is not None
    forgetful = known.model_copy(update={"remembers_s": None, "ref": {"run": "{{item.job_id}}"}})
    adapter = opens(lookup=forgetful, ops={**parse(SMALL, "s").ops, **shipped("slurm").ops})
    made_at = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
    run = RunId(f"{int(made_at.timestamp() * 1000):012x}" + Uuid7Maker()()[12:])
    hour = timedelta(hours=1)

    async def lookup(started_at: datetime | None, behind: timedelta = timedelta(0)) -> object:
        since = 0 if started_at is None else int((started_at - behind).timestamp())
        date = format_datetime(datetime.now(UTC) - behind, usegmt=True)
        told = {"jobs": [], "statistics": {"req_time_start": since}}
        answers(server, 200, told, f"Date: {date}")
        return await adapter.lookup(run)

    for behind in (timedelta(0), 9 * hour):
        assert await lookup(made_at - hour, behind) is None
        with pytest.raises(CapabilityMissing, match="started again"):
            await lookup(made_at + hour, behind)
    with pytest.raises(CapabilityMissing, match="started again"):
        await lookup(made_at)
    with pytest.raises(ProviderUnavailable, match="since when"):
        await lookup(None)


async def test_another_run_under_the_same_id_is_none_of_ours(
    opens: Opens, server: FaultyProxy
) -> None:
    """A platform that has begun to count anew: its end is not that of our run, and it is not
    canceled."""
    manifest = shipped("slurm")
    asked = order("true")
    handle = RunHandle(run_id=asked.run_id, provider_run_id="7")
    job = {"job_state": "COMPLETED", "name": f"wb-{asked.run_id}"}
    parts = ("ops", "status", "cancel", "dispatch")
    adapter = opens(**{name: getattr(manifest, name) for name in parts})
    answers(server, 200, {"jobs": [job]})
    assert ProviderSignal.SUCCEEDED is (await adapter.poll_status(handle)).signal
    answers(server, 200, {"jobs": [{**job, "job_state": "RUNNING", "name": "of somebody else"}]})
    status = await adapter.poll_status(handle)
    assert ProviderSignal.VANISHED is status.signal
    assert "another run" in (status.message or "")
    await adapter.cancel(handle, None)
    assert not any(head.startswith(b"DELETE") for head in server.heads)


async def test_a_platform_may_say_in_words_that_a_secret_is_not_taken(
    opens: Opens, server: FaultyProxy
) -> None:
    """Whatever the status: it is no outage, and asking again would not help."""
    adapter = opens(auth=parse(SMALL, "s").auth.model_copy(update={"rejected": REJECTED}))
    answers(server, 500, {"error": f"Protocol authentication error of {KEY}"})
    with pytest.raises(CredentialsRejected) as caught:
        await adapter.dispatch(order("true"))
    assert KEY not in caught.value.message
    answers(server, 500, {"error": "Unspecified error"})
    with pytest.raises(ProviderUnavailable):
        await adapter.dispatch(order("true"))


def test_basic_authentication_has_no_password(outbound: Outbound) -> None:
    """The key is the user."""
    manifest: Manifest = shipped("cursor")
    target = opened(manifest, outbound, secrets={"api_key": KEY}).operations._target()
    expected = "Basic " + base64.b64encode(f"{KEY}:".encode()).decode()
    assert {"Authorization": expected} == target.credentials
    assert ("api.cursor.com",) == target.hosts
