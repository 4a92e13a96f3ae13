"""Steps that agents take: on a real agent (a2a-sdk), through the real adapter."""

from collections.abc import Iterator
from typing import Any

import pytest

from domain.lifecycle import StepRunState, WorkflowRunState
from domain.models.commands import AnswerRun, ConfigureProvider
from domain.models.feature_commands import ScanFeatures
from domain.models.runs import FailureCode
from domain.models.workflow_events import StepRunBriefed
from domain.models.workflows import Step, StepType
from tests.adapters.a2a.serving import AgentServer
from tests.workflows.stage import Stage, command, gate

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(120)]

PRD = "---\ndoc_type: prd\nfeature_slug: door\ntitle: A door\n---\nIt opens.\n"


@pytest.fixture(scope="module")
def agent(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AgentServer]:
    with AgentServer(tmp_path_factory.mktemp("agent")).running() as server:
        yield server


@pytest.fixture
async def with_agent(stage: Stage, agent: AgentServer) -> Stage:
    config = {"url": agent.url, "allowPrivate": True}
    await stage.workbench.providers.configs.configure(
        ConfigureProvider(project=stage.project.slug, provider="a2a", config=config),
        stage.project.id,
        stage.admin,
    )
    return stage


def prompt(key: str, text: str, **more: Any) -> Step:
    return Step(key=key, type=StepType.SDK, prompt=text, provider="a2a", **more)


async def test_an_agent_takes_a_step(with_agent: Stage, agent: AgentServer) -> None:
    """Given what came before, once; what it says is there for what comes after."""
    run = await with_agent.start(
        command("before"),
        prompt("count", "count ${{ inputs.lines }}", needs=("before",)),
        gate("gate", "'line 2' in steps.count.lastLines", needs=("count",)),
        inputs={"type": "object", "properties": {"lines": {"type": "integer"}}},
        given={"lines": 3},
    )

    ended = await with_agent.at_rest(run)

    step = (await with_agent.steps(run))["count"]
    assert WorkflowRunState.SUCCEEDED == ended.state, ended.failure
    assert step.run_id is not None
    assert 1 == agent.received(step.run_id)


async def test_what_an_agent_asks_blocks_its_branch(with_agent: Stage) -> None:
    """Answered, the step goes on, and so does what needs it."""
    run = await with_agent.start(prompt("ask", "ask Red?"), command("after", needs=("ask",)))
    await with_agent.step_in(run, "ask", StepRunState.BLOCKED)
    assert (
        WorkflowRunState.BLOCKED == (await with_agent.in_state(run, WorkflowRunState.BLOCKED)).state
    )
    child = await with_agent.child((await with_agent.steps(run))["ask"])
    assert child.question is not None

    await with_agent.workbench.services.interventions.answer(
        AnswerRun(run_id=child.id, text="yes"), with_agent.admin
    )

    await with_agent.in_state(run, WorkflowRunState.SUCCEEDED)


async def test_the_failure_of_an_agent_is_that_of_the_step(with_agent: Stage) -> None:
    """In its words."""
    run = await with_agent.start(prompt("bad", "fail no idea"))

    ended = await with_agent.in_state(run, WorkflowRunState.FAILED)

    assert ended.failure is not None
    assert (FailureCode.PROVIDER_ERROR, True) == (
        ended.failure.code,
        "no idea" in ended.failure.message,
    )


async def test_documents_go_along_with_a_prompt(with_agent: Stage) -> None:
    """Those that the step names, of the feature of the run; what went along is told."""
    docs = with_agent.root / "docs"
    docs.mkdir()
    (docs / "prd.md").write_text(PRD)
    await with_agent.workbench.features.scans.scan(
        ScanFeatures(project="default", folder="docs"), with_agent.project, with_agent.admin
    )
    run = await with_agent.start(
        prompt("read", "reply read", documents=("docs/prd.md",)), feature="door"
    )

    await with_agent.at_rest(run)

    child = await with_agent.child((await with_agent.steps(run))["read"])
    assert child.prompt is not None
    assert "It opens." in child.prompt
    assert child.prompt.endswith("reply read")
    facts = [event.fact for event in await with_agent.events(run)]
    (briefed,) = [fact for fact in facts if isinstance(fact, StepRunBriefed)]
    assert ["docs/prd.md"] == [each["path"] for each in briefed.record["documents"]]
