"""Definitions of workflows as they are given: read, and checked against what a project has."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

from domain import features
from domain.errors import InvalidInput
from domain.limits import APPROVERS_LOOKED_FOR_MAX, SLUG_CHARACTERS_MAX
from domain.models.pages import Window
from domain.models.principals import APPROVER_RIGHTS
from domain.models.projects import Project
from domain.models.settings import FeatureFlag
from domain.models.subjects import GroupRights
from domain.models.workflow_commands import WorkflowSource
from domain.models.workflows import Fault, StepType, WorkflowDefinition
from domain.ports import Store, UnitOfWork
from domain.services.registry import Registry
from domain.validation import check_text
from domain.workflows.checking import Checker, ProviderFacts, Surroundings
from domain.workflows.languages import Files
from domain.workflows.reading import read


@dataclass(frozen=True, slots=True, kw_only=True)
class Definitions:
    """Reads definitions, and checks them against what a project has.

    `disabled` are the flags that the server has switched off; `groups` are the rights that an
    OpenID Connect issuer's groups bring.
    """

    store: Store
    registry: Registry
    checker: Checker
    files: Files
    disabled: frozenset[FeatureFlag] = frozenset()
    groups: Mapping[str, GroupRights] | None = None

    async def settle(self, source: WorkflowSource, project: Project) -> WorkflowDefinition:
        """Read a definition and check that it can run in this project as it is now.

        Raises FeatureDisabled, and InvalidInput with all faults. Their paths begin at the
        definition's root; faults in a file have line and column too.
        """
        features.check(FeatureFlag.ORCHESTRATION, project.settings, self.disabled)
        definition = self.read(source)
        with self._placed(source):
            async with self.store.snapshot() as unit:
                await self.check(definition, project, unit)
        return definition

    async def check(
        self, definition: WorkflowDefinition, project: Project, unit: UnitOfWork
    ) -> None:
        """Check that a definition can run in this project, as the unit sees it. Raises as `settle`
        does."""
        if any(step.type is StepType.SDK for step in definition.steps):
            features.check(FeatureFlag.SDK_STEPS, project.settings, self.disabled)
        self.checker.check(definition, await self._around(project, unit))

    def read(self, source: WorkflowSource) -> WorkflowDefinition:
        """Read the form of a definition, unchecked. Raises InvalidInput with all faults."""
        if (source.yaml is None) == (source.written is None):
            raise InvalidInput("Give exactly one of yaml and definition.", "yaml")
        check_text(source.feature, SLUG_CHARACTERS_MAX, "feature")
        written = source.written if source.yaml is None else self.files.read(source.yaml)
        with self._placed(source):
            definition = read(written)
        if source.feature is None:
            return definition
        return replace(definition, feature=source.feature)

    @contextmanager
    def _placed(self, source: WorkflowSource) -> Iterator[None]:
        """Add lines and columns to the faults that the block raises, if the source is a file."""
        try:
            yield
        except InvalidInput as error:
            faults = self._in_file(source.yaml, error.all_faults)
            raise InvalidInput(error.message, *error.path, faults=faults) from None

    def _in_file(self, text: str | None, faults: Sequence[Fault]) -> Sequence[Fault]:
        if text is None:
            return faults
        places = self.files.places(text, {fault.path for fault in faults})
        return tuple(
            replace(fault, line=place.line, column=place.column)
            if (place := places.get(fault.path))
            else fault
            for fault in faults
        )

    async def _around(self, project: Project, unit: UnitOfWork) -> Surroundings:
        window = Window(limit=APPROVERS_LOOKED_FOR_MAX)
        members = await unit.principals.members(project.id, window)
        groups = (self.groups or {}).values()
        return Surroundings(
            providers={
                provider.key: ProviderFacts(kind=provider.kind, run_kinds=provider.run_kinds)
                for provider in self.registry.all()
            },
            default_provider=project.settings.default_provider,
            approvers={
                role: sum(right in member.permissions for member in members)
                for role, right in APPROVER_RIGHTS.items()
            },
            uncounted={role for each in groups for role in each.roles.get(project.slug, ())},
        )
