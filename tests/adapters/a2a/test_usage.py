"""Costs and tokens as agents tell them."""

from typing import Any

import pytest

from adapters.a2a.tasks import task_of
from adapters.a2a.usage import usage_in
from domain.models.usage import Usage

ADK = {"promptTokenCount": 5, "candidatesTokenCount": 2, "totalTokenCount": 9}


def usage(metadata: Any = None, message: Any = None) -> Usage | None:
    said = {"role": "ROLE_AGENT", "parts": [{"text": "x"}], "metadata": message}
    status = {"state": "TASK_STATE_WORKING", "message": said}
    return usage_in(task_of({"id": "t", "metadata": metadata, "status": status}))


def test_usage_is_looked_for_where_agents_put_it() -> None:
    """In the metadata of the task, then of its newest message, under the names that are usual."""
    ours = {"usage": {"total_cost_usd": 0.5, "input_tokens": 5, "output_tokens": 2}}
    told = Usage(cost_micros=500_000, input_tokens=5, output_tokens=2, tokens=7)
    assert told == usage(ours)
    assert told == usage(None, ours)
    assert told == usage(ours, {"usage": {"total_tokens": 1}})
    adk = Usage(input_tokens=5, output_tokens=2, tokens=9)
    assert adk == usage(message={"adk_usage_metadata": ADK})


@pytest.mark.parametrize("told", [None, 1, [], {"usage": 1}, {"usage": {}}, {"usage": {"a": 1}}])
def test_what_is_no_usage_is_none(told: Any) -> None:
    """An agent's word may be anything."""
    assert usage(told, told) is None
