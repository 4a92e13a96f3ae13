"""A secret that becomes known late is masked in what is stored of runs that go on."""

import pytest

from domain.models.logs import LogBatch
from domain.models.providers import LogStream, Output, Progress
from domain.redaction.redactor import MASK
from domain.services.claims import Claimed
from domain.services.logs import BATCHES_PER_PAGE, StoredLogs
from tests.domain.services.conftest import Desk
from tests.domain.services.scripted import ended, printed

pytestmark = pytest.mark.anyio


@pytest.fixture
def logs(desk: Desk) -> StoredLogs:
    return StoredLogs(store=desk.store, redactors=desk.follower.redactors)


async def told(desk: Desk, *texts: str) -> Claimed:
    """A run that goes on, with some batches in its log."""
    followed = await desk.started()
    outputs = [Output(stream=LogStream.STDOUT, text=t, lines=t.count("\n") + 1) for t in texts]
    for number, output in enumerate(outputs):
        batch = LogBatch(
            stream=output.stream,
            first_line=0,
            count=output.lines,
            text=output.text,
            at=desk.clock.now(),
        )
        async with desk.store.transaction() as unit:
            await unit.logs.append(
                followed.run.id, [batch], redactions=0, position=str(number), lease=followed.lease
            )
    return followed


async def lines_of(desk: Desk, followed: Claimed) -> list[str]:
    desk.adapter.script = [Progress(outputs=(), position="1"), ended()]
    await desk.follower.follow(followed)
    return await desk.log_of(followed.run.id)


async def test_a_new_secret_is_masked_in_stored_lines(desk: Desk, logs: StoredLogs) -> None:
    """Over several pages; lines stay as many, and what was masked is counted."""
    texts = [f"{number}\nsesame-open {number}" for number in range(BATCHES_PER_PAGE + 3)]
    followed = await told(desk, *texts)
    await desk.follower.redactors.know(desk.project.id, ["sesame-open"])

    assert len(texts) == await logs.mask(desk.project.id)
    assert len(texts) == (await desk.run(followed.run.id)).log.redactions
    assert 0 == await logs.mask(desk.project.id)
    expected = "\n".join(texts).replace("sesame-open", MASK).split("\n")
    assert expected == await lines_of(desk, followed)


async def test_a_secret_across_stored_batches_is_masked(desk: Desk, logs: StoredLogs) -> None:
    """Where a long line was cut between them, also at the end of a page, and where lines end."""
    long_line = "x" * 65_530
    texts = ["abc", "def", *["-"] * (BATCHES_PER_PAGE - 3), f"{long_line}sesame", "-open the door"]
    followed = await told(desk, *texts)
    await desk.follower.redactors.know(desk.project.id, ["sesame-open", "abc\ndef"])

    assert 3 == await logs.mask(desk.project.id)
    lines = await lines_of(desk, followed)
    assert ["abc", MASK] == lines[:2]
    assert [long_line + MASK, f"{MASK} the door"] == lines[-2:]


async def test_other_projects_and_runs_that_are_over_stay(desk: Desk, logs: StoredLogs) -> None:
    """Their secrets are their own; what is over is a record."""
    desk.adapter.script = [printed("sesame-open", 1), ended()]
    over = await desk.started()
    await desk.follower.follow(over)
    await desk.follower.redactors.know(desk.project.id, ["sesame-open"])

    assert 0 == await logs.mask(desk.project.id)
    assert ["sesame-open"] == await desk.log_of(over.run.id)
