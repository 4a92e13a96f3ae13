"""Counters for operators, kept for Prometheus to fetch."""

from collections.abc import Mapping

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from domain.circuit import CircuitState
from domain.lifecycle import ApprovalState, RunState
from domain.limits import ConnectionKind
from domain.models.kill_switches import KillSwitchScope
from domain.models.runs import SyncStatus
from domain.models.usage import Usage
from domain.usage import MICROS_PER_CENT

DISPATCH_BUCKETS_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300)
LAG_BUCKETS_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)


class PrometheusMeter:
    """Implements domain.ports.Meter, and what the server's outer parts count besides."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._launches = Counter(
            "workbench_launches", "Runs queued.", ["provider"], registry=registry
        )
        self._transitions = Counter(
            "workbench_run_transitions", "State changes.", ["provider", "to"], registry=registry
        )
        self._dispatch = Histogram(
            "workbench_dispatch_latency_seconds",
            "From launch to start.",
            ["provider"],
            registry=registry,
            buckets=DISPATCH_BUCKETS_S,
        )
        self._make_of_polls(registry)
        self._make_of_usage(registry)
        self._lines = Counter("workbench_log_lines", "Log lines stored.", registry=registry)
        self._redactions = Counter("workbench_redactions", "Secrets masked.", registry=registry)
        self._errors = Counter(
            "workbench_errors", "Failures dealt with inside.", ["part"], registry=registry
        )
        self._queued = Gauge(
            "workbench_queue_depth", "Runs waiting.", ["provider"], registry=registry
        )
        self._engaged = Gauge(
            "workbench_kill_switches_engaged", "Engaged switches.", ["scope"], registry=registry
        )
        for scope in KillSwitchScope:
            self._engaged.labels(scope)
        self._subscribers = Gauge(
            "workbench_subscribers", "Live subscriptions to streams.", registry=registry
        )
        self._lag = Histogram(
            "workbench_stream_lag_seconds",
            "From an event's time to its delivery.",
            registry=registry,
            buckets=LAG_BUCKETS_S,
        )

        self._connections = Gauge(
            "workbench_connections", "Sockets and event streams.", ["kind"], registry=registry
        )
        for kind in ConnectionKind:
            self._connections.labels(kind)
        self._operations = Gauge(
            "workbench_operations", "Live operations on sockets.", registry=registry
        )
        self._reached = Counter(
            "workbench_bounds_reached", "Clients that met a bound.", ["bound"], registry=registry
        )
        self._broken_glass = Counter(
            "workbench_break_glass",
            "Approvals that set a denial aside, asked for and decided on.",
            ["state"],
            registry=registry,
        )

    def _make_of_usage(self, registry: CollectorRegistry) -> None:
        self._costs = Counter(
            "workbench_run_cost_cents",
            "What runs that have ended cost, where their provider tells, in US cents.",
            ["provider"],
            registry=registry,
        )
        self._tokens = Counter(
            "workbench_run_tokens",
            "Tokens of language models that runs that have ended used, where told.",
            ["provider"],
            registry=registry,
        )

    def _make_of_polls(self, registry: CollectorRegistry) -> None:
        self._poll_lag = Histogram(
            "workbench_poll_lag_seconds",
            "From when a run was to be asked after to when it was.",
            ["provider"],
            registry=registry,
            buckets=DISPATCH_BUCKETS_S,
        )
        self._reconciliations = Counter(
            "workbench_reconciliations",
            "Looks at runs, by how sure we are after them.",
            ["provider", "status"],
            registry=registry,
        )
        self._provider_errors = Counter(
            "workbench_provider_errors",
            "Questions that a provider did not answer.",
            ["provider"],
            registry=registry,
        )
        self._circuits = Counter(
            "workbench_circuit_changes",
            "Circuits of a project's provider that opened or closed.",
            ["provider", "to"],
            registry=registry,
        )

    def launched(self, provider: str) -> None:
        self._launches.labels(provider).inc()

    def changed_state(self, provider: str, state: RunState) -> None:
        self._transitions.labels(provider, state).inc()

    def dispatched(self, provider: str, waited_s: float) -> None:
        self._dispatch.labels(provider).observe(max(0.0, waited_s))

    def looked(self, provider: str, lag_s: float) -> None:
        self._poll_lag.labels(provider).observe(lag_s)

    def reconciled(self, provider: str, status: SyncStatus) -> None:
        self._reconciliations.labels(provider, status).inc()

    def used(self, provider: str, usage: Usage) -> None:
        if usage.cost_micros is not None:
            self._costs.labels(provider).inc(usage.cost_micros / MICROS_PER_CENT)
        if usage.tokens is not None:
            self._tokens.labels(provider).inc(usage.tokens)

    def provider_failed(self, provider: str) -> None:
        self._provider_errors.labels(provider).inc()

    def circuit_is(self, provider: str, state: CircuitState) -> None:
        """It has come to this state for one project."""
        self._circuits.labels(provider, state).inc()

    def stored_lines(self, lines: int, redactions: int) -> None:
        self._lines.inc(lines)
        self._redactions.inc(redactions)

    def failed(self, part: str) -> None:
        self._errors.labels(part).inc()

    def subscribed(self, change: int) -> None:
        """One subscriber more (1) or less (-1)."""
        self._subscribers.inc(change)

    def delivered(self, lag_s: float) -> None:
        """A live page of events went out this long after its newest event."""
        self._lag.observe(max(0.0, lag_s))

    def connected(self, kind: ConnectionKind, change: int) -> None:
        """One connection of this kind more (1) or less (-1)."""
        self._connections.labels(kind).inc(change)

    def operating(self, change: int) -> None:
        """One operation on a socket more (1) or less (-1)."""
        self._operations.inc(change)

    def reached(self, bound: str) -> None:
        """A client has met this bound."""
        self._reached.labels(bound).inc()

    def broke_glass(self, state: ApprovalState) -> None:
        self._broken_glass.labels(state).inc()

    def queue_is(self, depth: Mapping[str, int]) -> None:
        """How many runs wait, per provider; those not named have none."""
        self._queued.clear()
        for provider, count in depth.items():
            self._queued.labels(provider).set(count)

    def engaged_are(self, counts: Mapping[KillSwitchScope, int]) -> None:
        """How many kill switches are engaged; of a scope that is not named none is."""
        for scope in KillSwitchScope:
            self._engaged.labels(scope).set(counts.get(scope, 0))
