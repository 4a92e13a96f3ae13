"""Records that a provider has started a run."""

from dataclasses import dataclass, replace
from typing import Final

from domain.errors import ProviderRefused
from domain.lifecycle import RunSignal, advance
from domain.models.events import RunDispatched, RunStateChanged
from domain.models.intents import IntentKind
from domain.models.providers import Dispatched
from domain.models.runs import Run
from domain.ports import Clock, Meter, Provider, Store, UnitOfWork
from domain.reconciliation import plausible, trusted
from domain.services.claims import Claimed
from domain.services.redactors import Redactors

ID_CHARACTERS_MAX: Final = 1000
URL_CHARACTERS_MAX: Final = 2000
GOES_ON: Final = "What it has started may be going on there."


@dataclass(frozen=True, slots=True, kw_only=True)
class Starts:
    """Writes under the lease of the dispatching node."""

    store: Store
    clock: Clock
    meter: Meter
    redactors: Redactors

    async def record(
        self, claimed: Claimed, provider: Provider, started: Dispatched
    ) -> Claimed | None:
        """Store the start; return the claim to follow the run by.

        None where the run is polled instead, or another node was faster. Raises ProviderRefused
        where the provider's name for the run cannot be used to ask for it again.
        """
        run, lease, now = claimed.run, claimed.lease, self.clock.now()
        self._check_name(run, started.provider_run_id)
        state = advance(run.state, RunSignal.START)
        is_polled = provider.poll_s is not None
        url = self._link(run, started.external_url)
        after = replace(
            trusted(run),
            state=state,
            provider_run_id=started.provider_run_id,
            external_url=url,
            started_at=plausible(started.started_at, run, now),
            next_reconcile_at=now if is_polled else None,
        )
        facts = (
            RunStateChanged(from_state=run.state, to_state=state),
            RunDispatched(provider_run_id=started.provider_run_id, external_url=url),
        )
        async with self.store.transaction() as unit:
            await _check_unused(unit, run, provider, started.provider_run_id)
            changed = await unit.runs.change(run, after, facts, actor=None, at=now, lease=lease)
            if changed is None:
                return None
            if is_polled:
                await unit.intents.become_polled(lease, now)
            else:
                await unit.intents.become_followed(lease, site=started.site)
        self.meter.changed_state(run.provider, state)
        waited = (changed.started_at or now) - run.created_at
        self.meter.dispatched(run.provider, waited.total_seconds())
        if is_polled:
            return None
        followed = replace(claimed.intent, kind=IntentKind.FOLLOW, site=started.site, position=None)
        return replace(claimed, intent=followed, run=changed)

    def _check_name(self, run: Run, name: str) -> None:
        """Refuse names that cannot be stored as they are: the provider is asked by this text."""
        if len(name) > ID_CHARACTERS_MAX:
            told = f"The provider names the run by over {ID_CHARACTERS_MAX} characters."
        elif not name.isprintable():
            told = "The provider names the run by what is no printable text."
        elif self.redactors.of(run.project_id).text(name) != name:
            told = "The provider names the run by a secret of this project."
        else:
            return
        raise ProviderRefused(f"{told} {GOES_ON}")

    def _link(self, run: Run, url: str | None) -> str | None:
        """Return the link, masked; None where it is too long or not printable."""
        if url is None or len(url) > URL_CHARACTERS_MAX or not url.isprintable():
            return None
        return self.redactors.of(run.project_id).text(url)


async def _check_unused(unit: UnitOfWork, run: Run, provider: Provider, name: str) -> None:
    """Refuse a name that another run of this provider has: both would show the same state.

    Not checked on this machine, where names are process ids that recur, or where the provider
    gives no name. Raises ProviderRefused.
    """
    if provider.sites or not name:
        return
    first = await unit.runs.named_by_provider(run.project_id, run.provider, name)
    if first is not None and first != run.id:
        message = f"The provider names it {name!r}, as it has named the run {first} before."
        raise ProviderRefused(f"{message} {GOES_ON}")
