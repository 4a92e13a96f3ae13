"""What an agent hands on: the data of its artifacts."""

from datetime import timedelta
from typing import Any

from adapters.a2a.agent import Told
from adapters.a2a.statuses import status_of
from adapters.a2a.tasks import task_of
from domain.models.outputs import NO_OUTPUTS, Outputs, OutputsFault
from domain.outputs import OUTPUTS_BYTES_MAX


def outputs(state: str, *parts: Any) -> Outputs:
    artifacts = [{"artifactId": str(n), "parts": [part]} for n, part in enumerate(parts)]
    task = task_of({"id": "t", "status": {"state": f"TASK_STATE_{state}"}, "artifacts": artifacts})
    return status_of(Told(task=task, behind=timedelta(0))).outputs


def test_data_of_all_artifacts_is_one_object() -> None:
    """Of two values with one name the later counts; what is no object has no names."""
    parts = [{"data": {"a": 1, "b": [2]}}, {"text": "{}"}, {"data": [3]}, {"data": {"a": 4}}]
    assert Outputs(values={"a": 4, "b": [2]}) == outputs("COMPLETED", *parts)
    assert Outputs(values={"a": 1, "b": [2]}) == outputs("FAILED", parts[0])


def test_nothing_is_handed_on_before_the_end() -> None:
    """What the agent works on may still change."""
    assert NO_OUTPUTS == outputs("WORKING", {"data": {"a": 1}})


def test_too_much_is_told() -> None:
    """Like from anybody."""
    found = outputs("COMPLETED", {"data": {"a": "x" * OUTPUTS_BYTES_MAX}})
    assert OutputsFault.TOO_LARGE is found.fault
