"""Push notifications: what an agent is asked for, and what is heard of what it sends."""

import json
from datetime import UTC, datetime

import pytest

from adapters.a2a.provider import A2aProvider
from adapters.a2a.pushing import HEADER, PUSH_SECRET, token_of
from adapters.clock import SystemClock
from adapters.http.outbound import Outbound
from domain.ids import ProjectId
from domain.models.callbacks import Callback, Heard
from domain.models.providers import Connection
from domain.models.secrets import Secret

SECRET = "what-the-tokens-are-made-of-7c1d"


def connected(
    project: str = "shop", url: str = "https://agent.example", secret: str | None = SECRET
) -> Connection:
    secrets = {} if secret is None else {PUSH_SECRET: Secret(secret)}
    return Connection(
        project_id=ProjectId(project), provider="a2a", config={"url": url}, secrets=secrets
    )


def shown(connection: Connection) -> str:
    token = token_of(connection)
    assert token is not None
    return token.reveal()


def hear(told: object, token: str | None = None, connection: Connection | None = None) -> object:
    used = connection or connected()
    body = told if isinstance(told, bytes) else json.dumps(told).encode()
    callback = Callback(headers={HEADER: shown(used) if token is None else token}, body=body)
    return A2aProvider(Outbound(clock=SystemClock())).hear(used, callback)


def test_a_token_is_of_one_agent_and_tells_nothing_of_the_secret() -> None:
    """Another project's, another agent's and another secret's are others."""
    others = (connected("other"), connected(url="https://b.example"), connected(secret="x" * 16))
    tokens = {shown(connected()), *map(shown, others)}
    assert 4 == len(tokens)
    assert not any(SECRET in token for token in tokens)
    assert shown(connected()) == shown(connected())
    assert [Secret(shown(connected()))] == list(
        A2aProvider(Outbound(clock=SystemClock())).derived(connected())
    )


@pytest.mark.parametrize(
    "told",
    [
        {"task": {"id": "t", "status": {"timestamp": "2020-01-01T00:00:00Z"}}},
        {"artifactUpdate": {"taskId": "t", "artifact": {}}},
        {"message": {"taskId": "t"}},
        {"statusUpdate": {"taskId": "t", "status": {"timestamp": "soon"}}},
        {"statusUpdate": {"taskId": "t", "status": []}},
    ],
)
def test_what_happens_to_a_task_is_heard(told: object) -> None:
    """Of whatever kind: what it was is asked for."""
    assert Heard(provider_run_id="t", at=None) == hear(told)


def test_a_status_has_its_time() -> None:
    """By which an old one is known for a replay."""
    told = {"statusUpdate": {"taskId": "t", "status": {"timestamp": "2026-11-21T12:00:00Z"}}}
    at = datetime(2026, 11, 21, 12, tzinfo=UTC)
    assert Heard(provider_run_id="t", at=at) == hear(told)


@pytest.mark.parametrize("token", ["", "guessed", "\u00e4\udcff", shown(connected("other"))])
def test_without_the_token_nothing_is_heard(token: str) -> None:
    """Nor with that of another project."""
    assert hear({"task": {"id": "t"}}, token) is None


def test_without_the_secret_nothing_is_heard() -> None:
    """Not even what shows nothing."""
    callback = Callback(headers={HEADER: ""}, body=b'{"task": {"id": "t"}}')
    provider = A2aProvider(Outbound(clock=SystemClock()))
    assert provider.hear(connected(secret=None), callback) is None
    assert () == provider.derived(connected(secret=None))


@pytest.mark.parametrize("told", [b"\xff", b"[]", b"5", {}, {"task": {}}, {"task": {"id": 5}}])
def test_what_is_of_no_task_is_not_heard(told: object) -> None:
    """Nor does it raise anything."""
    assert hear(told) is None
