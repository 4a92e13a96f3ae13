"""What goes to this machine instead: only what surely reached nobody, and is allowed here."""

from dataclasses import replace
from datetime import timedelta

import pytest

from domain.circuit import FAILURES_TO_OPEN, CircuitState
from domain.errors import ProviderRefused, ProviderUnavailable, ProviderUnconfigured
from domain.ids import RunId
from domain.lifecycle import RunState
from domain.models.audit import AuditAction, chain_of
from domain.models.commands import LaunchRun
from domain.models.events import RunRerouted
from domain.models.pages import AuditFilter, Window
from domain.models.policies import PolicyEffect, PolicyMatch, PolicyRule
from domain.models.principals import Membership, Role
from domain.models.project_events import ProjectProviderHealthChanged
from domain.models.providers import CredentialSpec, ProviderKind
from domain.models.runs import Budget, FailureCode, Run
from domain.models.settings import ProviderFallback
from domain.services.dispatcher import DISPATCH_TRIES_MAX
from domain.services.fallbacks import UNSENT_TRIES, Fallbacks
from tests.contract.store.scene import ANYTHING
from tests.domain.services.conftest import POLL_S, Desk
from tests.domain.services.polling import events
from tests.domain.services.scripted import ScriptedAdapter

pytestmark = pytest.mark.anyio

UNSENT = ProviderUnavailable("no route to host", is_unsent=True)
ASK = PolicyRule(
    name="ask",
    effect=PolicyEffect.REQUIRE_APPROVAL,
    match=PolicyMatch(providers=("local",)),
)
DENY = replace(ASK, name="deny", effect=PolicyEffect.DENY)


@pytest.fixture
async def away(desk: Desk) -> ScriptedAdapter:
    """A provider `far` that cannot be reached, beside this machine; commands may go there."""
    far = ScriptedAdapter(clock=desk.clock, key="far", sites=frozenset(), poll_s=POLL_S)
    far.answers = [UNSENT] * 99
    desk.adapter.kind = ProviderKind.LOCAL
    for registry in (desk.dispatcher.registry, desk.launcher.gate.registry):
        registry._providers["far"] = far
    fallbacks = Fallbacks(
        gate=desk.launcher.gate,
        approvals=desk.launcher.approvals,
        new_id=desk.launcher.placer.new_id,
    )
    desk.dispatcher = replace(desk.dispatcher, fallbacks=fallbacks)
    await allow(desk, ProviderFallback.LOCAL)
    return far


async def allow(desk: Desk, fallback: ProviderFallback) -> None:
    before = desk.project.settings
    settings = replace(before, fallback=fallback, version=before.version + 1)
    async with desk.store.transaction() as unit:
        await unit.projects.set_settings(desk.project.id, settings)
    desk.project = replace(desk.project, settings=settings)


async def make_approver(desk: Desk) -> None:
    roles = frozenset({Role.ADMIN, Role.OPERATOR, Role.APPROVER})
    member = Membership(project_id=desk.project.id, principal_id=desk.admin.id, roles=roles)
    async with desk.store.transaction() as unit:
        await unit.principals.set_membership(member)


async def launch(desk: Desk, **more: object) -> Run:
    asked = LaunchRun(project="main", provider="far", command=("true",))
    command = replace(asked, **more)  # type: ignore[arg-type]
    return await desk.launcher.launch(command, desk.project, desk.caller)


async def tried(desk: Desk, run: RunId, times: int = UNSENT_TRIES) -> Run:
    """The run after so many tries to hand over what is due."""
    for _ in range(times):
        desk.clock.time += timedelta(hours=2)
        for claimed in await desk.dispatcher.claim():
            await desk.dispatcher.dispatch(claimed)
    return await desk.run(run)


async def test_what_cannot_be_reached_is_done_here(desk: Desk, away: ScriptedAdapter) -> None:
    """After some tries, under a decision of its own, and it tells so."""
    run = await launch(desk)
    assert "far" == (await tried(desk, run.id, UNSENT_TRIES - 1)).provider
    after = await tried(desk, run.id, 1)
    assert (RunState.QUEUED, "far", "local") == (
        after.state,
        after.requested_provider,
        after.provider,
    )
    assert "far could not be reached: no route to host" == after.fallback_reason
    assert run.decision_id != after.decision_id
    assert RunState.RUNNING is (await tried(desk, run.id, 1)).state
    assert [run.id] == [order.run_id for order in desk.adapter.orders]
    told = [e.fact for e in await events(desk, run) if isinstance(e.fact, RunRerouted)]
    assert ["local"] == [fact.provider for fact in told]
    async with desk.store.snapshot() as unit:
        chosen = AuditFilter(actions=(AuditAction.RUN_REROUTE,))
        assert 1 == len(await unit.audit.page(chain_of(desk.project.id), chosen, Window(limit=9)))


