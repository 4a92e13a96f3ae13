"""Stores workflows of projects, in versions that never change."""

from dataclasses import dataclass

from domain import workflow_audit
from domain.digest import canonical, sha256
from domain.errors import InvalidInput, QuotaExceeded
from domain.ids import WorkflowId
from domain.limits import CONFLICT_TRIES_MAX
from domain.models.audit import Caller
from domain.models.project_events import ProjectWorkflowChanged
from domain.models.projects import Project
from domain.models.workflow_commands import WorkflowSource
from domain.models.workflows import Workflow, WorkflowCheck, WorkflowDefinition
from domain.ports import Clock, IdMaker, Store
from domain.services.definitions import Definitions
from domain.workflows.writing import write


@dataclass(frozen=True, slots=True, kw_only=True)
class Workflows:
    """The caller must have checked the permission."""

    store: Store
    clock: Clock
    new_id: IdMaker
    definitions: Definitions

    async def create(self, source: WorkflowSource, project: Project, caller: Caller) -> Workflow:
        """Store a definition as the next version of the workflow of its name.

        An unchanged definition makes no version: the newest one is returned, so that sending a
        file twice does no harm. Raises FeatureDisabled, InvalidInput with all faults,
        QuotaExceeded.
        """
        definition = await self.definitions.settle(source, project)
        return await self._store(definition, project, caller)

    async def revise(
        self, source: WorkflowSource, before: Workflow, project: Project, caller: Caller
    ) -> Workflow:
        """Do as `create` does for an existing workflow; `before` is any of its versions.

        The name must stay the same. Existing runs keep their version. Raises as `create` does.
        """
        definition = await self.definitions.settle(source, project)
        if definition.name != before.name:
            message = f"This workflow is called {before.name!r}. Another name is another workflow."
            raise InvalidInput(message, "name")
        return await self._store(definition, project, caller)

    async def check(self, source: WorkflowSource, project: Project) -> WorkflowCheck:
        """What `create` would do, by what it does first; nothing is stored.

        Raises FeatureDisabled, and InvalidInput for what is no definition at all.
        """
        try:
            definition = await self.definitions.settle(source, project)
        except InvalidInput as error:
            if not error.all_faults:
                raise
            return WorkflowCheck(faults=error.all_faults)
        async with self.store.snapshot() as unit:
            before = await unit.workflows.newest(project.id, definition.name)
        is_new = before is None or before.definition != definition
        version = (before.version if before else 0) + is_new
        return WorkflowCheck(definition=definition, version=version, is_new=is_new)

    def as_yaml(self, workflow: Workflow) -> str:
        """Return the workflow as YAML, which `create` accepts."""
        return self.definitions.files.write(write(workflow.definition))

    async def _store(
        self, definition: WorkflowDefinition, project: Project, caller: Caller
    ) -> Workflow:
        for _ in range(CONFLICT_TRIES_MAX):
            if made := await self._add(definition, project, caller):
                return made
        raise QuotaExceeded("Too many changes to this at once. Try again.")

    async def _add(
        self, definition: WorkflowDefinition, project: Project, caller: Caller
    ) -> Workflow | None:
        """Return None where another unit has stored the same version meanwhile."""
        async with self.store.transaction() as unit:
            before = await unit.workflows.newest(project.id, definition.name)
            if before is not None and before.definition == definition:
                return before
            after = await unit.workflows.add(
                Workflow(
                    id=WorkflowId(self.new_id()),
                    project_id=project.id,
                    version=0 if before is None else before.version,
                    definition=definition,
                    author_id=caller.principal.id,
                    created_at=self.clock.now(),
                )
            )
            if after is None:
                return None
            digest = sha256(canonical(write(definition)))
            unit.audit.add(workflow_audit.written(before, after, digest, caller))
            fact = ProjectWorkflowChanged(workflow_id=after.id, version=after.version)
            actor = caller.principal.id
            unit.project_events.add(project.id, fact, actor=actor, at=after.created_at)
        return after
