"""What a client is told of the cost of its operations, and what becomes of too much."""

import httpx
import pytest

from domain.allowance import Allowance
from domain.services.allowances import Allowances
from schema import ids
from tests.schema.api import Api

pytestmark = pytest.mark.anyio

SMALL = "{ serverInfo { version } }"
COSTLY = """query($n: Int!) { projects(first: 100) { nodes { runs(first: $n) { nodes {
  id state latestEvents(first: $n) { at cursor } } } } } }"""
RESPONSE = "application/graphql-response+json"


def grant(api: Api, per_minute: int) -> None:
    """Less than the settings give."""
    allowances = Allowances(api.workbench.clock, Allowance(per_minute))
    object.__setattr__(api.endpoint._services, "allowances", allowances)


async def test_every_answer_tells_its_cost(api: Api) -> None:
    """What it took, what is left, of how much, and when all is there again."""
    first, second = await api.ask(SMALL), await api.ask(SMALL)
    limit = api.workbench.settings.cost_per_minute
    cost = first["extensions"]["cost"]
    assert {"requested", "remaining", "limit", "fullAfterMs"} == set(cost)
    assert (2, limit - 2, limit, 1) == tuple(
        cost[name] for name in ("requested", "remaining", "limit", "fullAfterMs")
    )
    assert limit - 4 <= second["extensions"]["cost"]["remaining"] <= limit - 2


async def test_fields_that_fail_have_cost_too(api: Api) -> None:
    """As has an operation whose variables are wrong; not one that is no operation."""
    failed = await api.ask("{ projects(first: 0) { nodes { id } } }")
    assert 3 == failed["extensions"]["cost"]["requested"]
    assert "extensions" not in await api.ask("{ nope }")


async def test_an_operation_that_costs_too_much_is_refused(api: Api) -> None:
    """By what its variables say, before anything is resolved, and nothing is taken for it."""
    small = await api.ask(COSTLY, n=1)
    assert "errors" not in small
    answer = await api.ask(COSTLY, n=100)
    (error,) = answer["errors"]
    most = api.endpoint.schema.limits.cost_max
    assert {"errors"} == set(answer)
    assert "COST_EXCEEDED" == error["extensions"]["code"]
    assert {"requested": 3_030_201, "max": most} == error["extensions"]["cost"]
    assert (await api.ask(COSTLY, n=1))["extensions"]["cost"]["remaining"] > 9_900_000


@pytest.mark.parametrize("skip", ["@skip(if: $no)", "@include(if: $no)"])
async def test_what_is_skipped_costs_all_the_same(api: Api, skip: str) -> None:
    """Else a variable would decide what may be asked."""
    text = COSTLY.replace("$n: Int!", "$n: Int!, $no: Boolean!").replace(
        "latestEvents(first: $n)", f"latestEvents(first: $n) {skip}"
    )
    assert "COST_EXCEEDED" == await api.code(text, n=100, no=True)
    assert "COST_EXCEEDED" == await api.code(text, n=100, no=False)


@pytest.mark.parametrize(("accept", "status"), [("application/json", 200), (RESPONSE, 429)])
async def test_who_asks_too_much_in_a_minute_is_told_to_wait(
    api: Api, accept: str, status: int
) -> None:
    """How long, to the millisecond in the error and in whole seconds in the header."""
    grant(api, 60)
    async with api.client(Accept=accept) as client:
        answers: list[httpx.Response] = [
            await client.post("/graphql", json={"query": SMALL}) for _ in range(32)
        ]
    refused = answers[-1]
    (error,) = refused.json()["errors"]
    assert [200] * 30 == [answer.status_code for answer in answers[:30]]
    assert status == refused.status_code
    assert {"code", "retryAfterMs"} == set(error["extensions"])
    assert "RATE_LIMITED" == error["extensions"]["code"]
    assert 1 <= error["extensions"]["retryAfterMs"] <= 2000
    assert refused.headers["retry-after"] in {"1", "2"}
    assert "retry-after" not in answers[0].headers


async def test_another_token_is_not_held_up(api: Api) -> None:
    """Each has an allowance of its own."""
    run, _ = await api.scene.queued()
    grant(api, 52)
    follow = f'subscription {{ runLogs(runId: "{ids.run_id(run.id)}") {{ cursor }} }}'
    async with api.socket() as socket:
        assert "NOT_FOUND" == await socket.refusal(follow.replace(ids.run_id(run.id), "x"))
        assert "RATE_LIMITED" == await socket.refusal(follow)
    assert "errors" in await api.ask(SMALL)
    async with api.client(Accept="text/event-stream") as client:
        answer = await client.post("/graphql", json={"query": follow})
    assert "RATE_LIMITED" in answer.text


async def test_messages_of_a_subscription_say_nothing_of_cost(api: Api) -> None:
    """They are shared between tokens. A query on the same socket does."""
    run, _ = await api.scene.queued()
    async with api.socket() as socket:
        await socket.subscribe(
            f'subscription {{ runEvents(runId: "{ids.run_id(run.id)}") {{ at }} }}'
        )
        message = await socket.receive()
        assert {"data"} == set(message["payload"])
        await socket.send(id="2", type="subscribe", payload={"query": SMALL})
        message = await socket.receive()
        assert 2 == message["payload"]["extensions"]["cost"]["requested"]
