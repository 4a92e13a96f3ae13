"""What is asked of providers over HTTP: how soon, how often, and while another one hangs."""

import asyncio
import time
from collections.abc import Iterable
from datetime import datetime
from typing import Final

import httpx

from benchmarks.api import Fields
from benchmarks.far_away import (
    ANSWER_S,
    ask,
    at_once,
    check,
    client,
    far_workbench,
    lag_within,
    lags,
    launch,
    started,
)
from benchmarks.processes import Server, provider
from benchmarks.scene import Scene
from benchmarks.table import Figure, percentile, spread

APPROVALS: Final = 200
IN_FLIGHT: Final = 20
APPROVED_GOAL_MS: Final = 50.0
LAUNCHES: Final = 200
HANGING: Final = 60
HANGING_GOAL: Final = 1.2
UNDISTURBED_S: Final = 0.05
ACTIVE: Final = 2000
CADENCE_S: Final = 10.0
WATCHED_S: Final = 120.0
LAG_GOAL_S: Final = 1.0
GROWTH_GOAL_MIB: Final = 4.0
MIB: Final = 1024 * 1024
LAUNCH: Final = """mutation($input: RunLaunchInput!) { runLaunch(input: $input) {
  __typename
  ... on RunLaunchPayload { run { id state approval { id digest } } }
  ... on UserError { code message }
} }"""
ASKING: Final = """mutation { policySet(input: {
  project: "default", reason: "benchmarks", rules: [{
    name: "asks", match: {}, effect: REQUIRE_APPROVAL, approval: {role: APPROVER, count: 1}
  }]
}) { __typename ... on UserError { code message } } }"""
PERSON: Final = """mutation {
  tokenCreate(input: {principal: "anna", kind: USER, name: "benchmarks"}) {
    ... on TokenCreatePayload { token }
  }
}"""
MEMBER: Final = """mutation {
  memberSet(input: {project: "default", principal: "anna", roles: [APPROVER]}) { __typename }
}"""
APPROVE: Final = """mutation($input: ApprovalDecideInput!) { approvalDecide(input: $input) {
  __typename
  ... on ApprovalDecidePayload { approval { state decidedAt } }
  ... on UserError { code message }
} }"""


def approved(scene: Scene) -> list[Figure]:
    """One account launches, another agrees: so many decisions are under way all the time."""
    return [_approved(scene, in_flight) for in_flight in (1, IN_FLIGHT)]


def _approved(scene: Scene, in_flight: int) -> Figure:
    words = [str(number) for number in range(scene.scaled(APPROVALS))]
    folder = scene.folder / str(in_flight)
    with (
        provider(folder / "provider") as far,
        far_workbench(folder / "server", CADENCE_S, far=far.url) as server,
    ):
        bare = asyncio.run(_bare(far, words, in_flight))
        waiting, token = asyncio.run(_wait_for_approval(server, words))
        cpu_before = server.cpu_s
        sent, given = asyncio.run(_approve(server, token, waiting, in_flight))
        called = asyncio.run(started(far, words))
        cpu_ms = (server.cpu_s - cpu_before) / len(words) * 1000
    ours = [(called[word] - sent[word]) * 1000 for word in words]
    since_given = [(called[word] - given[word]) * 1000 for word in words]
    p95 = percentile(ours, 0.95)
    return Figure(
        what=f"approval sent -> provider called ({len(words)}, {in_flight} in flight)",
        limit=f"the same calls by httpx: {spread(bare)}",
        measured=f"{spread(ours)}; since the decision's own time {spread(since_given)}; "
        f"{cpu_ms:.0f} ms of CPU a run",
        ratio=p95 / percentile(bare, 0.95),
        goal=f"p95: {APPROVED_GOAL_MS:.0f} ms",
        is_reached=p95 <= APPROVED_GOAL_MS,
    )


async def _wait_for_approval(server: Server, words: Iterable[str]) -> tuple[dict[str, Fields], str]:
    """Runs that wait, by their words, and the token of who may agree."""
    async with client(server, server.token) as admin:
        token = (await ask(admin, PERSON))["tokenCreate"]["token"]
        check((await ask(admin, MEMBER))["memberSet"], "MemberSetPayload")
        check((await ask(admin, ASKING))["policySet"], "PolicySetPayload")
        runs = [await launch(admin, "far", "true", word, document=LAUNCH) for word in words]
    return {word: run["approval"] for word, run in zip(words, runs, strict=True)}, token


async def _approve(
    server: Server, token: str, waiting: dict[str, Fields], in_flight: int
) -> tuple[dict[str, float], dict[str, float]]:
    """When each approval was sent, and the time that the server has written on it."""
    sent, given = {}, {}
    async with client(server, token) as anna:

        async def decide(word: str) -> None:
            asked = {**waiting[word], "decision": "APPROVE"}
            sent[word] = time.time()
            answer: Fields = (await ask(anna, APPROVE, input=asked))["approvalDecide"]
            check(answer, "ApprovalDecidePayload")
            given[word] = datetime.fromisoformat(answer["approval"]["decidedAt"]).timestamp()

        await at_once(in_flight, decide, waiting)
    return sent, given


