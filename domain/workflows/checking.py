"""Checks whether a definition can run in a project: graph, references, providers, approvers."""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Final

from domain.errors import InvalidInput
from domain.graph import Ancestry, cycles, unready
from domain.limits import EDGES_MAX, FAULTS_MAX
from domain.models.decisions import ApprovalRequirement
from domain.models.principals import Role
from domain.models.providers import ProviderKind
from domain.models.runs import RunKind
from domain.models.workflows import Step, StepType, WorkflowDefinition
from domain.workflows.fields import Faults, Path, nearest
from domain.workflows.inputs import declared
from domain.workflows.languages import Conditions, Schemas
from domain.workflows.referring import Scope, reference_faults

CYCLE_SHOWN_MAX: Final = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderFacts:
    """What the check of a step needs to know of a provider."""

    kind: ProviderKind
    run_kinds: Collection[RunKind]


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What a project has: providers by key, and how many members may approve with each role.

    `uncounted` are roles that an identity provider can assign, so that their number is unknown.
    """

    providers: Mapping[str, ProviderFacts]
    default_provider: str
    approvers: Mapping[Role, int]
    uncounted: Collection[Role] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Checker:
    """Reports all faults at once, up to FAULTS_MAX, each with its path in the definition."""

    conditions: Conditions
    schemas: Schemas

    def check(self, definition: WorkflowDefinition, around: Surroundings) -> None:
        """Raises InvalidInput with every fault of the definition."""
        faults = Faults()
        for path, message in islice(self._faults(definition, around), FAULTS_MAX):
            faults.add(path, message)
        faults.raise_any()

    def _faults(
        self, definition: WorkflowDefinition, around: Surroundings
    ) -> Iterator[tuple[Path, str]]:
        yield from self._of_schema(definition.inputs, ("inputs",))
        yield from _of_graph(definition)
        scope = _scope(definition)
        for index, step in enumerate(definition.steps):
            path = ("steps", str(index))
            yield from _of_scopes(step, definition.tool_scopes, path)
            yield from _of_provider(step, around, path)
            yield from _of_approval(step.approval, around, (*path, "approval"))
            for name, text in (("when", step.when), ("validate", step.condition)):
                yield from self._of_condition(text, (*path, name))
            if step.output_schema is not None:
                yield from self._of_schema(step.output_schema, (*path, "validate", "schema"))
            yield from reference_faults(step, scope, path)

    def _of_schema(self, schema: Mapping[str, object], path: Path) -> Iterator[tuple[Path, str]]:
        try:
            self.schemas.check_schema(schema)
        except InvalidInput as fault:
            yield (*path, *fault.path), fault.message

    def _of_condition(self, text: str | None, path: Path) -> Iterator[tuple[Path, str]]:
        if text is None:
            return
        try:
            self.conditions.check(text)
        except InvalidInput as fault:
            yield path, fault.message


def _scope(definition: WorkflowDefinition) -> Scope:
    """Return what references may name. With cycles there is no order, so only names are checked."""
    needs = {step.key: step.needs for step in definition.steps}
    is_graph = not cycles(needs)
    return Scope(
        inputs=declared(definition),
        steps={step.key: step for step in definition.steps},
        ancestry=Ancestry.of(needs) if is_graph else None,
    )


def _of_graph(definition: WorkflowDefinition) -> Iterator[tuple[Path, str]]:
    steps = definition.steps
    needs = {step.key: step.needs for step in steps}
    places = {step.key: ("steps", str(index)) for index, step in enumerate(steps)}
    yield from _of_keys(steps)
    if sum(map(len, needs.values())) > EDGES_MAX:
        yield ("steps",), f"The steps have more than {EDGES_MAX} needs in all."
        return
    told: set[str] = set()
    for step in steps:
        for index, need in enumerate(step.needs):
            if need not in needs:
                told.add(step.key)
                message = f"There is no step {need!r}.{nearest(need, needs)}"
                yield (*places[step.key], "needs", str(index)), message
    for cycle in cycles(needs):
        told.update(cycle)
        yield (*places[cycle[0]], "needs"), _cycle_told(cycle)
    late = unready(needs) - told
    for key in (each for each in needs if each in late):
        message = f"The step {key!r} can never start: its needs can never be met."
        yield (*places[key], "needs"), message


def _of_keys(steps: Collection[Step]) -> Iterator[tuple[Path, str]]:
    """Keys are compared without case, since people and file systems confuse upper and lower."""
    counts: Counter[str] = Counter()
    for index, step in enumerate(steps):
        counts[step.key.lower()] += 1
        if counts[step.key.lower()] > 1:
            yield ("steps", str(index), "key"), f"There is another step {step.key!r}."


def _cycle_told(cycle: tuple[str, ...]) -> str:
    if len(cycle) == 1:
        return f"The step {cycle[0]!r} needs itself."
    shown = [*cycle, cycle[0]]
    if len(shown) > CYCLE_SHOWN_MAX:
        shown = [*shown[: CYCLE_SHOWN_MAX // 2], "...", *shown[-CYCLE_SHOWN_MAX // 2 :]]
    return f"These steps need one another in a circle: {' -> '.join(shown)}."


def _of_scopes(step: Step, allowed: Collection[str], path: Path) -> Iterator[tuple[Path, str]]:
    for index, scope in enumerate(step.tool_scopes):
        if scope not in allowed:
            message = f"The workflow's own toolScopes do not include {scope!r}."
            yield (*path, "toolScopes", str(index)), message


def _of_provider(step: Step, around: Surroundings, path: Path) -> Iterator[tuple[Path, str]]:
    if not step.is_dispatched:
        return
    key = step.provider or around.default_provider
    where = (*path, "sdk", "provider") if step.type is StepType.SDK else (*path, "provider")
    facts = around.providers.get(key)
    kind = RunKind.PROMPT if step.type is StepType.SDK else RunKind.COMMAND
    if facts is None:
        yield where, f"There is no provider {key!r}.{nearest(key, around.providers)}"
    elif kind not in facts.run_kinds:
        able = [each for each, facts in around.providers.items() if kind in facts.run_kinds]
        told = f" These do: {', '.join(sorted(able))}." if able else ""
        yield where, f"The provider {key!r} takes no {kind.lower()}s.{told}"


def _of_approval(
    asked: ApprovalRequirement | None, around: Surroundings, path: Path
) -> Iterator[tuple[Path, str]]:
    if asked is None or asked.role in around.uncounted:
        return
    there = around.approvers.get(asked.role, 0)
    if there < asked.count:
        message = f"It needs {asked.count} people with the role {asked.role}; there are {there}."
        yield path, message
