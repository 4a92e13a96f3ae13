"""Servers that die at commits of a workflow; `make chaos` takes every one of them."""

from pathlib import Path
from typing import Final

import pytest

from domain.errors import StorageUnavailable
from domain.ids import NodeId
from domain.lifecycle import ApprovalState, RunState, StepRunState, WorkflowRunState
from tests.workflows.dying import Mortal, When
from tests.workflows.lives import MakeUrl, die_at_commits
from tests.workflows.stage import TOKEN, command, set_up, settings_of

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(600)]

STRIDE: Final = 23
"""All of them take minutes."""


@pytest.mark.parametrize("when", list(When))
async def test_a_death_at_any_commit_loses_nothing(
    tmp_path: Path, fresh_url: MakeUrl, when: When
) -> None:
    """The next server goes on: nothing that was told is lost, and no attempt is begun twice."""
    await die_at_commits(tmp_path, fresh_url, when, STRIDE)


async def test_what_is_skipped_takes_its_run_along_at_once(
    tmp_path: Path, fresh_url: MakeUrl
) -> None:
    """In one commit: a server that dies behind it leaves nothing that people could have go out."""
    settings = settings_of(tmp_path, await fresh_url("skip"))
    workbench = Mortal(settings=settings, node=NodeId("node"), token=TOKEN)
    await workbench.prepare()
    async with workbench.started():
        stage = await set_up(workbench, settings)
        await stage.policy()
        run = await stage.start(command("asked"), command("after", needs=("asked",)))
        await stage.in_state(run, WorkflowRunState.BLOCKED)
        step = (await stage.steps(run))["asked"]
        workbench.database.when = When.AFTER
        workbench.database.dies_at = workbench.database.commits + 1
        with pytest.raises(StorageUnavailable):
            await stage.act_on_step("skip", step)

    again = Mortal(settings=settings, node=NodeId("again"), token=TOKEN)
    stage.workbench = again
    assert StepRunState.SKIPPED is (await stage.steps(run))["asked"].state
    assert RunState.CANCELED is (await stage.child(step)).state
    assert [ApprovalState.VOIDED] == [one.state for one in await stage.approvals()]
    await again.database.close()
