"""Whoever keeps failing is left alone for a while, and comes back by one question."""

from datetime import UTC, datetime, timedelta

from domain.circuit import CLOSED, FAILURES_TO_OPEN, LONGEST_PAUSE_S, PROBE_S, Circuit, CircuitState

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def later(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


def opened() -> Circuit:
    circuit = CLOSED
    for _ in range(FAILURES_TO_OPEN):
        circuit = circuit.failed(NOW, "gone")
    return circuit


def test_some_failures_open_it() -> None:
    """And not one less."""
    circuit = CLOSED
    for _ in range(FAILURES_TO_OPEN - 1):
        circuit = circuit.failed(NOW, "gone")
        assert CircuitState.CLOSED is circuit.state(NOW)
        assert circuit.admits(NOW)
    circuit = circuit.failed(NOW, "gone")
    assert CircuitState.OPEN is circuit.state(NOW)
    assert not circuit.admits(NOW)
    assert "gone" == circuit.reason


def test_one_may_ask_when_the_time_is_over() -> None:
    """Others not until that one is back, or was lost."""
    circuit = opened()
    soon = later(circuit.wait_s(NOW))
    assert CircuitState.HALF_OPEN is circuit.state(soon)
    assert circuit.admits(soon)
    probed = circuit.asked(soon)
    assert not probed.admits(soon)
    assert probed.admits(soon + timedelta(seconds=PROBE_S + 1))


def test_each_time_it_stays_open_for_longer() -> None:
    """Up to a bound."""
    circuit, pauses, now = opened(), [], NOW
    for _ in range(20):
        pauses.append(circuit.wait_s(now))
        now += timedelta(seconds=pauses[-1])
        circuit = circuit.asked(now).failed(now, "gone")
    assert sorted(pauses) == pauses
    assert LONGEST_PAUSE_S == pauses[-1] > pauses[0]


def test_who_was_asking_already_makes_it_no_worse() -> None:
    """Else sixty questions that hang at once would close the door for minutes."""
    circuit = opened()
    assert circuit == circuit.failed(later(1), "gone too")


def test_who_wants_to_be_left_alone_is() -> None:
    """At once, and for as long as they say, within bounds; then everybody asks again."""
    circuit = CLOSED.failed(NOW, "slow down", retry_after_s=60)
    assert (CircuitState.OPEN, 60) == (circuit.state(NOW), circuit.wait_s(NOW))
    assert CircuitState.CLOSED is circuit.state(later(60))
    assert circuit.admits(later(60))
    assert CLOSED.failed(NOW, "slow down", retry_after_s=1e12).wait_s(NOW) < 4000
