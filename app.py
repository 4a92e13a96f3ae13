"""Composition root: the only place that knows everybody. cli/ is the `workbench` command."""

import os
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, nullcontext
from dataclasses import dataclass
from functools import cached_property

from adapters.config_schemas import check_config
from adapters.documents.folder import ProjectFolders
from adapters.folders import real_folder
from adapters.sealing import AesGcmCipher
from adapters.secret_sources import SecretSources
from adapters.signing import Ed25519Signer
from domain.allowance import Allowance
from domain.ids import RunId
from domain.models.events import RunEvent
from domain.services.allowances import Allowances
from domain.services.attestor import Attestor
from domain.services.feature_services import FeatureServices
from domain.services.governance import Governance
from domain.services.grants import Grants
from domain.services.known_switches import KnownSwitches
from domain.services.members import Members
from domain.services.projects import Projects
from domain.services.provider_services import ProviderServices
from domain.services.refusals import Refusals
from domain.services.retention import Retention
from domain.services.run_services import RunServices
from domain.services.settings import SettingsUpdater
from domain.services.sign_in import SignIn
from domain.services.streams import LiveStreams
from domain.services.subjects import Subjects
from domain.services.token_uses import TokenUses
from domain.services.tokens import Tokens
from domain.services.workflow_services import WorkflowServices
from ground import Ground
from persistence.unit_of_work import Database
from resolvers.context import Services
from resolvers.viewers import Viewers
from serving.audit_keys import audit_key
from serving.first_project import ensure_first_project
from serving.process import running


