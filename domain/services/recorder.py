"""Writing down what is learned of a run that its provider has, masked before it is stored."""

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Final

from domain.ids import ProjectId, RunId
from domain.limits import RunLimits
from domain.models.artifacts import Artifact
from domain.models.events import LogsTruncated, RunFact
from domain.models.intents import Lease, Return
from domain.models.logs import LogBatch
from domain.models.providers import Ended, Progress, ProviderStatus
from domain.models.runs import Run
from domain.ports import Clock, Meter, Store, UnitOfWork
from domain.reconciliation import OVERSPENT, Reconciled, held_to_budget
from domain.redaction.intake import Intake, Taken
from domain.redaction.values import masked_outputs
from domain.services.claims import Claimed
from domain.services.redactors import Redactors
from domain.services.seats import Seats
from domain.topics import cancel_topic

RAW_CHARACTERS_MAX: Final = 200


class LeaseLost(Exception):
    """Another node follows this run now, or somebody else has changed it meanwhile."""


class SecretsChanged(Exception):
    """What was about to be stored was masked without a secret that is known by now."""


class Misjudged(Exception):
    """The run is not as it was taken to be: it has to be read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """What a run has come to, and what it printed last behind `intake`, to be stored at once.

    `is_assumed`: the run was not read anew, so that it is only stored where it comes out as this
    says in all that may change.
    """

    claimed: Claimed
    run: Run
    found: Reconciled
    last: Progress | None
    intake: Intake
    is_assumed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorder:
    """Every write stands on the lease of whoever follows the run."""

    store: Store
    clock: Clock
    meter: Meter
    redactors: Redactors
    limits: RunLimits
    seats: Seats

    async def load(self, run_id: RunId) -> Run:
        async with self.store.snapshot() as unit:
            run = await unit.runs.get(run_id)
        assert run is not None, "a followed run is never removed"
        return run

    async def keep(self, claimed: Claimed, progress: Progress, intake: Intake) -> Intake:
        """Store what was printed; answers what the next has to be read after.

        Raises LeaseLost.
        """
        while True:
            with contextlib.suppress(SecretsChanged):
                async with self.store.transaction() as unit:
                    taken = await self._store(unit, claimed, progress, intake)
                break
        self._count(taken)
        if progress.truncated:
            await self.tell_truncated(claimed)
        return taken.intake

    def _count(self, taken: Taken) -> None:
        lines = sum(output.lines for output in taken.outputs)
        self.meter.stored_lines(lines, taken.redactions)

    async def _store(
        self, unit: UnitOfWork, claimed: Claimed, progress: Progress, intake: Intake
    ) -> Taken:
        """Raises LeaseLost, SecretsChanged."""
        redactor = self.redactors.of(claimed.run.project_id)
        taken = intake.take(progress.outputs, redactor)
        now = self.clock.now()
        batches = [
            LogBatch(stream=o.stream, first_line=0, count=o.lines, text=o.text, at=now)
            for o in taken.outputs
        ]
        is_held = await unit.logs.append(
            claimed.run.id,
            batches,
            redactions=taken.redactions,
            position=progress.position,
            lease=claimed.lease,
        )
        # Asked where nobody else can write this log: who masks what is stored comes after us.
        if self.redactors.of(claimed.run.project_id) is not redactor:
            raise SecretsChanged
        if not is_held:
            raise LeaseLost
        return taken

    async def tell_truncated(self, claimed: Claimed) -> None:
        """There is more than is kept; told once. Raises LeaseLost."""
        if claimed.run.log.truncated:
            return
        run = await self.load(claimed.run.id)
        if run.log.truncated:
            return
        after = replace(run, log=replace(run.log, truncated=True))
        fact = LogsTruncated(kept_lines=run.log.lines, limit_bytes=self.limits.output_bytes_max)
        await self.change(run, after, [fact], claimed.lease)

    async def change(
        self,
        run: Run,
        after: Run,
        facts: Sequence[RunFact],
        lease: Lease,
        back: Return | None = None,
        *,
        artifacts: Sequence[Artifact] = (),
    ) -> None:
        """Store what the run has become, and give the lease back or, where the run has ended, up.

        Raises LeaseLost.
        """
        async with self.store.transaction() as unit:
            await self._change(unit, run, after, facts, lease, back=back)
            if artifacts:
                await unit.artifacts.add(artifacts)
        self._count_change(run, after)

    def _count_change(self, run: Run, after: Run) -> None:
        if after.state is not run.state:
            self.meter.changed_state(run.provider, after.state)
            if not after.is_active and after.usage is not None:
                self.meter.used(run.provider, after.usage)

    async def _change(
        self,
        unit: UnitOfWork,
        run: Run,
        after: Run,
        facts: Sequence[RunFact],
        lease: Lease,
        *,
        back: Return | None = None,
        tells_steps: bool = True,
    ) -> Run:
        now = self.clock.now()
        changed = await unit.runs.change(
            run, after, facts, actor=None, at=now, lease=lease, tells_steps=tells_steps
        )
        if changed is None:
            raise LeaseLost
        if after.cancel_reason == OVERSPENT and run.cancel_requested_at is None:
            unit.wake(cancel_topic(run.id))
        if not after.is_active:
            await unit.intents.finish(lease)
        elif back is not None:
            await unit.following.give_back([back])
        return changed

    async def end(self, ending: Ending) -> None:
        """With what follows from it for a workflow that this node sees to.

        Raises LeaseLost, Misjudged.
        """
        ending = replace(ending, found=await self._held_to_budget(ending.run, ending.found))
        if await self.seats.hand(
            ending.found.after, partial(self.write_end, ending=ending, tells_steps=False)
        ):
            return
        while True:
            with contextlib.suppress(SecretsChanged):
                async with self.store.transaction() as unit:
                    await self.write_end(unit, ending)
                return

    async def write_end(
        self, unit: UnitOfWork, ending: Ending, *, tells_steps: bool = True
    ) -> None:
        """In a unit, which counts once it is committed. `tells_steps`: whoever sees to its
        workflow does not know yet.

        Raises LeaseLost, Misjudged, SecretsChanged: then it must not be.
        """
        claimed, run, after = ending.claimed, ending.run, ending.found.after
        if ending.last is not None:
            taken = await self._store(unit, claimed, ending.last, ending.intake)
            unit.after_commit(lambda: self._count(taken))
        changed = await self._change(
            unit, run, after, ending.found.facts, claimed.lease, tells_steps=tells_steps
        )
        if ending.is_assumed and replace(changed, sequence=after.sequence, log=after.log) != after:
            raise Misjudged
        if ending.found.artifacts:
            await unit.artifacts.add(ending.found.artifacts)
        unit.after_commit(lambda: self._count_change(run, after))

    async def write(
        self, run: Run, found: Reconciled, lease: Lease, back: Return | None = None
    ) -> None:
        """What is not new is not stored. Raises LeaseLost."""
        found = await self._held_to_budget(run, found)
        if found.after != run or back is not None:
            await self.change(run, found.after, found.facts, lease, back, artifacts=found.artifacts)

    async def _held_to_budget(self, run: Run, found: Reconciled) -> Reconciled:
        if found.after.usage == run.usage:
            return found
        return held_to_budget(found, await self._cost_cents_max(run), self.clock.now())

    async def _cost_cents_max(self, run: Run) -> int | None:
        """As the project says now."""
        async with self.store.snapshot() as unit:
            project = await unit.projects.get(run.project_id)
        assert project is not None, "projects are never removed"
        return project.settings.cost_cents_per_run

    def masked(self, project_id: ProjectId, status: ProviderStatus) -> ProviderStatus:
        """A provider's word without secrets, and no longer than is kept of it."""
        return replace(
            status,
            raw=self.redactors.told(project_id, status.raw, RAW_CHARACTERS_MAX),
            message=self._optional(project_id, status.message),
            question=self._optional(project_id, status.question),
            outputs=masked_outputs(status.outputs, self.redactors.of(project_id)),
        )

    def masked_end(self, project_id: ProjectId, end: Ended) -> Ended:
        """The same for what whoever watched a run to its end has seen."""
        return replace(
            end,
            message=self._optional(project_id, end.message),
            outputs=masked_outputs(end.outputs, self.redactors.of(project_id)),
        )

    def text(self, project_id: ProjectId, given: str) -> str:
        """See Redactors.told."""
        return self.redactors.told(project_id, given)

    def _optional(self, project_id: ProjectId, given: str | None) -> str | None:
        return None if given is None else self.text(project_id, given)
