"""Servers with providers of HTTP, and clients that ask them many things at once."""

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Final, TypeVar

import httpx

from benchmarks.api import LAUNCH, Fields
from benchmarks.processes import Server, workbench

MANIFEST: Final = """
manifest_version = 1
id = "{key}"
title = "{key}"
kind = "ENGINE"
run_kinds = ["COMMAND"]
base_url = "{{{{config.url}}}}"
private_addresses = "config"
poll_s = {poll_s}
config_required = ["url"]

[[sources]]
title = "benchmarks/provider.py"
url = "https://example.com/provider"
read_on = 2026-11-21

[config.url]
type = "string"
description = "Where it is"

[ops.start]
method = "PUT"
path = "/runs/{{{{run.token}}}}"
body = {{ words = "{{{{run.command}}}}" }}
extract = {{ run = "run" }}
require = ["run"]
idempotency = {{ own_id = true }}

[ops.look]
path = "/runs/{{{{ref.run}}}}"
extract = {{ state = "state" }}

[dispatch]
steps = ["start"]
ref = ["run"]

[status]
steps = ["look"]
raw = ["state"]
known = {{ state = ["going", "over"] }}
rules = [
  {{ when = {{ state = ["going"] }}, signal = "RUNNING" }},
  {{ when = {{ state = ["over"] }}, signal = "SUCCEEDED" }},
]
"""
CONFIGURE: Final = """mutation($provider: String!, $config: JSON!) {
  providerConfigure(input: {project: "default", provider: $provider, config: $config}) {
    __typename
  }
}"""
ANSWER_S: Final = 120.0

T = TypeVar("T")
Given = TypeVar("Given")
Bucket = tuple[float, float]


@contextmanager
def far_workbench(folder: Path, poll_s: float, **urls: str) -> Iterator[Server]:
    """A server with a provider at each of these URLs, and room for as many runs as one likes."""
    manifests = folder / "manifests"
    manifests.mkdir(parents=True)
    for key in urls:
        text = MANIFEST.format(key=key, poll_s=poll_s)
        (manifests / f"{key}.toml").write_text(text, encoding="utf-8")
    room = {"WORKBENCH_PROVIDER_CONCURRENCY": "10000", "WORKBENCH_PROJECT_CONCURRENCY": "10000"}
    with workbench(folder, WORKBENCH_MANIFESTS=str(manifests), **room) as server:
        asyncio.run(_configure(server, urls))
        yield server


async def _configure(server: Server, urls: dict[str, str]) -> None:
    async with client(server, server.token) as http:
        for key, url in urls.items():
            config = {"url": url, "allowPrivate": True}
            set_to = (await ask(http, CONFIGURE, provider=key, config=config))["providerConfigure"]
            check(set_to, "ProviderConfigurePayload")


@asynccontextmanager
async def client(server: Server, token: str) -> AsyncIterator[httpx.AsyncClient]:
    headers = {"Authorization": f"Bearer {token}"}
    async with httpx.AsyncClient(base_url=server.url, headers=headers, timeout=ANSWER_S) as http:
        yield http


async def ask(http: httpx.AsyncClient, document: str, **variables: object) -> Fields:
    """The `data` of an answer. Exits where there are errors: nothing is measured then."""
    answer = (await http.post("/graphql", json={"query": document, "variables": variables})).json()
    if "errors" in answer:
        raise SystemExit(f"benchmarks: {answer['errors']}")
    fields: Fields = answer["data"]
    return fields


async def launch(
    http: httpx.AsyncClient, provider: str, *command: str, document: str = LAUNCH
) -> Fields:
    """The run, with what the document asks of it."""
    wanted = {"project": "default", "provider": provider, "command": command}
    result = (await ask(http, document, input=wanted))["runLaunch"]
    check(result, "RunLaunchPayload")
    run: Fields = result["run"]
    return run


def check(result: Fields, typename: str) -> None:
    """Exits where it is anything else."""
    if result["__typename"] != typename:
        raise SystemExit(f"benchmarks: {result}")


async def at_once(
    count: int, work: Callable[[Given], Awaitable[T]], given: Iterable[Given]
) -> list[T]:
    """So many of them are in flight all the time; the results in the order of what was given."""
    slots = asyncio.Semaphore(count)

    async def one(each: Given) -> T:
        async with slots:
            return await work(each)

    return list(await asyncio.gather(*map(one, given)))


async def told(provider: Server) -> Fields:
    """What a provider has noted."""
    async with httpx.AsyncClient(base_url=provider.url, timeout=ANSWER_S) as http:
        noted: Fields = (await http.get("/told")).json()
        return noted


async def started(provider: Server, words: Iterable[str]) -> dict[str, float]:
    """When each of them was first asked for, once all are. Exits if one comes twice."""
    wanted = set(words)
    async with asyncio.timeout(ANSWER_S):
        while not wanted <= (starts := (await told(provider))["starts"]).keys():
            await asyncio.sleep(0.05)
    if twice := [word for word in wanted if len(starts[word]) != 1]:
        raise SystemExit(f"benchmarks: started twice: {twice}")
    return {word: float(starts[word][0]) for word in wanted}


async def lags(server: Server, provider: str) -> list[Bucket]:
    """The histogram of how late its runs were looked at: seconds, and how many up to them."""
    async with httpx.AsyncClient(base_url=server.url, timeout=ANSWER_S) as http:
        text = (await http.get("/metrics")).text
    name = rf'workbench_poll_lag_seconds_bucket{{le="([^"]+)",provider="{provider}"}} (\S+)'
    return [(float(bound), float(count)) for bound, count in re.findall(name, text)]


def lag_within(before: list[Bucket], after: list[Bucket], share: float) -> float:
    """The bound of the first bucket up to which this share of what came in between was late."""
    counts = [(bound, late - dict(before).get(bound, 0.0)) for bound, late in after]
    return next(bound for bound, late in counts if late >= share * counts[-1][1])
