"""GitHub's agent tasks, as the REST reference of 2026-03-10 tells them."""

from typing import ClassVar

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from domain.models.providers import ProviderSignal
from tests.platforms.serving import KEY, Platform, Refused

TASKS = "/agents/repos/example/shop/tasks"


class GitHubTasks(Platform):
    """Tasks of a repository; no cancel, no log, and nothing to find one by."""

    key = "github_tasks"
    config: ClassVar = {"owner": "example", "repository": "shop", "createPullRequest": True}
    secret = "token"
    moves: ClassVar = {
        ProviderSignal.QUEUED: {"state": "queued"},
        ProviderSignal.RUNNING: {"state": "in_progress"},
        ProviderSignal.WAITING: {"state": "waiting_for_user"},
        ProviderSignal.SUCCEEDED: {"state": "completed"},
        ProviderSignal.FAILED: {"state": "failed"},
        ProviderSignal.CANCELED: {"state": "cancelled"},
        ProviderSignal.TIMED_OUT: {"state": "timed_out"},
    }
    strange: ClassVar = {"state": "on_vacation"}
    keeps_one = False

    def routes(self) -> list[Route]:
        return [
            Route(TASKS, self.create, methods=["POST"]),
            Route(TASKS, self.list),
            Route(TASKS + "/{run}", self.get),
        ]

    def check(self, request: Request) -> None:
        if request.headers.get("authorization") != f"Bearer {KEY}":
            raise Refused(401, {"message": "Bad credentials", "status": "401"})
        if request.headers.get("x-github-api-version") != "2026-03-10":
            raise Refused(400, {"message": "Unsupported version"})

    def say(self, run: str, *lines: str) -> None:
        """Nobody hears it."""

    async def create(self, request: Request) -> Response:
        body = await request.json()
        assert body["create_pull_request"] is True
        run = f"task-{len(self.runs)}"
        self.runs[run] = {
            "id": run,
            "state": "queued",
            "html_url": f"https://github.com/example/shop/agents/{run}",
            "artifacts": [{"provider": "github", "type": "pull", "data": {"id": 7}}],
            "asked": body,
        }
        return JSONResponse(self.runs[run], 201)

    async def list(self, request: Request) -> Response:
        return JSONResponse({"tasks": [*self.runs.values()]})

    async def get(self, request: Request) -> Response:
        return JSONResponse(self.runs[request.path_params["run"]])
