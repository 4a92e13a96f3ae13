"""What can be asked, by whom, and how lists are paged."""

from typing import Any

import pytest

from domain.ids import ProjectId, RunId
from domain.models.providers import LogStream
from schema import ids
from tests.contract.store.scene import output
from tests.schema.api import ADMIN, ONLOOKER, OPERATOR, STRANGER, Api, Json

pytestmark = pytest.mark.anyio

RUNS = """
query($first: Int, $after: String, $filter: RunFilter) {
  project(slug: "main") {
    runs(first: $first, after: $after, filter: $filter) {
      nodes { id state }
      edges { cursor }
      pageInfo { hasNextPage hasPreviousPage endCursor }
    }
  }
}
"""
LOGS = """
query($id: ID!, $first: Int, $after: String, $last: Int, $before: String, $stream: LogStream,
      $contains: String) {
  node(id: $id) {
    ... on Run {
      logs(first: $first, after: $after, last: $last, before: $before, stream: $stream,
           contains: $contains) {
        nodes { cursor firstLine lines }
        pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
      }
    }
  }
}
"""


async def test_a_run_answers_with_all_its_fields(api: Api) -> None:
    """Every field that a client may ask of a run that has printed something."""
    run, lease = await api.scene.started(reason="to see it run")
    await api.scene.print_out(run, lease, output("hello\nworld"))
    data = await api.data(
        """query($id: ID!) { node(id: $id) { __typename id ... on Run {
          project { id slug rootPath createdAt settings { defaultProvider } }
          kind requestedProvider { key } provider { id key name kind updateCadenceMs
            capabilities { streaming cancel artifacts resume sandbox } }
          fallbackReason command prompt cwd
          envProfile toolScopes timeoutMs reason state failure { code message } exitCode
          providerRunId providerStatusRaw externalUrl syncStatus degraded degradedReason
          lastReconciledAt nextReconcileAt cancelRequestedAt cancelReason queuePosition
          decision { id verdict risk reasons { code explanation rule } policyVersion inputDigest }
          retryOf { id } retries { id } requestedBy { id name kind } createdAt queuedAt startedAt
          finishedAt durationMs availableActions logStats { lines bytes redactions truncated }
          latestEvents(first: 1) { __typename cursor at runId actor { name } }
        } } }""",
        id=ids.run_id(run.id),
    )
    node = data["node"]
    assert ("Run", "RUNNING", "main") == (
        node["__typename"],
        node["state"],
        node["project"]["slug"],
    )
    assert ["git", "log", "--oneline"] == node["command"]
    assert {"lines": 2, "bytes": 12, "redactions": 0, "truncated": False} == node["logStats"]
    assert ["CANCEL"] == node["availableActions"]
    assert "ada" == node["requestedBy"]["name"]
    assert ["RunStateChanged"] == [event["__typename"] for event in node["latestEvents"]]


async def test_runs_are_paged_newest_first(api: Api) -> None:
    """Two pages hold every run once; the second ends the list."""
    made = [(await api.scene.queued())[0].id for _ in range(3)]
    first = (await api.data(RUNS, first=2))["project"]["runs"]
    after = first["pageInfo"]["endCursor"]
    second = (await api.data(RUNS, first=2, after=after))["project"]["runs"]
    seen = [node["id"] for node in first["nodes"] + second["nodes"]]
    assert [ids.run_id(run) for run in sorted(made, reverse=True)] == seen
    assert (True, False) == (
        first["pageInfo"]["hasNextPage"],
        second["pageInfo"]["hasNextPage"],
    )


async def test_runs_are_filtered(api: Api) -> None:
    """All fields of the filter must match."""
    await api.scene.queued()
    run, _ = await api.scene.started()
    wanted = {"states": ["RUNNING"], "providers": ["local"], "commandContains": "log --"}
    data = await api.data(RUNS, filter=wanted)
    assert [ids.run_id(run.id)] == [node["id"] for node in data["project"]["runs"]["nodes"]]
    none = await api.data(RUNS, filter={**wanted, "createdBefore": "2020-01-01T00:00:00Z"})
    assert [] == none["project"]["runs"]["nodes"]


