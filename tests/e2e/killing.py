"""Kill a server at random moments while it works, and see what is left of its runs."""

import asyncio
import random

from tests.e2e.client import signed_in
from tests.e2e.server import Server

PRINTER = (
    "echo $1 >> starts; i=0; "
    "while [ ! -e stop ]; do i=$((i+1)); echo run $1 line $i; sleep 0.01; done; exit $2"
)
FIRST_CODE = 40


async def kill_at_random(server: Server, *, runs: int, kills: int, seed: int) -> None:
    """Launch chatty runs, kill the server again and again, and check every line, code and start."""
    chance = random.Random(seed)
    async with signed_in(server) as client:
        launched = [
            await client.launch("sh", "-c", PRINTER, "sh", str(n), str(FIRST_CODE + n))
            for n in range(runs)
        ]
    for _ in range(kills):
        await asyncio.sleep(chance.uniform(0, 0.4))
        server.kill()
        await asyncio.to_thread(server.start)
    (server.root / "stop").touch()
    async with signed_in(server) as client:
        for number, run in enumerate(launched):
            ended = await client.ended(run["id"])
            lines = await client.lines(run["id"])
            expected = [f"run {number} line {i}" for i in range(1, len(lines) + 1)]
            assert expected == lines
            assert len(lines) == ended["logStats"]["lines"] > 0
            assert (FIRST_CODE + number, "EXIT_NONZERO") == (
                ended["exitCode"],
                ended["failure"]["code"],
            )
    starts = (server.root / "starts").read_text().split()
    assert [str(number) for number in range(runs)] == sorted(starts, key=int)


async def kill_around_starts(server: Server, *, rounds: int, seed: int) -> None:
    """Kill the server right after launches were answered: each run starts exactly once."""
    chance = random.Random(seed)
    answered: list[str] = []
    for round_number in range(rounds):
        async with signed_in(server) as client:
            for number in range(4):
                name = f"{round_number}-{number}"
                run = await client.launch("sh", "-c", f"echo {name} >> once; echo {name}")
                answered.append(run["id"])
        await asyncio.sleep(chance.uniform(0, 0.03))
        server.kill()
        await asyncio.to_thread(server.start)
    async with signed_in(server) as client:
        ends = [(await client.ended(run_id))["state"] for run_id in answered]
    starts = (server.root / "once").read_text().split()
    assert ["SUCCEEDED"] * len(answered) == ends
    assert len(answered) == len(starts) == len(set(starts))
