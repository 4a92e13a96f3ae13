"""Every shipped manifest, in front of a stand-in that acts as the suite wants.

They share one engine, so that `make test` asks of most of them the tests without parameters, and
`make adapters` everything.
"""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import ClassVar

import pytest

from tests.contract.adapters.conformance import Conformance
from tests.contract.adapters.manifests import ManifestRig, Stage, rigged
from tests.contract.adapters.rig import FAILURE, QUESTION, Act, Part
from tests.platforms.cursor import Cursor
from tests.platforms.devin import Devin
from tests.platforms.github_tasks import GitHubTasks
from tests.platforms.jules import Jules
from tests.platforms.langgraph import LangGraph
from tests.platforms.managed_agents import ManagedAgents
from tests.platforms.ray import Ray
from tests.platforms.slurm import Slurm
from tests.platforms.webhook import Webhook


def said_by(name: str) -> "Speaker":
    return Speaker(f"{name}: ")


class Speaker:
    """Of a conversation, what one has said."""

    def __init__(self, prefix: str) -> None:
        self._prefix = prefix

    def __call__(self, lines: list[str]) -> list[str]:
        mine = [line for line in lines if line.startswith(self._prefix)]
        return [line.removeprefix(self._prefix) for line in mine]


class ManifestConformance(Conformance):
    """All of the suite, less what the platform cannot do."""

    stage: ClassVar[Stage]
    is_long = True

    @pytest.fixture
    async def rig(self, anyio_backend: str, tmp_path: Path) -> AsyncIterator[ManifestRig]:
        async with rigged(self.stage) as rig:
            yield rig


class TestManagedAgents(ManifestConformance):
    """The one whose every test `make test` runs."""

    is_long = False
    stage = Stage(
        platform=ManagedAgents,
        starts_at=("POST", "/v1/sessions"),
        says='{"status": "WORD"}',
    )


class TestLangGraph(ManifestConformance):
    """Threads, in which the newest run counts."""

    sense: ClassVar = {("[]", "lookup"): "an empty list says that a thread has no runs"}
    stage = Stage(
        platform=LangGraph,
        starts_at=("POST", "/runs"),
        says='[{"run_id": "x", "status": "WORD"}]',
        failing={"error": {"error": "RuntimeError", "message": FAILURE}},
        asking={"interrupts": {"node": [{"value": QUESTION, "id": "i"}]}},
        unknown="00000000-0000-0000-0000-000000000000/no-such-run",
        own=said_by("ai"),
    )


class TestRay(ManifestConformance):
    """Jobs that ask nobody."""

    stage = Stage(
        platform=Ray,
        starts_at=("POST", "/api/jobs/"),
        says='{"status": "WORD"}',
        failing={"message": f"Job entrypoint command failed: {FAILURE}"},
    )


class TestSlurm(ManifestConformance):
    """Jobs that ask nobody, and print to files of a folder."""

    without: ClassVar = {Part.REFUSAL: "a wrong token looks like a controller that is away"}
    stage = Stage(
        platform=Slurm,
        starts_at=("POST", "/job/submit"),
        says='{"jobs": [{"job_state": "WORD"}]}',
        failing={"state_reason": "None"},
        unasked=frozenset({"fetch_logs"}),
    )

    @pytest.fixture
    async def rig(self, anyio_backend: str, tmp_path: Path) -> AsyncIterator[ManifestRig]:
        config = {"user": "ci", "workdir": "/tmp", "logDir": str(tmp_path)}
        async with rigged(Stage(**{**vars(self.stage), "config": config})) as rig:
            yield rig


class TestCursor(ManifestConformance):
    """Agents; the result of a run is its log."""

    stage = Stage(
        platform=Cursor,
        starts_at=("POST", "/v1/agents"),
        says='{"status": "WORD"}',
        failing={"error": {"message": FAILURE}},
        unknown="bc-none/no-such-run",
    )


class TestDevin(ManifestConformance):
    """Sessions, whose messages are the log."""

    stage = Stage(
        platform=Devin,
        starts_at=("POST", "/sessions"),
        says='{"status": "WORD"}',
        failing={"status": "error", "status_detail": None},
        own=said_by("devin"),
        asks_in_log=True,
    )


class TestJules(ManifestConformance):
    """Sessions that nothing ends but themselves."""

    stage = Stage(
        platform=Jules,
        starts_at=("POST", "/v1alpha/sessions"),
        says='{"state": "WORD"}',
        own=said_by("agent"),
        asks_in_log=True,
    )


class TestGitHubTasks(ManifestConformance):
    """Tasks of which nothing but their state is told."""

    without: ClassVar = {Part.LOG: "there is no request for what a task has said"}
    sense: ClassVar = {
        ("wrong kinds", "check_health"): "a list of anything is all a health check looks for"
    }
    stage = Stage(
        platform=GitHubTasks,
        starts_at=("POST", "/tasks"),
        says='{"state": "WORD"}',
        can_look_up=False,
        unasked=frozenset({"fetch_logs"}),
    )


class TestWebhook(ManifestConformance):
    """A server that is told once, and never asked."""

    without: ClassVar = {
        Part.STATUS: "it is not asked how a run is",
        Part.LOG: "it is not asked what a run has printed",
        Part.HEALTH: "nothing harmless can be asked of it",
        Part.ANSWER: "the status of its answer says all",
    }
    stage = Stage(
        platform=Webhook,
        starts_at=("POST", "/workbench"),
        says="{}",
        acts=frozenset({Act.COUNT}),
        is_keyed=True,
        unasked=frozenset({"fetch_logs", "poll_status", "lookup", "check_health"}),
    )