async def _bare(far: Server, words: Iterable[str], in_flight: int) -> list[float]:
    """Milliseconds from sending a call to its arrival, with as many in flight."""
    async with httpx.AsyncClient(base_url=far.url, timeout=ANSWER_S) as http:

        async def call(word: str) -> float:
            sent = time.time()
            await http.put(f"/runs/{word}", json={"words": ["true", f"bare {word}"]})
            return sent

        sent = await at_once(in_flight, call, words)
    called = await started(far, [f"bare {word}" for word in words])
    return [(called[f"bare {word}"] - at) * 1000 for word, at in zip(words, sent, strict=True)]


def outage(scene: Scene) -> list[Figure]:
    """Two servers take turns, so that whatever else the machine does meets both."""
    count = scene.scaled(LAUNCHES)
    with (
        provider(scene.folder / "well") as well,
        provider(scene.folder / "ill", is_hanging=True) as ill,
        far_workbench(scene.folder / "alone", CADENCE_S, well=well.url) as alone,
        far_workbench(scene.folder / "beside", 1.0, well=well.url, ill=ill.url) as beside,
    ):
        asyncio.run(_hang(beside, ill))
        limit, ours = asyncio.run(_in_turn(alone, beside, well, count))
    ratio = percentile(ours, 0.95) / percentile(limit, 0.95)
    return [
        Figure(
            what=f"launch sent -> provider called ({count}), while another hangs in {HANGING} runs",
            limit=f"the same provider alone: {spread(limit)}",
            measured=spread(ours),
            ratio=ratio,
            goal=f"p95: {HANGING_GOAL}x alone",
            is_reached=ratio <= HANGING_GOAL,
        )
    ]


async def _hang(server: Server, ill: Server) -> None:
    """Half of the runs hang in their dispatch, the others in the looks at them."""
    async with client(server, server.token) as http:
        words = [f"hanging {number}" for number in range(HANGING)]
        for word in words:
            await launch(http, "ill", "stay", word)
    await started(ill, words)


async def _in_turn(
    alone: Server, beside: Server, well: Server, count: int
) -> tuple[list[float], list[float]]:
    sent: dict[str, float] = {}
    async with client(alone, alone.token) as one, client(beside, beside.token) as other:
        for number in range(count):
            for name, http in (("alone", one), ("beside", other)):
                word = f"{name} {number}"
                sent[word] = time.time()
                await launch(http, "well", "true", word)
                await asyncio.sleep(UNDISTURBED_S)
    called = await started(well, sent)
    waited = {word: (called[word] - at) * 1000 for word, at in sent.items()}
    return (
        [ms for word, ms in waited.items() if word.startswith("alone")],
        [ms for word, ms in waited.items() if word.startswith("beside")],
    )


def polling(scene: Scene) -> list[Figure]:
    """None of the runs ends, so that every look finds what the last one found."""
    count = scene.scaled(ACTIVE)
    with (
        provider(scene.folder / "provider") as far,
        far_workbench(scene.folder / "server", CADENCE_S, far=far.url) as server,
    ):
        return [asyncio.run(_polling(server, far, count, scene))]


async def _polling(server: Server, far: Server, count: int, scene: Scene) -> Figure:
    words = [f"active {number}" for number in range(count)]
    async with client(server, server.token) as http:

        async def stay(word: str) -> None:
            await launch(http, "far", "stay", word)

        await at_once(IN_FLIGHT, stay, words)
    await started(far, words)
    await asyncio.sleep(2 * CADENCE_S)
    watched_s = WATCHED_S / 4 if scene.is_short else WATCHED_S
    before, cpu_before, resident_before = (
        await lags(server, "far"),
        server.cpu_s,
        server.resident_bytes,
    )
    await asyncio.sleep(watched_s)
    after = await lags(server, "far")
    cpu_s, grown_mib = server.cpu_s - cpu_before, (server.resident_bytes - resident_before) / MIB
    looks = after[-1][1] - before[-1][1]
    bare_ms = await _bare_looks(far, count)
    lag_s = lag_within(before, after, 0.95)
    is_kept = looks >= count * watched_s / (1.1 * CADENCE_S + LAG_GOAL_S)
    return Figure(
        what=f"{count:,} active runs, each asked after every {CADENCE_S:.0f} s",
        limit=f"the same question by httpx: {bare_ms:.2f} ms of CPU",
        measured=f"p95 at most {lag_s:g} s late, {looks / watched_s:.0f} looks/s, "
        f"{cpu_s / watched_s:.2f} of a core ({cpu_s / looks * 1000:.2f} ms of CPU a look), "
        f"memory {grown_mib:+.1f} MiB in {watched_s:.0f} s",
        ratio=cpu_s / looks * 1000 / bare_ms,
        goal=f"p95 {LAG_GOAL_S:g} s late, one core, {GROWTH_GOAL_MIB:.0f} MiB",
        is_reached=is_kept
        and lag_s <= LAG_GOAL_S
        and cpu_s <= watched_s
        and grown_mib <= GROWTH_GOAL_MIB,
    )


async def _bare_looks(far: Server, count: int) -> float:
    """Milliseconds of this process's CPU that one takes."""
    async with httpx.AsyncClient(base_url=far.url, timeout=ANSWER_S) as http:

        async def look(number: int) -> None:
            (await http.get(f"/runs/bare-{number}")).json()

        before = time.process_time()
        await at_once(IN_FLIGHT, look, range(count))
        return (time.process_time() - before) / count * 1000
