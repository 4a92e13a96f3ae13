"""What is counted of costs and tokens, as Prometheus reads it."""

from prometheus_client import CollectorRegistry, generate_latest

from adapters.meter import PrometheusMeter
from domain.models.usage import Usage


def test_costs_and_tokens_add_up_by_provider() -> None:
    """In cents, with fractions; what is not told is not counted as nothing."""
    registry = CollectorRegistry()
    meter = PrometheusMeter(registry)
    meter.used("a2a", Usage(cost_micros=12_345, tokens=7))
    meter.used("a2a", Usage(cost_micros=7_655))
    meter.used("other", Usage(tokens=1))

    lines = generate_latest(registry).decode().splitlines()
    counted = {
        line for line in lines if line.startswith(("workbench_run_cost", "workbench_run_to"))
    }

    assert {
        'workbench_run_cost_cents_total{provider="a2a"} 2.0',
        'workbench_run_tokens_total{provider="a2a"} 7.0',
        'workbench_run_tokens_total{provider="other"} 1.0',
    } == {line for line in counted if "_total{" in line}
