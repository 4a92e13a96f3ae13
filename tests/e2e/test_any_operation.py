"""Whatever the schema allows, asked of the real server: it is never the server that fails."""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import httpx
import pytest
import schemathesis
from graphql import parse_value
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from schemathesis.graphql import nodes

from schema import faults
from tests.e2e.server import TOKEN, Server

SDL: Final = Path(__file__).resolve().parents[2] / "schema" / "schema.graphql"
EXAMPLES: Final = 15
HEADERS: Final = {"Authorization": f"Bearer {TOKEN}"}
FIRST: Final = datetime(1, 1, 1)  # noqa: DTZ001 - hypothesis adds the zone
JSON_VALUES: Final = (
    *("null", "1.5", '"text"', "[]", "{}", '{a: {b: [1, null, "c", {}]}}', '{local: "\\u0000"}'),
    *("{a: 9007199254740993}", "{a: 1e999}", '{a: "wb_"}'),
)

pytestmark = pytest.mark.timeout(120)
schemathesis.graphql.scalar(
    "DateTime",
    st.datetimes(FIRST, timezones=st.just(UTC)).map(lambda at: nodes.String(at.isoformat())),
)
schemathesis.graphql.scalar("JSON", st.sampled_from(JSON_VALUES).map(parse_value))
operations = schemathesis.graphql.from_path(SDL)


@pytest.fixture(scope="module")
def known(server: Server) -> Callable[[str], str]:
    """Puts what is there into a document: else nothing below `project` or `node` would be asked."""
    launch = """mutation { runLaunch(input: {project: "default", command: ["echo", "hi"]}) {
      ... on RunLaunchPayload { run { id } } } }"""
    answer = httpx.post(f"{server.url}/graphql", json={"query": launch}, headers=HEADERS)
    run_id = answer.json()["data"]["runLaunch"]["run"]["id"]

    def put(document: str) -> str:
        document = re.sub(r'\b(slug|project): "[^"]*"', r'\1: "default"', document)
        return re.sub(r'\bid: "[^"]*"', f'id: "{run_id}"', document)

    return put


@operations.parametrize()
@settings(max_examples=EXAMPLES, derandomize=True, suppress_health_check=list(HealthCheck))
def test_no_operation_makes_the_server_fail(
    case: Any, server: Server, known: Callable[[str], str]
) -> None:
    """An answer, or an error of the client's; never a status from 500 on, nor a masked fault.

    Nothing is launched but by what hypothesis makes up, in projects that are not there.
    """
    documents = [case.body]
    if case.operation.label.startswith("Query."):
        documents.append(known(case.body))
    for document in documents:
        case.body = document
        answer = case.call(base_url=f"{server.url}/graphql", headers=HEADERS)
        assert answer.status_code < 500, document
        assert faults.INTERNAL not in answer.text, document
