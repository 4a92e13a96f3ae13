"""Reading a list or a stream page by page, with good cursors and with bad ones."""

import pytest

from tests.e2e.client import EVENTS, LOGS, Answer, Client, joined
from tests.e2e.following import RUN_EVENTS, RUN_LOGS, Follow, by_events, by_socket, collected
from tests.e2e.server import Server

pytestmark = [pytest.mark.anyio, pytest.mark.xdist_group("e2e-pages")]

RUNS = """query($first: Int, $after: String) { project(slug: "default") {
  runs(first: $first, after: $after) { nodes { id } pageInfo { endCursor hasNextPage } } } }"""
PROJECTS = """query($first: Int, $after: String) {
  projects(first: $first, after: $after) { nodes { slug } } }"""
SLOWLY = "for i in $(seq 40); do echo line $i; [ $((i % 8)) = 0 ] && sleep 0.15; done; exit 6"
FOLLOWS = [pytest.param(by_socket, id="socket"), pytest.param(by_events, id="sse")]


@pytest.fixture
async def run(client: Client) -> Answer:
    """A run that has printed several batches and failed."""
    return await client.ended((await client.launch("sh", "-c", SLOWLY))["id"])


def code_of(body: Answer) -> str:
    return str(body["errors"][0]["extensions"]["code"])


@pytest.mark.parametrize("first", [0, -1, 101, 100_000])
@pytest.mark.parametrize("query", [RUNS, PROJECTS, LOGS, EVENTS])
async def test_page_sizes_out_of_bounds(
    client: Client, run: Answer, query: str, first: int
) -> None:
    """Told with a code and the argument's name, in every list alike."""
    given = {"id": run["id"]} if "$id" in query else {}
    body = await client.answer(query, first=first, **given)

    assert "INVALID_INPUT" == code_of(body)
    assert ["first"] == body["errors"][0]["extensions"]["path"]


async def test_cursors_that_do_not_belong(client: Client, run: Answer) -> None:
    """Broken, of another list, of another run, and beyond the end: none is taken for a place."""
    other = await client.launch("sh", "-c", SLOWLY)
    await client.ended(other["id"])
    foreign = (await client.pages(LOGS, "logs", other["id"], 100))[-1]["cursor"]
    of_runs = (await client.ask(RUNS, first=1))["project"]["runs"]["pageInfo"]["endCursor"]
    for cursor in ("", "nonsense", "\0", "AAAA", foreign, of_runs):
        for query in (LOGS, EVENTS):
            body = await client.answer(query, id=run["id"], after=cursor)
            assert "CURSOR_INVALID" == code_of(body)
    for query in (RUNS, PROJECTS):
        assert "CURSOR_INVALID" == code_of(await client.answer(query, after=foreign))


@pytest.mark.parametrize("follow", FOLLOWS)
@pytest.mark.parametrize("query", [RUN_LOGS, RUN_EVENTS])
async def test_subscriptions_that_cannot_begin(
    client: Client, server: Server, run: Answer, query: str, follow: Follow
) -> None:
    """A bad or foreign cursor, and a run that is not there, are one coded error each."""
    project = (await client.ask('{ project(slug: "default") { id } }'))["project"]["id"]
    asked = [
        ({"id": run["id"], "after": "nonsense"}, "CURSOR_INVALID"),
        ({"id": "nonsense"}, "NOT_FOUND"),
        ({"id": project}, "NOT_FOUND"),
    ]
    for variables, code in asked:
        payloads = [payload async for payload in follow(server, query, **variables)]
        assert [code] == [code_of(payload) for payload in payloads]


async def test_a_list_page_by_page(client: Client, run: Answer) -> None:
    """Newest first; every run is on one page, and a new one moves none of them."""
    for _ in range(3):
        await client.launch("true")
    whole = [node["id"] for node in (await client.ask(RUNS))["project"]["runs"]["nodes"]]
    seen: list[str] = []
    after = None
    while len(seen) < len(whole):
        found = (await client.ask(RUNS, first=2, after=after))["project"]["runs"]
        seen += [node["id"] for node in found["nodes"]]
        after = found["pageInfo"]["endCursor"]
        await client.launch("true")

    assert whole == seen


async def test_streams_and_pages_share_cursors(client: Client, server: Server, run: Answer) -> None:
    """The same events and lines, whole, from both; a cursor of one resumes in the other."""
    streamed = await collected(by_socket(server, RUN_EVENTS, id=run["id"]), "runEvents")
    paged = await client.pages(EVENTS, "events", run["id"], 2)
    batches = await collected(by_events(server, RUN_LOGS, id=run["id"]), "runLogs")
    in_pages = [edge["node"] for edge in await client.pages(LOGS, "logs", run["id"], 2)]

    assert streamed == [edge["node"] for edge in paged]
    assert [event["cursor"] for event in streamed] == [edge["cursor"] for edge in paged]
    assert batches == in_pages
    assert [f"line {number}" for number in range(1, 41)] == joined(batches)
    middle = streamed[len(streamed) // 2]["cursor"]
    rest = (await client.ask(EVENTS, id=run["id"], after=middle))["node"]["events"]["edges"]
    resumed = await collected(
        by_socket(server, RUN_EVENTS, id=run["id"], after=middle), "runEvents"
    )
    assert [edge["node"] for edge in rest] == resumed
    assert streamed[len(streamed) // 2 + 1 :] == resumed
