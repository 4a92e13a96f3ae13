"""What a platform's words mean by its manifest, whatever they are."""

from datetime import UTC, datetime
from typing import Any

import pytest

from adapters.rest.loading import parse
from adapters.rest.statuses import status_of
from domain.models.outputs import NO_OUTPUTS, Outputs, OutputsFault
from domain.models.providers import ProviderSignal
from domain.models.usage import Usage
from tests.adapters.rest.connecting import shipped
from tests.adapters.rest.test_loading import SMALL


def slurm(**found: object) -> Any:
    return status_of(shipped("slurm").status, found)


def test_a_wait_status_is_no_exit_code() -> None:
    """768 is exit 3, 9 is a signal; a time of 0 is none; a running job has neither."""
    assert 3 == slurm(state="FAILED", exit=768).exit_code
    assert slurm(state="CANCELLED", exit=9).exit_code is None
    assert slurm(state="RUNNING", exit=0).exit_code is None
    assert slurm(state="COMPLETED", ended=0).ended_at is None
    assert datetime(2026, 1, 1, tzinfo=UTC) == slurm(state="COMPLETED", ended=1767225600).ended_at
    assert ProviderSignal.VANISHED is slurm().signal


def test_a_status_of_a_strange_type_is_unknown() -> None:
    """And never an error of ours."""
    for state in (1, True, {"a": 1}, [], [1], 1.5, "x" * 10_000):
        status = slurm(state=state)
        assert ProviderSignal.UNKNOWN is status.signal or state == []
        assert len(status.raw) <= 200


@pytest.mark.parametrize(
    ("found", "outputs"),
    [
        ({"state": "off", "result": {"a": [1]}}, Outputs(values={"a": [1]})),
        ({"state": "on", "result": {"a": [1]}}, NO_OUTPUTS),
        ({"state": "off"}, NO_OUTPUTS),
    ],
)
def test_outputs_are_what_the_manifest_names(found: dict[str, Any], outputs: Outputs) -> None:
    """Once the run is over, and where there are some."""
    text = SMALL.replace('extract = { state = "state" }', 'extract = { state = "s", result = "r" }')
    manifest = parse(text.replace("[status]", '[status]\noutputs = "result"'), "small.toml")
    assert outputs == status_of(manifest.status, found).outputs


def test_outputs_that_are_no_object_are_told() -> None:
    """They have no names."""
    status = parse(SMALL, "small.toml").status.model_copy(update={"outputs": "result"})
    fault = status_of(status, {"state": "off", "result": [1]}).outputs.fault
    assert OutputsFault.MALFORMED is fault


@pytest.mark.parametrize(("unit", "cost"), [("usd", 1_500_000), ("cents", 15_000)])
def test_usage_is_what_the_manifest_names(unit: str, cost: int) -> None:
    """In the unit it says, while the run goes on too."""
    text = SMALL.replace(
        'extract = { state = "state" }', 'extract = { state = "s", spent = "c", given = "g" }'
    )
    table = f'[status.usage]\ncost = "spent"\ncost_as = "{unit}"\ninput_tokens = "given"\n'
    manifest = parse(f"{text}\n{table}", "small.toml")
    found = {"state": "on", "spent": 1.5, "given": "7"}
    told = Usage(cost_micros=cost, input_tokens=7, tokens=7)
    assert told == status_of(manifest.status, found).usage
    assert status_of(manifest.status, {"state": "on"}).usage is None
