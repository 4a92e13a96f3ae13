"""Reading what is stored: the end of a long log, and a list of runs."""

import statistics
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Final

import httpx

from benchmarks.api import Api, Fields, connected
from benchmarks.processes import Server, reference, workbench
from benchmarks.scene import Scene
from benchmarks.table import Figure, percentile, spread
from benchmarks.volume import printer

LENGTHS: Final = (10_000, 1_000_000)
OPENINGS: Final = 30
PAGES: Final = 30
BATCHES: Final = 1
TAIL_GOAL_MS: Final = 50.0
FLAT: Final = 1.5
RUNS: Final = 1000
REQUESTS: Final = 400
CONNECTIONS: Final = 8
LIST_GOAL: Final = 60.0
TAIL: Final = """
query Tail($id: ID!, $last: Int!, $before: String) {
  node(id: $id) { ... on Run { state logStats { lines } logs(last: $last, before: $before) {
    nodes { firstLine stream at lines } pageInfo { startCursor hasPreviousPage }
  } } }
}
"""
LIST: Final = """
query List {
  project(slug: "default") { runs(first: 50) { nodes {
    id state command createdAt finishedAt durationMs exitCode
    provider { key name kind }
    latestEvents(first: 3) {
      __typename cursor at ... on RunStateChanged { from to } ... on RunDispatched { providerRunId }
    }
  } } }
}
"""


def tail(scene: Scene) -> list[Figure]:
    """Flat means: a log a hundred times as long opens as fast."""
    opened: dict[int, list[float]] = {}
    paged: dict[int, list[float]] = {}
    lengths = [LENGTHS[0], scene.scaled(LENGTHS[1])]
    with workbench(scene.folder) as server, connected(server) as api:
        for length in lengths:
            run_id = api.launch(*printer(length))
            api.finished(run_id)
            opened[length] = [_asked(api, run_id, None)[0] for _ in range(OPENINGS)]
            paged[length] = _page_back(api, run_id)
    short, long = lengths
    all_long = opened[long] + paged[long]
    growth = statistics.median(all_long) / statistics.median(opened[short] + paged[short])
    return [
        Figure(
            what=f"open a {long:,}-line log at its tail; page back {PAGES} times",
            limit=f"{short:,} lines: {spread(opened[short])}; back {spread(paged[short])}",
            measured=f"{spread(opened[long])}; back {spread(paged[long])}",
            ratio=growth,
            goal=f"p95: {TAIL_GOAL_MS:.0f} ms; flat in the log's length",
            is_reached=percentile(all_long, 0.95) <= TAIL_GOAL_MS and growth <= FLAT,
        )
    ]


def _asked(api: Api, run_id: str, before: str | None) -> tuple[float, Fields]:
    """Milliseconds, and the page."""
    began = time.perf_counter()
    run = api.ask(TAIL, {"id": run_id, "last": BATCHES, "before": before})["node"]
    assert run["logs"]["nodes"], "an empty page"
    return (time.perf_counter() - began) * 1000, run["logs"]["pageInfo"]


def _page_back(api: Api, run_id: str) -> list[float]:
    times: list[float] = []
    before: str | None = None
    while len(times) < PAGES:
        took, page = _asked(api, run_id, before)
        times.append(took)
        before = page["startCursor"] if page["hasPreviousPage"] else None
    return times


def listing(scene: Scene) -> list[Figure]:
    """Per second of the server's CPU, which is what one core can do: clients share the machine."""
    count, requests = scene.scaled(RUNS), scene.scaled(REQUESTS)
    with workbench(scene.folder) as server, connected(server) as api:
        finish_runs(api, count)
        answer = api.ask(LIST, {})
        assert len(answer["project"]["runs"]["nodes"]) == min(50, count)
        headers = {"Authorization": f"Bearer {server.token}"}
        ours, wall = _asked_by_many(server, "/graphql", {"query": LIST}, headers, requests)
    with reference(scene.folder / "reference") as bare:
        httpx.post(f"{bare.url}/keep", json={"data": answer})
        limit, limit_wall = _asked_by_many(bare, "/answer", {"query": LIST}, {}, requests)
    return [
        Figure(
            what=f"list 50 of {count:,} runs with state, provider and last events, 8 connections",
            limit=f"same JSON, raw Starlette: {limit:,.0f}/s of a core ({limit_wall:,.0f} of wall)",
            measured=f"{ours:.0f} requests/s of a core ({wall:.0f} of wall)",
            ratio=ours / limit,
            goal=f"{LIST_GOAL:.0f} requests/s of a core",
            is_reached=ours >= LIST_GOAL,
        )
    ]


def finish_runs(api: Api, count: int) -> None:
    ids = [api.launch("true") for _ in range(count)]
    for run_id in ids:
        api.finished(run_id)


def _asked_by_many(
    server: Server, path: str, body: Fields, headers: dict[str, str], requests: int
) -> tuple[float, float]:
    """Requests a second of the server's CPU, and of wall."""

    def ask(count: int) -> None:
        with httpx.Client(base_url=server.url, headers=headers, timeout=60) as client:
            for _ in range(count):
                assert client.post(path, json=body).is_success

    each = max(1, requests // CONNECTIONS)
    cpu_before, began = server.cpu_s, time.time()
    with ThreadPoolExecutor(CONNECTIONS) as pool:
        list(pool.map(ask, [each] * CONNECTIONS))
    done = each * CONNECTIONS
    return done / (server.cpu_s - cpu_before), done / (time.time() - began)
