"""How fast secrets are taken out of a log, and whether all of them are."""

import itertools
import random
import time
from typing import Final

from adapters.finding import AutomatonFinder
from benchmarks.placements import log_line, placements, secrets
from benchmarks.scene import Scene
from benchmarks.table import Figure
from domain.models.providers import LogStream, Output
from domain.redaction.intake import Intake
from domain.redaction.redactor import Redactor

SECRETS: Final = 200
BYTES: Final = 100_000_000
GOAL_MB: Final = 50
PLACEMENTS: Final = 1_000_000
LINES_PER_OUTPUT: Final = 1000
OUTPUTS: Final = 32


def redaction(scene: Scene) -> list[Figure]:
    """The limit is to look for the same secrets as they are, by the same library."""
    chance = random.Random(5)
    known = secrets(SECRETS, chance)
    redactor = Redactor(known, AutomatonFinder)
    return [_throughput(scene, redactor, known), _leaks(scene, redactor, known)]


def _throughput(scene: Scene, redactor: Redactor, known: list[str]) -> Figure:
    chance, bare = random.Random(6), AutomatonFinder(known)
    lines = [[log_line(chance) for _ in range(LINES_PER_OUTPUT)] for _ in range(OUTPUTS)]
    outputs = [_output(some) for some in lines]
    size = sum(len(output.text.encode()) for output in outputs)
    rounds = max(1, scene.scaled(BYTES) // size)
    before = time.process_time()
    for _ in range(rounds):
        intake = Intake()
        for output in outputs:
            intake = intake.take([output], redactor).intake
    spent = time.process_time() - before
    before = time.process_time()
    for _ in range(rounds):
        for output in outputs:
            bare.places(output.text)
    limit = time.process_time() - before
    speed = rounds * size / spent / 1e6
    return Figure(
        what=f"mask {SECRETS} secrets in all their forms in a log",
        limit=f"look for them as they are: {rounds * size / limit / 1e6:,.0f} MB/s of a core",
        measured=f"{speed:,.0f} MB/s of a core",
        ratio=spent / limit,
        goal=f"{GOAL_MB} MB/s of a core",
        is_reached=speed >= GOAL_MB,
    )


def _leaks(scene: Scene, redactor: Redactor, known: list[str]) -> Figure:
    count = scene.scaled(PLACEMENTS)
    found = leaks(redactor, known, count, seed=7)
    return Figure(
        what=f"secrets left of {count:,} that were placed in a log in any form",
        limit="-",
        measured=f"{len(found):,}",
        ratio=None,
        goal="0",
        is_reached=not found,
    )


def leaks(redactor: Redactor, known: list[str], count: int, *, seed: int) -> list[str]:
    """The names of the forms in which secrets came through."""
    chance = random.Random(seed)
    left: list[str] = []
    intake = Intake()
    placed = itertools.islice(placements(known, chance), count)
    while some := list(itertools.islice(placed, chance.randint(1, LINES_PER_OUTPUT))):
        taken = intake.take([_output([one.line for one in some])], redactor)
        intake = taken.intake
        lines = taken.outputs[0].text.split("\n")
        left += [one.form for one, line in zip(some, lines, strict=True) if one.leak in line]
    return left


def _output(lines: list[str]) -> Output:
    return Output(stream=LogStream.STDOUT, text="\n".join(lines), lines=len(lines))
