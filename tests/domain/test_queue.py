"""First come, first served, within the limits of provider and project."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from domain.ids import IntentId, ProjectId, RunId
from domain.models.intents import Intent, IntentKind
from domain.queue import Ahead, ConcurrencyLimits, Load

START = datetime(2026, 1, 1, tzinfo=UTC)
LIMITS = ConcurrencyLimits(per_provider=3, per_project=2)


def intent(number: int, project: str, provider: str) -> Intent:
    """The intent that was stored as the number-th."""
    return Intent(
        id=IntentId(str(number)),
        run_id=RunId(str(number)),
        project_id=ProjectId(project),
        provider=provider,
        kind=IntentKind.DISPATCH,
        created_at=START + timedelta(seconds=number),
        due_at=START,
    )


def test_a_full_project_lets_others_pass() -> None:
    """One project's queue does not hold another's back."""
    load = Load({(ProjectId("a"), "local"): 2}, LIMITS)
    pending = [intent(1, "a", "local"), intent(2, "b", "local")]
    assert [pending[1]] == load.admit(pending)
    assert frozenset({"a"}) == load.full_projects


def test_a_full_provider_takes_nothing() -> None:
    """What is admitted counts at once, so that the limit holds within one round."""
    load = Load({}, LIMITS)
    pending = [intent(n, f"p{n}", "local") for n in range(5)]
    assert pending[:3] == load.admit(pending)
    assert frozenset({"local"}) == load.full_providers


ROOM = Ahead(on_provider=2, in_project=1, is_anyone_waiting=False)


def test_a_new_run_starts_at_once_where_there_is_room() -> None:
    """Up to each of the limits, and never before somebody who waits."""
    assert ROOM.leaves_room(LIMITS)
    for full in ({"on_provider": 3}, {"in_project": 2}, {"is_anyone_waiting": True}):
        assert not replace(ROOM, **full).leaves_room(LIMITS)


LANES = st.tuples(st.sampled_from("abc"), st.sampled_from(["local", "far"]))


@given(st.lists(LANES, max_size=30), st.dictionaries(LANES, st.integers(0, 3), max_size=6))
def test_limits_hold_and_order_is_kept(
    queue: list[tuple[str, str]], active: dict[tuple[str, str], int]
) -> None:
    """Whatever waits and runs: no limit is passed, none is served before an older one of its
    lane, and nothing is left waiting for which there is room."""
    counts = {(ProjectId(project), provider): n for (project, provider), n in active.items()}
    pending = [intent(n, *lane) for n, lane in enumerate(queue)]
    admitted = Load(counts, LIMITS).admit(pending)
    for kind, limit in (("provider", LIMITS.per_provider), ("project_id", LIMITS.per_project)):
        for name in {getattr(one, kind) for one in admitted}:
            running = sum(n for lane, n in counts.items() if name in lane)
            assert running + sum(getattr(one, kind) == name for one in admitted) <= limit
    assert admitted == sorted(admitted, key=lambda one: one.created_at)
    assert [] == Load(_with(counts, admitted), LIMITS).admit(
        [one for one in pending if one not in admitted]
    )


def _with(
    counts: dict[tuple[ProjectId, str], int], admitted: list[Intent]
) -> dict[tuple[ProjectId, str], int]:
    total = dict(counts)
    for one in admitted:
        lane = (one.project_id, one.provider)
        total[lane] = total.get(lane, 0) + 1
    return total
