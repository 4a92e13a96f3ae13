"""Strict approvers on a whole server, whose people come from a real issuer."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from tests.approving import DECIDE, POLICY, SHOW, asking
from tests.e2e.client import Answer, Client, signed_in
from tests.e2e.server import Server, guarded
from tests.e2e.test_people import somebody
from tests.issuer import AUDIENCE, Issuer

pytestmark = [pytest.mark.anyio, pytest.mark.xdist_group("e2e-strict"), pytest.mark.timeout(240)]

ROLES: Final = {"platform": "server-admin", "elders": {"default": ["ELEVATED_APPROVER"]}}
STRICT: Final = """mutation { projectSettingsUpdate(
  input: {project: "default", strictApprovers: true}) { __typename } }"""


@pytest.fixture
def issuer() -> Iterator[Issuer]:
    with Issuer().running() as running:
        yield running


@pytest.fixture
def strict(tmp_path: Path, issuer: Issuer) -> Iterator[Server]:
    variables = {
        "WORKBENCH_OIDC_ISSUER": issuer.url,
        "WORKBENCH_OIDC_AUDIENCE": AUDIENCE,
        "WORKBENCH_OIDC_ROLES": json.dumps(ROLES),
    }
    with guarded(tmp_path, **variables) as server:
        yield server


async def decide(client: Client, run: Answer) -> Answer:
    given = {**{name: run["approval"][name] for name in ("id", "digest")}, "decision": "APPROVE"}
    answer = dict((await client.ask(DECIDE, input=given))["approvalDecide"])
    return dict(answer.get("approval") or answer)


async def test_whom_the_issuer_vouches_for_is_another_person(
    strict: Server, issuer: Issuer
) -> None:
    """An account that the requester has made, with every role, is not; then it runs."""
    risky = {**asking("sh", role="ELEVATED_APPROVER"), "risk": "HIGH"}
    pia_token = issuer.token(sub="pia-1", preferred_username="pia", groups=["platform"])
    ada_token = issuer.token(sub="ada-1", preferred_username="ada", groups=["elders"])
    async with signed_in(strict, pia_token) as pia, signed_in(strict, ada_token) as ada:
        set_to = (await pia.ask(POLICY, project="default", rules=[risky]))["policySet"]
        assert "PolicySetPayload" == set_to["__typename"], set_to
        assert (await pia.ask(STRICT))["projectSettingsUpdate"]["__typename"].endswith("Payload")
        launched = await pia.launch("sh", "-c", "echo agreed")
        run = dict((await pia.ask(SHOW, id=launched["id"]))["node"])
        async with somebody(strict, pia, "puppet", "ELEVATED_APPROVER") as puppet:
            assert "SAME_HAND" == (await decide(puppet, run))["reason"]

        assert "APPROVED" == (await decide(ada, run))["state"]

        assert "SUCCEEDED" == (await pia.ended(run["id"]))["state"]
