"""What a request costs before it is answered, and what one costs that is refused."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import count
from typing import Final

import httpx

from benchmarks.api import Fields, connected
from benchmarks.processes import Server, reference, workbench
from benchmarks.reading import LIST, finish_runs
from benchmarks.scene import Scene
from benchmarks.table import Figure

SMALL: Final = "query Small { viewer { kind principal { name } } serverInfo { version } }"
HOSTILE_REQUESTS: Final = 50
BARE_REQUESTS: Final = 200
WARM_UP: Final = 20
REFUSAL_GOAL_MS: Final = 20.0
BOMB_LEVELS: Final = 18


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What is asked again and again, as clients do, and how dear it may be."""

    what: str
    document: str
    requests: int
    goal: float


SMALL_QUERY: Final = Question(what="small query", document=SMALL, requests=2000, goal=5.0)
LIST_QUERY: Final = Question(
    what="list of 50 runs with provider and last events", document=LIST, requests=100, goal=12.0
)


def small(scene: Scene) -> list[Figure]:
    """Who asks, and what for: hardly more than signing in."""
    with workbench(scene.folder) as server:
        return [_beside_starlette(scene, server, SMALL_QUERY)]


def nested(scene: Scene) -> list[Figure]:
    """A page of runs, with what a list shows of each."""
    with workbench(scene.folder) as server:
        with connected(server) as api:
            finish_runs(api, 50)
        return [_beside_starlette(scene, server, LIST_QUERY)]


def _beside_starlette(scene: Scene, server: Server, question: Question) -> Figure:
    body = {"query": question.document}
    requests = scene.scaled(question.requests)
    headers = {"Authorization": f"Bearer {server.token}"}
    answer = httpx.post(f"{server.url}/graphql", json=body, headers=headers).json()
    assert "errors" not in answer, answer
    ours = _cpu_us(server, "/graphql", [body] * (requests + WARM_UP), headers)
    with reference(scene.folder / "reference") as bare:
        httpx.post(f"{bare.url}/keep", json=answer)
        limit = _cpu_us(bare, "/answer", [body] * (requests + WARM_UP), {})
    return Figure(
        what=f"{question.what}, signed in, one connection ({requests} requests)",
        limit=f"same JSON, raw Starlette: {limit:,.0f} us of CPU",
        measured=f"{ours:,.0f} us of CPU",
        ratio=ours / limit,
        goal=f"{question.goal:.0f}x the limit",
        is_reached=ours <= question.goal * limit,
    )


def hostile(scene: Scene) -> list[Figure]:
    """Each document is another one, so that none was refused before."""
    bare_bodies: list[Fields] = [{"query": SMALL}] * (BARE_REQUESTS + WARM_UP)
    requests = scene.scaled(HOSTILE_REQUESTS)
    with reference(scene.folder / "reference") as bare:
        limit = _cpu_us(bare, "/answer", bare_bodies, {}) / 1000
    with workbench(scene.folder) as server:
        return [
            _refused(server, what, documents(), requests, limit)
            for what, documents in HOSTILE.items()
        ]


def _refused(
    server: Server, what: str, documents: Iterator[str], requests: int, limit_ms: float
) -> Figure:
    headers = {"Authorization": f"Bearer {server.token}"}
    bodies: list[Fields] = [{"query": next(documents)} for _ in range(requests + WARM_UP)]
    answer = httpx.post(f"{server.url}/graphql", json=bodies[0], headers=headers)
    assert "data" not in answer.json(), f"{what} was not refused"
    taken = _cpu_us(server, "/graphql", bodies, headers) / 1000
    return Figure(
        what=f"{what}, refused ({len(bodies[0]['query']):,} bytes, {requests} different ones)",
        limit=f"small POST, raw Starlette: {limit_ms:.2f} ms of CPU",
        measured=f"{taken:.2f} ms of CPU",
        ratio=taken / limit_ms,
        goal=f"{REFUSAL_GOAL_MS:.0f} ms of CPU",
        is_reached=taken <= REFUSAL_GOAL_MS,
    )


def _cpu_us(server: Server, path: str, bodies: list[Fields], headers: Mapping[str, str]) -> float:
    """Microseconds of the server's CPU a request, after a few that are not counted."""
    with httpx.Client(base_url=server.url, headers=dict(headers), timeout=60) as client:
        for body in bodies[:WARM_UP]:
            client.post(path, json=body)
        before = server.cpu_s
        for body in bodies[WARM_UP:]:
            client.post(path, json=body)
        return (server.cpu_s - before) / len(bodies[WARM_UP:]) * 1e6


def _bombs() -> Iterator[str]:
    for number in count():
        chain = " ".join(
            f"fragment F{n} on Query{{...F{n + 1} ...F{n + 1}}}" for n in range(BOMB_LEVELS)
        )
        yield f"query Q{number}{{...F0}} {chain} fragment F{BOMB_LEVELS} on Query{{viewer{{kind}}}}"


def _aliases() -> Iterator[str]:
    for number in count():
        yield f"query Q{number}{{{' '.join(f'a{n}:__typename' for n in range(10_000))}}}"


def _long() -> Iterator[str]:
    for number in count():
        yield f"query Q{number}{{{' viewer{kind}' * 80_000}}}"


def _deep() -> Iterator[str]:
    for number in count():
        yield f"query Q{number}{'{viewer' * 99}{{kind}}{'}' * 99}"


HOSTILE: Final[Mapping[str, Callable[[], Iterator[str]]]] = {
    "fragments that spread the next one twice, 18 levels": _bombs,
    "10,000 aliases": _aliases,
    "a query of nearly 1 MiB": _long,
    "100 levels": _deep,
}
