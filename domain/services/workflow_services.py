"""The services of workflows and their runs, put together."""

from dataclasses import dataclass
from functools import cached_property

from domain.ids import NodeId
from domain.ports import Clock, IdMaker, Meter, Random, Signals, Store
from domain.services.briefings import Briefings
from domain.services.connections import Connections
from domain.services.definitions import Definitions
from domain.services.governance import Governance
from domain.services.known_switches import KnownSwitches
from domain.services.launcher import Launcher
from domain.services.orchestrator import Orchestrator
from domain.services.recovery import Recovery
from domain.services.redactors import Redactors
from domain.services.reporter import Reporter
from domain.services.seats import Seats
from domain.services.step_starts import StepStarts
from domain.services.step_values import StepValues
from domain.services.workflow_actions import WorkflowActions
from domain.services.workflow_engine import WorkflowEngine
from domain.services.workflow_runs import WorkflowRuns
from domain.services.workflows import Workflows
from domain.workflows.checking import Checker
from domain.workflows.languages import Files


@dataclass(frozen=True, kw_only=True)
class WorkflowServices:
    """One of each, made when it is first asked for. `lease_s` is in seconds."""

    store: Store
    signals: Signals
    clock: Clock
    new_id: IdMaker
    meter: Meter
    random: Random
    governance: Governance
    connections: Connections
    briefings: Briefings
    switches: KnownSwitches
    checker: Checker
    files: Files
    launcher: Launcher
    seats: Seats
    redactors: Redactors
    node: NodeId
    lease_s: float

    @cached_property
    def definitions(self) -> Definitions:
        return Definitions(
            store=self.store,
            registry=self.governance.registry,
            checker=self.checker,
            files=self.files,
            disabled=self.governance.disabled,
            groups=self.governance.groups,
        )

    @cached_property
    def workflows(self) -> Workflows:
        return Workflows(
            store=self.store,
            clock=self.clock,
            new_id=self.new_id,
            definitions=self.definitions,
        )

    @cached_property
    def orchestrator(self) -> Orchestrator:
        starts = StepStarts(
            gate=self.governance.gate,
            placer=self.governance.placer,
            connections=self.connections,
            briefings=self.briefings,
            values=StepValues(store=self.store),
            conditions=self.checker.conditions,
            schemas=self.checker.schemas,
            redactors=self.redactors,
            new_id=self.new_id,
        )
        return Orchestrator(
            store=self.store,
            clock=self.clock,
            random=self.random,
            gate=self.governance.gate,
            placer=self.governance.placer,
            approvals=self.governance.approvals,
            starts=starts,
            cancel=self.launcher.cancel,
        )

    @cached_property
    def engine(self) -> WorkflowEngine:
        return WorkflowEngine(
            store=self.store,
            signals=self.signals,
            clock=self.clock,
            meter=self.meter,
            orchestrator=self.orchestrator,
            seats=self.seats,
            node=self.node,
            lease_s=self.lease_s,
        )

    @cached_property
    def actions(self) -> WorkflowActions:
        return WorkflowActions(
            store=self.store,
            clock=self.clock,
            approvals=self.governance.approvals,
            cancel_in=self.launcher.cancel_in,
        )

    @cached_property
    def runs(self) -> WorkflowRuns:
        return WorkflowRuns(
            store=self.store,
            clock=self.clock,
            new_id=self.new_id,
            schemas=self.checker.schemas,
            switches=self.switches,
            actions=self.actions,
            disabled=self.governance.disabled,
        )

    @cached_property
    def recovery(self) -> Recovery:
        return Recovery(
            store=self.store,
            clock=self.clock,
            new_id=self.new_id,
            approvals=self.governance.approvals,
            actions=self.actions,
            runs=self.runs,
            definitions=self.definitions,
        )

    @cached_property
    def reporter(self) -> Reporter:
        return Reporter(store=self.store)
