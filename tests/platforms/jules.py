"""The Jules API v1alpha, as its REST reference tells it."""

from typing import ClassVar

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from domain.models.providers import ProviderSignal
from tests.platforms.serving import KEY, Platform, Refused

SESSIONS = "/v1alpha/sessions"


class Jules(Platform):
    """Sessions with activities; nothing ends one but itself."""

    key = "jules"
    config: ClassVar = {"source": "sources/github/example/shop", "branch": "main"}
    moves: ClassVar = {
        ProviderSignal.QUEUED: {"state": "QUEUED"},
        ProviderSignal.RUNNING: {"state": "IN_PROGRESS"},
        ProviderSignal.WAITING: {"state": "AWAITING_USER_FEEDBACK"},
        ProviderSignal.SUCCEEDED: {"state": "COMPLETED"},
        ProviderSignal.FAILED: {"state": "FAILED"},
    }
    strange: ClassVar = {"state": "MEDITATING"}

    def routes(self) -> list[Route]:
        return [
            Route(SESSIONS, self.create, methods=["POST"]),
            Route(SESSIONS, self.list),
            Route(SESSIONS + "/{run}:sendMessage", self.answer, methods=["POST"]),
            Route(SESSIONS + "/{run}:approvePlan", self.approve, methods=["POST"]),
            Route(SESSIONS + "/{run}", self.get),
            Route(SESSIONS + "/{run}/activities", self.activities),
            Route("/v1alpha/sources", self.sources),
        ]

    def check(self, request: Request) -> None:
        if request.headers.get("x-goog-api-key") != KEY:
            told = {"code": 403, "message": "API key not valid.", "status": "PERMISSION_DENIED"}
            raise Refused(403, {"error": told})

    def say(self, run: str, *lines: str) -> None:
        said = [{"originator": "agent", "agentMessaged": {"agentMessage": line}} for line in lines]
        self.runs[run]["said"] += said

    async def create(self, request: Request) -> Response:
        body = await request.json()
        assert body["sourceContext"]["githubRepoContext"]["startingBranch"]
        run = str(1000 + len(self.runs))
        self.runs[run] = {
            "name": f"sessions/{run}",
            "id": run,
            "title": body["title"],
            "state": "QUEUED",
            "url": f"https://jules.google.com/session/{run}",
            "asked": body,
            "said": [],
        }
        return JSONResponse(self.runs[run])

    async def list(self, request: Request) -> Response:
        return JSONResponse({"sessions": [*self.runs.values()]})

    async def get(self, request: Request) -> Response:
        return JSONResponse(self.runs[request.path_params["run"]])

    async def answer(self, request: Request) -> Response:
        run = self.runs[request.path_params["run"]]
        told = {"userMessage": (await request.json())["prompt"]}
        run["said"].append({"originator": "user", "userMessaged": told})
        run |= self.moves[ProviderSignal.RUNNING]
        return JSONResponse({})

    async def approve(self, request: Request) -> Response:
        if self.runs[request.path_params["run"]]["state"] != "AWAITING_PLAN_APPROVAL":
            raise Refused(400, {"error": {"status": "FAILED_PRECONDITION", "message": "No plan."}})
        return JSONResponse({})

    async def activities(self, request: Request) -> Response:
        said = self.runs[request.path_params["run"]]["said"]
        begin = int(request.query_params.get("pageToken", 0))
        more = {"nextPageToken": str(begin + 2)} if len(said) > begin + 2 else {}
        return JSONResponse({"activities": said[begin : begin + 2], **more})

    async def sources(self, request: Request) -> Response:
        return JSONResponse({"sources": []})
