"""What happens in a project, over a socket and in pages."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from domain.ids import PrincipalId, ProjectId
from domain.lifecycle import RunState
from domain.models.events import RunStateChanged
from domain.models.principals import Membership, Principal, PrincipalKind, Role
from domain.models.project_events import ProjectApprovalChanged, ProjectFact
from domain.models.runs import Run
from resolvers.context import Viewer
from schema import ids
from schema.cursors import stream_cursor
from schema.ids import seal
from schema.project_events import TELLERS
from tests.contract.store.scene import NOW, output
from tests.schema.api import ONLOOKER, STRANGER, Api, Json, Socket

pytestmark = pytest.mark.anyio

EVENTS = """subscription($project: String!, $after: String, $from: StreamStart) {
  projectEvents(project: $project, after: $after, from: $from) {
    __typename cursor at projectId actor { name }
    ... on ProjectRunChanged { from to run { id state } } } }"""
MINE = """subscription($project: String!, $after: String) {
  projectEvents(project: $project, after: $after) {
    ... on ProjectApprovalChanged { approval { canDecide ineligibleReason } } } }"""
PAGE = """query($first: Int, $after: String, $last: Int, $before: String) { project(slug: "main") {
  events(first: $first, after: $after, last: $last, before: $before) {
    nodes { __typename cursor at projectId actor { name }
      ... on ProjectRunChanged { from to run { id state } } }
    pageInfo { hasNextPage hasPreviousPage endCursor } } } }"""
MAIN = {"project": "main"}
WHOLE = {"project": "main", "from": "BEGINNING"}


async def change(api: Api, run: Run, state: RunState) -> Run:
    fact = RunStateChanged(from_state=run.state, to_state=state)
    async with api.workbench.database.transaction() as unit:
        changed = await unit.runs.change(
            run, replace(run, state=state), [fact], actor=api.scene.actor.id, at=NOW
        )
    assert changed is not None
    return changed


async def told(socket: Socket, count: int) -> list[Json]:
    return [(await socket.next())["projectEvents"] for _ in range(count)]


async def joined(api: Api) -> None:
    """Return once somebody follows the project."""
    while not api.workbench.streams.projects._tails:
        await asyncio.sleep(0.01)


async def whole(api: Api, count: int) -> list[Json]:
    async with api.socket() as socket:
        await socket.subscribe(EVENTS, **WHOLE)
        return await told(socket, count)


def test_every_fact_has_a_type() -> None:
    """One that had none could be stored and never told."""
    kinds = getattr(ProjectFact, "__args__", (ProjectFact,))
    assert set(kinds) == set(TELLERS)


async def test_who_joins_now_is_told_what_comes(api: Api) -> None:
    """Nothing of before; each run with the state it has reached, and who caused it."""
    await api.scene.started()
    async with api.socket(ONLOOKER) as socket:
        await socket.subscribe(EVENTS, **MAIN)
        await joined(api)
        run, _ = await api.scene.queued()
        (launched,) = await told(socket, 1)
        await change(api, run, RunState.CANCELED)
        (canceled,) = await told(socket, 1)

    assert "ProjectRunChanged" == launched["__typename"]
    assert ids.project_id(api.scene.project.id) == launched["projectId"]
    assert [(None, "QUEUED"), ("QUEUED", "CANCELED")] == [
        (each["from"], each["to"]) for each in (launched, canceled)
    ]
    assert {"id": ids.run_id(run.id), "state": "QUEUED"} == launched["run"]
    assert {"id": ids.run_id(run.id), "state": "CANCELED"} == canceled["run"]
    assert {"name": "ada"} == canceled["actor"]


async def test_any_cursor_resumes_exactly_behind_it(api: Api) -> None:
    """Those of events and of pages, live and stored: the rest follows and nothing else."""
    for _ in range(3):
        await api.scene.started()
    events = await whole(api, 6)
    page = (await api.data(PAGE))["project"]["events"]
    assert events == page["nodes"]
    assert {"hasNextPage": False, "hasPreviousPage": False} == {
        name: value for name, value in page["pageInfo"].items() if name != "endCursor"
    }

    for place, event in enumerate(events[:-1], 1):
        async with api.socket() as socket:
            await socket.subscribe(EVENTS, after=event["cursor"], **WHOLE)
            assert events[place:] == await told(socket, 6 - place)
        rest = (await api.data(PAGE, after=event["cursor"], first=2))["project"]["events"]
        assert events[place : place + 2] == rest["nodes"]
        assert (place < 4) == rest["pageInfo"]["hasNextPage"]


@pytest.mark.parametrize(
    ("asked", "expected", "around"),
    [
        ({}, [1, 2, 3, 4, 5, 6], (False, False)),
        ({"first": 2}, [1, 2], (False, True)),
        ({"first": 2, "after": 3}, [4, 5], (True, True)),
        ({"first": 3, "after": 3}, [4, 5, 6], (True, False)),
        ({"after": 6}, [], (True, False)),
        ({"last": 1}, [6], (True, False)),
        ({"last": 2, "before": 4}, [2, 3], (True, True)),
        ({"before": 3}, [1, 2], (False, True)),
        ({"last": 9, "after": 4}, [5, 6], (True, False)),
        ({"first": 9, "after": 1, "before": 4}, [2, 3], (True, True)),
        ({"after": 4, "before": 2}, [], (True, True)),
    ],
)
async def test_pages_lie_anywhere(
    api: Api, asked: Json, expected: list[int], around: tuple[bool, bool]
) -> None:
    """Read from either end, between any places, oldest first, and told what is on either side."""
    for _ in range(3):
        await api.scene.started()
    project = api.scene.project.id
    sealed = {
        name: stream_cursor(project, place) if name in {"after", "before"} else place
        for name, place in asked.items()
    }
    page = (await api.data(PAGE, **sealed))["project"]["events"]

    assert [stream_cursor(project, n) for n in expected] == [n["cursor"] for n in page["nodes"]]
    assert around == tuple(page["pageInfo"][n] for n in ("hasPreviousPage", "hasNextPage"))


async def test_a_page_has_one_end(api: Api) -> None:
    """Both first and last are no question."""
    assert "INVALID_INPUT" == await api.code(PAGE, first=1, last=1)


async def test_cursors_of_elsewhere_are_none(api: Api) -> None:
    """Of a run, of another project, beyond the end, inside of a batch."""
    run, lease = await api.scene.started()
    await api.scene.print_out(run, lease, output("line"))
    project = api.scene.project.id
    for cursor in (
        stream_cursor(run.id, 1),
        stream_cursor(ProjectId("0" * 32), 1),
        stream_cursor(project, 3),
        seal(f"{project}:1:1-1"),
        "no cursor",
    ):
        async with api.socket() as socket:
            assert "CURSOR_INVALID" == await socket.refusal(EVENTS, after=cursor, **MAIN)
        assert "CURSOR_INVALID" == await api.code(PAGE, after=cursor)
        assert "CURSOR_INVALID" == await api.code(PAGE, before=cursor)


async def test_a_project_that_is_not_to_be_seen_is_not_there(api: Api) -> None:
    """A stranger is told what everybody is told of a slug that nobody has."""
    async with api.socket(STRANGER) as socket:
        assert "NOT_FOUND" == await socket.refusal(EVENTS, **MAIN)
    async with api.socket() as socket:
        assert "NOT_FOUND" == await socket.refusal(EVENTS, project="none")


async def test_followers_are_told_what_they_may_do_themselves(api: Api) -> None:
    """Also where two with the same permissions follow with the same words."""
    roles = frozenset({Role.OPERATOR, Role.ELEVATED_APPROVER})
    people = {"asks": api.scene.actor.id, "answers": PrincipalId("another")}

    async def identify(text: str | None) -> Viewer | None:
        who = people[text or ""]
        member = Membership(project_id=api.scene.project.id, principal_id=who, roles=roles)
        principal = Principal(
            id=who, name=str(text), kind=PrincipalKind.USER, is_server_admin=False
        )
        return Viewer(principal=principal, memberships=(member,))

    both = Api.identifying(api.workbench, api.scene, identify)
    run, _ = await api.scene.queued()
    approval = api.scene.approval(run, expires_at=datetime(2999, 1, 1, tzinfo=UTC))
    behind = (await whole(api, 1))[-1]["cursor"]
    async with both.socket("asks") as asks, both.socket("answers") as answers:
        for socket in (asks, answers):
            await socket.subscribe(MINE, project="main", after=behind)
        await joined(api)
        await asyncio.sleep(0.2)
        async with api.workbench.database.transaction() as unit:
            await unit.approvals.add(approval)
            fact = ProjectApprovalChanged(
                approval_id=approval.id, from_state=None, to_state=approval.state
            )
            unit.project_events.add(api.scene.project.id, fact, actor=None, at=NOW)
        seen = [(await told(socket, 1))[0]["approval"] for socket in (asks, answers)]

    assert ["REQUESTER", False] == [seen[0]["ineligibleReason"], seen[0]["canDecide"]]
    assert "REQUESTER" != seen[1]["ineligibleReason"]