@dataclass(frozen=True, kw_only=True)
class Workbench(Ground):
    """One server's parts, each made when it is first asked for. Nothing runs before `started`."""

    @cached_property
    def database(self) -> Database:
        return Database.open(
            self.settings.store_url, on_commit=self._wake, on_events=self._tell_streams
        )

    def _wake(self, topics: frozenset[str]) -> None:
        self.known_tokens.wake(topics)
        self.known_switches.wake(topics)
        self.providers.connector.wake(topics)
        self.notifier.wake(topics)

    def _tell_streams(self, run_id: RunId, events: Sequence[RunEvent]) -> None:
        """Streams read the database and the database tells streams: here the two are joined."""
        self.streams.runs.tell(run_id, events)

    @cached_property
    def providers(self) -> ProviderServices:
        return ProviderServices(
            store=self.database,
            signals=self.notifier,
            clock=self.clock,
            random=self.random,
            meter=self.meter,
            registry=self.registry,
            redactors=self.redactors,
            cipher=AesGcmCipher(self.settings.sealing_keys),
            read=SecretSources(os.environ, self.settings.private_paths),
            check_config=check_config,
            check_every_s=self.settings.provider_check_s,
        )

    @cached_property
    def known_switches(self) -> KnownSwitches:
        return KnownSwitches(self.database, self.clock)

    @cached_property
    def sign_in(self) -> SignIn:
        return SignIn(
            store=self.database,
            clock=self.clock,
            new_id=self.new_id,
            uses=self.token_uses,
            known=self.known_tokens,
        )

    @cached_property
    def token_uses(self) -> TokenUses:
        return TokenUses(store=self.database, clock=self.clock, meter=self.meter)

    @cached_property
    def attestor(self) -> Attestor:
        return Attestor(
            store=self.database,
            clock=self.clock,
            meter=self.meter,
            signer=Ed25519Signer(audit_key(self.settings)),
            refusals=Refusals(store=self.database, clock=self.clock, meter=self.meter),
            entries=self.settings.audit_attest_entries,
            seconds=self.settings.audit_attest_s,
        )

    @cached_property
    def viewers(self) -> Viewers:
        subjects, rights = None, self.settings.oidc_roles or {}
        if self.verifier is not None:
            subjects = Subjects(self.database, self.clock, self.new_id, self.verifier, rights)
        return Viewers(sign_in=self.sign_in, subjects=subjects)

    @cached_property
    def projects(self) -> Projects:
        return Projects(
            store=self.database,
            clock=self.clock,
            new_id=self.new_id,
            real_folder=real_folder,
            default_provider=self.local.key,
        )

    @cached_property
    def governance(self) -> Governance:
        return Governance(
            store=self.database,
            signals=self.notifier,
            clock=self.clock,
            new_id=self.new_id,
            meter=self.meter,
            registry=self.registry,
            disabled=self.settings.disabled_features,
            groups=self.settings.oidc_roles,
            limits=self.settings.run_limits,
            queue_max=self.settings.queue_max,
            # The engine itself asks people, where it sends a run elsewhere.
            start_at_once=lambda *run: self.runs.engine.take(*run),  # noqa: PLW0108 - made later
        )

    @cached_property
    def streams(self) -> LiveStreams:
        return LiveStreams(
            store=self.database, signals=self.notifier, clock=self.clock, meter=self.meter
        )

    @cached_property
    def grants(self) -> Grants:
        return Grants(
            store=self.database, signals=self.notifier, clock=self.clock, meter=self.meter
        )

    @cached_property
    def runs(self) -> RunServices:
        return RunServices(
            store=self.database,
            signals=self.notifier,
            clock=self.clock,
            new_id=self.new_id,
            meter=self.meter,
            random=self.random,
            registry=self.registry,
            redactors=self.redactors,
            governance=self.governance,
            connections=self.providers.connections,
            collector=self.collector,
            switches=self.known_switches,
            limits=self.settings.run_limits,
            node=self.node,
            lease_s=self.settings.lease_s,
            concurrency=self.settings.concurrency,
        )

    @cached_property
    def features(self) -> FeatureServices:
        return FeatureServices(
            store=self.database,
            clock=self.clock,
            new_id=self.new_id,
            files=ProjectFolders(),
            redactors=self.redactors,
        )

    @cached_property
    def workflows(self) -> WorkflowServices:
        return WorkflowServices(
            store=self.database,
            signals=self.notifier,
            clock=self.clock,
            new_id=self.new_id,
            meter=self.meter,
            random=self.random,
            governance=self.governance,
            connections=self.providers.connections,
            briefings=self.features.briefings,
            switches=self.known_switches,
            checker=self.checker,
            files=self.files,
            launcher=self.runs.launcher,
            seats=self.runs.follower.seats,
            redactors=self.redactors,
            node=self.node,
            lease_s=self.settings.lease_s,
        )

    @cached_property
    def services(self) -> Services:
        return Services(
            launcher=self.runs.launcher,
            workflow_runs=self.workflows.runs,
            recovery=self.workflows.recovery,
            reporter=self.workflows.reporter,
            interventions=self.runs.interventions,
            kill_switches=self.runs.kill_switches,
            gate=self.governance.gate,
            policies=self.governance.policies,
            approvals=self.governance.approvals,
            delegations=self.governance.delegations,
            projects=self.projects,
            settings=SettingsUpdater(self.database, self.clock, self.registry),
            members=Members(store=self.database, clock=self.clock),
            tokens=Tokens(store=self.database, clock=self.clock, new_id=self.new_id),
            streams=self.streams,
            grants=self.grants,
            downloads=self.downloads_of(self.database, self.grants, self.workflows.reporter),
            registry=self.registry,
            connections=self.providers.connections,
            provider_configs=self.providers.configs,
            provider_checks=self.providers.checks,
            credentials=self.providers.credentials,
            features=self.features,
            workflows=self.workflows.workflows,
            allowances=Allowances(self.clock, Allowance(self.settings.cost_per_minute)),
            clock=self.clock,
            refusals=self.attestor.refusals,
            facts=self.facts,
        )

    async def prepare(self) -> None:
        """Bring the tables up to date, and put in what a first start needs.

        Apart from `started`, so that a database that cannot be used is told without a traceback.
        Raises StorageUnavailable.
        """
        try:
            await self.database.migrate()
            await self.database.check()
            admin = await self.sign_in.bootstrap(self.token)
            await ensure_first_project(
                self.database, self.projects, admin, self.settings.project_root.resolve()
            )
        except BaseException:
            await self.database.close()
            raise

    @asynccontextmanager
    async def started(self) -> AsyncIterator[None]:
        """Everything running on a prepared database; stopped in the opposite order."""
        async with AsyncExitStack() as stack:
            stack.push_async_callback(self.database.close)
            for part in (self.hub, self.notifier, self.token_uses, self.grants, self.attestor):
                await stack.enter_async_context(part)
            await stack.enter_async_context(self.verifier or nullcontext())
            stack.push_async_callback(self.local.close)
            stack.push_async_callback(self.outbound.close)
            await stack.enter_async_context(self.providers.connector)
            await stack.enter_async_context(running(self.runs.engine.run(), "engine"))
            await stack.enter_async_context(running(self.workflows.engine.run(), "workflows"))
            await stack.enter_async_context(running(self.governance.deadlines.run(), "deadlines"))
            await stack.enter_async_context(running(self.providers.watch.run(), "watch"))
            await stack.enter_async_context(running(self.providers.callbacks.run(), "callbacks"))
            retention = Retention(
                store=self.database, clock=self.clock, meter=self.meter, contents=self.contents
            )
            await stack.enter_async_context(running(retention.run(), "retention"))
            yield
