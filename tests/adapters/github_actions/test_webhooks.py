"""What GitHub sends by itself is heard where it is signed, and only then."""

import hmac
import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.clock import SystemClock
from adapters.github_actions.provider import GitHubActionsProvider
from adapters.github_actions.webhooks import heard
from adapters.http.outbound import Outbound
from domain.ids import ProjectId
from domain.models.callbacks import Callback, Heard
from domain.models.providers import Connection
from domain.models.secrets import Secret
from tests.platforms.github_actions import GitHubActions

AT = datetime(2026, 11, 20, 10, tzinfo=UTC)
SECRET = "It's a Secret to Everybody"
RUN = {"workflow_run": {"id": 30433642, "updated_at": "2026-11-20T10:00:00Z"}}
HEARD = Heard(provider_run_id="30433642", at=AT)


def signed(body: bytes, secret: str = SECRET) -> Callback:
    digest = hmac.new(secret.encode(), body, "sha256").hexdigest()
    return Callback(headers={"x-hub-signature-256": f"sha256={digest}"}, body=body)


def test_githubs_own_example() -> None:
    """From "Validating webhook deliveries": of a body that is no event, and still signed."""
    told = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
    assert told == signed(b"Hello, World!").headers["x-hub-signature-256"]
    assert heard(signed(b"Hello, World!"), Secret(SECRET)) is None


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        (RUN, HEARD),
        ({"workflow_job": {"run_id": 30433642, "completed_at": "2026-11-20T10:00:00Z"}}, HEARD),
        (
            {
                "workflow_job": {
                    "run_id": 30433642,
                    "completed_at": None,
                    "started_at": "2026-11-20T11:00:00+01:00",
                },
            },
            HEARD,
        ),
        ({"zen": "Speak like a human.", "hook_id": 1}, None),
        ({"workflow_run": {"id": "30433642", "updated_at": "2026-11-20T10:00:00Z"}}, None),
        ({"workflow_run": {"id": True, "updated_at": "2026-11-20T10:00:00Z"}}, None),
        ({"workflow_run": {"id": 1, "updated_at": "2026-11-20T10:00:00"}}, None),
        ({"workflow_run": {"id": 1, "updated_at": "soon"}}, None),
        ({"workflow_run": {"id": 1}}, None),
        ({"workflow_run": [], "workflow_job": []}, None),
        ([], None),
    ],
)
def test_events_of_runs_are_heard(told: object, expected: Heard | None) -> None:
    """And of nothing else, whatever is in them."""
    assert expected == heard(signed(json.dumps(told).encode()), Secret(SECRET))


def test_what_is_not_signed_is_nothing() -> None:
    """With another secret, over another body, by an older scheme, or not at all."""
    body = json.dumps(RUN).encode()
    good = signed(body).headers["x-hub-signature-256"]
    for header in (
        "",
        "sha256=",
        good[:-1],
        good.upper(),
        good.removeprefix("sha256="),
        "ü",
        "sha1=x",
    ):
        callback = Callback(headers={"x-hub-signature-256": header}, body=body)
        assert heard(callback, Secret(SECRET)) is None, header
    assert heard(Callback(headers={}, body=body), Secret(SECRET)) is None
    assert (
        heard(Callback(headers={"x-hub-signature-256": good}, body=body + b" "), Secret(SECRET))
        is None
    )
    assert heard(signed(body, "another"), Secret(SECRET)) is None
    assert HEARD == heard(signed(body), Secret(SECRET))


@given(st.binary(max_size=200), st.text(max_size=80))
def test_nothing_else_comes_of_any_bytes(body: bytes, header: str) -> None:
    """Signed or not: no error."""
    assert (
        heard(Callback(headers={"x-hub-signature-256": header}, body=body), Secret(SECRET)) is None
    )
    heard(signed(body), Secret(SECRET))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3)
    ),
    max_leaves=8,
)
NAMES = st.sampled_from(["id", "run_id", "updated_at", "completed_at", "started_at"])


@given(
    st.dictionaries(
        st.sampled_from(["workflow_run", "workflow_job"]), JSON | st.dictionaries(NAMES, JSON)
    )
)
def test_nothing_else_comes_of_any_event(told: object) -> None:
    """However GitHub should change it."""
    heard(signed(json.dumps(told).encode()), Secret(SECRET))


def test_without_a_secret_nothing_is_heard() -> None:
    """Not even what is signed with an empty one."""
    outbound = Outbound(clock=SystemClock())
    connection = Connection(
        project_id=ProjectId("shop"),
        provider="github_actions",
        config=GitHubActions.config,
        secrets={"token": Secret("x")},
    )
    provider = GitHubActionsProvider(outbound)
    body = json.dumps(RUN).encode()
    assert provider.hear(connection, signed(body, "")) is None