@pytest.mark.parametrize("time", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"])
async def test_a_time_that_utc_cannot_tell_is_refused(api: Api, time: str) -> None:
    """The calendar ends within the time's zone: bad input, no failure of ours."""
    for name in ("createdAfter", "createdBefore"):
        assert "INVALID_INPUT" == await api.code(RUNS, filter={name: time})


@pytest.mark.parametrize("first", [0, -1, 101, 100_000])
async def test_a_page_has_a_size_that_can_be_answered(api: Api, first: int) -> None:
    """A size out of bounds is told, not quietly changed."""
    assert "INVALID_INPUT" == await api.code(RUNS, first=first)


@pytest.mark.parametrize("cursor", ["", "garbage", ids.seal("runs:other|x"), ids.seal("x|y")])
async def test_a_foreign_list_cursor_is_refused(api: Api, cursor: str) -> None:
    """Also the cursor of another project's runs."""
    assert "CURSOR_INVALID" == await api.code(RUNS, after=cursor)


async def test_a_project_shows_itself_to_members_only(api: Api) -> None:
    """For others it is absent: by slug, by id, in the list, and all that is in it."""
    run, _ = await api.scene.queued()
    query = """query($project: ID!, $run: ID!, $decision: ID!, $provider: ID!) {
      project(slug: "main") { id } projects { nodes { slug } }
      a: node(id: $project) { id } b: node(id: $run) { id }
      c: node(id: $decision) { id } d: node(id: $provider) { id } }"""
    given = {
        "project": ids.project_id(run.project_id),
        "run": ids.run_id(run.id),
        "decision": ids.decision_id(run.decision_id),
        "provider": ids.provider_id(run.project_id, "local"),
    }
    for token in (ADMIN, OPERATOR, ONLOOKER):
        data = await api.data(query, token=token, **given)
        assert None not in data.values()
        assert [{"slug": "main"}] == data["projects"]["nodes"]
    hidden = await api.data(query, token=STRANGER, **given)
    assert {"nodes": []} == hidden.pop("projects")
    assert {None} == set(hidden.values())


@pytest.mark.parametrize(
    "given_id",
    ["", "x", "é", ids.run_id(RunId("0" * 32)), ids.project_id(ProjectId("\0")), ids.seal("No:1")],
)
async def test_an_id_that_leads_nowhere_is_null(api: Api, given_id: str) -> None:
    """Unknown, of an unknown kind, and garbage."""
    assert {"node": None} == await api.data("query($id: ID!) { node(id: $id) { id } }", id=given_id)


async def test_a_slug_that_no_database_takes_is_absent(api: Api) -> None:
    """A NUL cannot be asked for everywhere."""
    query = "query($slug: String!) { project(slug: $slug) { id } }"
    assert {"project": None} == await api.data(query, slug="ma\0in")


async def test_the_viewer_sees_its_rights(api: Api) -> None:
    """Memberships with roles and what follows from them."""
    query = "{ viewer { principal { name } kind isServerAdmin memberships { roles permissions } } }"
    viewer = (await api.data(query, token=OPERATOR))["viewer"]
    assert [{"roles": ["OPERATOR"], "permissions": ["CANCEL", "LAUNCH", "READ"]}] == viewer[
        "memberships"
    ]
    assert (OPERATOR, "USER", False) == (
        viewer["principal"]["name"],
        viewer["kind"],
        viewer["isServerAdmin"],
    )


async def test_only_actions_that_the_viewer_may_take_are_offered(api: Api) -> None:
    """A member without the permission sees the run, and no action."""
    run, _ = await api.scene.started()
    query = "query($id: ID!) { node(id: $id) { ... on Run { availableActions } } }"
    given: Json = {"id": ids.run_id(run.id)}
    for token, actions in ((ONLOOKER, []), (OPERATOR, ["CANCEL"])):
        data = await api.data(query, token=token, **given)
        assert actions == data["node"]["availableActions"]


async def test_a_run_s_events_are_paged_by_the_stream_s_cursors(api: Api) -> None:
    """What a socket would have sent can be read, log batches included."""
    run, lease = await api.scene.started()
    await api.scene.print_out(run, lease, output("a"), output("b"))
    query = """query($id: ID!, $after: String) { node(id: $id) { ... on Run {
      events(first: 3, after: $after) { nodes { __typename cursor
        ... on RunLogged { batch { lines } } } pageInfo { hasNextPage endCursor } } } } }"""
    given: Json = {"id": ids.run_id(run.id)}
    first = (await api.data(query, **given))["node"]["events"]
    assert ["RunStateChanged", "RunStateChanged", "RunLogged"] == [
        node["__typename"] for node in first["nodes"]
    ]
    assert first["pageInfo"]["hasNextPage"]
    rest = (await api.data(query, after=first["pageInfo"]["endCursor"], **given))["node"]["events"]
    assert [["b"]] == [node["batch"]["lines"] for node in rest["nodes"]]
    assert not rest["pageInfo"]["hasNextPage"]


async def test_a_log_is_read_from_its_end_backward(api: Api) -> None:
    """The last batches first; going back by cursor brings what is before them, in order."""
    run, lease = await api.scene.started()
    await api.scene.print_out(run, lease, output("1\n2"), output("3"), output("4\n5"))
    given: Json = {"id": ids.run_id(run.id)}
    tail = (await api.data(LOGS, last=2, **given))["node"]["logs"]
    assert [["3"], ["4", "5"]] == [node["lines"] for node in tail["nodes"]]
    assert (True, False) == (
        tail["pageInfo"]["hasPreviousPage"],
        tail["pageInfo"]["hasNextPage"],
    )
    head = (await api.data(LOGS, before=tail["pageInfo"]["startCursor"], **given))["node"]["logs"]
    assert [["1", "2"]] == [node["lines"] for node in head["nodes"]]
    assert (False, True) == (
        head["pageInfo"]["hasPreviousPage"],
        head["pageInfo"]["hasNextPage"],
    )


async def test_lines_that_hold_a_text_come_in_unbroken_groups(api: Api) -> None:
    """Each group is a node with its own first line, and paging goes on inside of a batch."""
    run, lease = await api.scene.started()
    await api.scene.print_out(run, lease, output("x1\nx2\n-\nx4"), output("-"), output("-\nx7"))
    given: Json = {"id": ids.run_id(run.id), "contains": "x"}
    whole = (await api.data(LOGS, **given))["node"]["logs"]["nodes"]
    assert [(1, ["x1", "x2"]), (4, ["x4"]), (7, ["x7"])] == [
        (node["firstLine"], node["lines"]) for node in whole
    ]
    seen: list[Json] = []
    page: Json = {"pageInfo": {"endCursor": None}}
    for _ in whole:
        after = page["pageInfo"]["endCursor"]
        page = (await api.data(LOGS, first=1, after=after, **given))["node"]["logs"]
        seen += page["nodes"]
    assert whole == seen
    assert not page["pageInfo"]["hasNextPage"]
    back = (await api.data(LOGS, last=5, before=whole[1]["cursor"], **given))["node"]["logs"]
    assert whole[:1] == back["nodes"]


async def test_one_stream_of_a_log_can_be_read(api: Api) -> None:
    """Line numbers are those of the whole log."""
    run, lease = await api.scene.started()
    await api.scene.print_out(run, lease, output("out"), output("err", LogStream.STDERR))
    data = await api.data(LOGS, id=ids.run_id(run.id), stream="STDERR")
    assert [(2, ["err"])] == [
        (node["firstLine"], node["lines"]) for node in data["node"]["logs"]["nodes"]
    ]


@pytest.mark.parametrize(
    "arguments",
    [{"first": 1, "last": 1}, {"last": 0}, {"last": 101}, {"contains": ""}, {"contains": "\0"}],
)
async def test_a_log_page_that_cannot_be_meant_is_refused(
    api: Api, arguments: dict[str, Any]
) -> None:
    """Both ends at once, sizes out of bounds, and texts that every or no line holds."""
    run, _ = await api.scene.queued()
    assert "INVALID_INPUT" == await api.code(LOGS, id=ids.run_id(run.id), **arguments)


async def test_a_cursor_beyond_the_end_of_a_run_is_refused(api: Api) -> None:
    """It cannot have come from this run."""
    run, _ = await api.scene.queued()
    beyond = ids.seal(f"{run.id}:{run.sequence + 1}")
    assert "CURSOR_INVALID" == await api.code(LOGS, id=ids.run_id(run.id), after=beyond)