async def test_nothing_goes_elsewhere_unless_the_project_says_so(
    desk: Desk, away: ScriptedAdapter
) -> None:
    """It is tried on, and fails at last."""
    await allow(desk, ProviderFallback.NEVER)
    run = await launch(desk)
    after = await tried(desk, run.id, DISPATCH_TRIES_MAX)
    assert after.failure is not None
    assert (FailureCode.PROVIDER_UNAVAILABLE, "far") == (after.failure.code, after.provider)
    assert [] == desk.adapter.orders


@pytest.mark.parametrize(
    "more",
    [
        {"command": None, "prompt": "do it"},
        {"tool_scopes": ("read",)},
        {"budget": Budget(tokens=5)},
        {"cwd": "outside"},
    ],
)
async def test_only_what_this_machine_can_do_goes_there(
    desk: Desk, away: ScriptedAdapter, more: dict[str, object]
) -> None:
    """No prompt, nothing that means something to agents alone, no folder that is not here."""
    desk.adapter.run_kinds = frozenset({next(iter(away.run_kinds)).COMMAND})

    def anywhere(root_path: str, cwd: str | None) -> str:
        return cwd or root_path

    away.resolve_cwd = anywhere  # type: ignore[method-assign]
    run = await launch(desk, **more)
    assert "far" == (await tried(desk, run.id, UNSENT_TRIES + 1)).provider


@pytest.mark.parametrize(
    "answer",
    [ProviderRefused("no such image"), ProviderUnavailable("no answer")],
)
async def test_what_was_refused_or_perhaps_got_stays(
    desk: Desk, away: ScriptedAdapter, answer: ProviderRefused | ProviderUnavailable
) -> None:
    """Whatever the project allows: else it would be done twice, or against a no."""
    away.answers = [answer] * 99
    away.kept = None
    run = await launch(desk)
    after = await tried(desk, run.id, UNSENT_TRIES + 2)
    assert (RunState.FAILED, "far", None) == (after.state, after.provider, after.fallback_reason)
    assert [] == desk.adapter.orders


async def test_one_that_may_be_there_never_goes_elsewhere(
    desk: Desk, away: ScriptedAdapter
) -> None:
    """Also where the tries since have surely not arrived; it is degraded meanwhile."""
    away.answers = [ProviderUnavailable("no answer")]

    async def unasked(*_: object) -> None:
        raise UNSENT

    away.lookup = unasked  # type: ignore[method-assign,assignment]
    run = await launch(desk)
    after = await tried(desk, run.id, DISPATCH_TRIES_MAX + 3)
    assert (RunState.QUEUED, "far", True) == (after.state, after.provider, after.is_degraded)


@pytest.mark.parametrize(
    ("rule", "state", "provider"),
    [(ASK, RunState.BLOCKED, "local"), (DENY, RunState.QUEUED, "far")],
)
async def test_the_policy_is_asked_for_this_machine(
    desk: Desk, away: ScriptedAdapter, rule: PolicyRule, state: RunState, provider: str
) -> None:
    """People are asked anew about what goes here, and what may not come here does not."""
    await make_approver(desk)
    desk.project = await desk.with_rules(rule, ANYTHING)
    run = await launch(desk)
    after = await tried(desk, run.id)
    assert (state, provider) == (after.state, after.provider)
    assert (state is RunState.BLOCKED) is (after.approval_id is not None)
    assert [] == desk.adapter.orders


async def test_an_open_circuit_sends_runs_elsewhere_at_once(
    desk: Desk, away: ScriptedAdapter
) -> None:
    """Nobody waits for what is known; and the project is told of the circuit."""
    await allow(desk, ProviderFallback.NEVER)
    first = await launch(desk)
    await tried(desk, first.id, FAILURES_TO_OPEN)
    circuits = desk.dispatcher.circuits
    assert CircuitState.CLOSED is not circuits.state(desk.project.id, "far")
    await allow(desk, ProviderFallback.LOCAL)
    run = await launch(desk)
    claims = await desk.dispatcher.claim()
    for claimed in claims:
        await desk.dispatcher.dispatch(claimed)
    assert "local" == (await desk.run(run.id)).provider
    async with desk.store.snapshot() as unit:
        told = [e.fact for e in await unit.project_events.after(desk.project.id, 0, 99)]
    changed = [fact for fact in told if isinstance(fact, ProjectProviderHealthChanged)]
    assert [("far", CircuitState.OPEN)] == [(fact.provider, fact.circuit) for fact in changed]


async def test_a_launch_on_what_is_not_configured_is_told_so(
    desk: Desk, away: ScriptedAdapter
) -> None:
    """And stored as nothing, whatever may go elsewhere."""
    away.credentials = (CredentialSpec(name="token", description="A token."),)
    with pytest.raises(ProviderUnconfigured):
        await launch(desk)
    assert [] == await desk.dispatcher.claim()
