"""Devin's API v3, as its reference tells it: sessions of an organization, and their messages."""

from typing import ClassVar

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from domain.models.providers import ProviderSignal
from tests.platforms.serving import KEY, Platform, Refused

SESSIONS = "/v3/organizations/org-1/sessions"


class Devin(Platform):
    """A session that is done goes on running, and says so in its detail."""

    key = "devin"
    config: ClassVar = {"organization": "org-1", "acuLimit": 5}
    moves: ClassVar = {
        ProviderSignal.QUEUED: {"status": "claimed"},
        ProviderSignal.RUNNING: {"status": "running", "status_detail": "working"},
        ProviderSignal.WAITING: {"status": "running", "status_detail": "waiting_for_user"},
        ProviderSignal.SUCCEEDED: {"status": "running", "status_detail": "finished"},
        ProviderSignal.FAILED: {"status": "suspended", "status_detail": "out_of_credits"},
        ProviderSignal.CANCELED: {"status": "exit", "status_detail": "user_request"},
    }
    strange: ClassVar = {"status": "dreaming"}

    def routes(self) -> list[Route]:
        return [
            Route(SESSIONS, self.create, methods=["POST"]),
            Route(SESSIONS, self.list),
            Route(SESSIONS + "/{run}", self.get),
            Route(SESSIONS + "/{run}", self.stop, methods=["DELETE"]),
            Route(SESSIONS + "/{run}/messages", self.answer, methods=["POST"]),
            Route(SESSIONS + "/{run}/messages", self.messages),
        ]

    def check(self, request: Request) -> None:
        if request.headers.get("authorization") != f"Bearer {KEY}":
            raise Refused(403, {"detail": "Invalid service user credential"})

    def say(self, run: str, *lines: str) -> None:
        self.runs[run]["said"] += [{"source": "devin", "message": line} for line in lines]

    async def create(self, request: Request) -> Response:
        body = await request.json()
        run = f"devin-{len(self.runs)}"
        self.runs[run] = {
            "session_id": run,
            "status": "new",
            "status_detail": None,
            "tags": body["tags"],
            "url": f"https://app.devin.ai/sessions/{run}",
            "pull_requests": [],
            "asked": body,
            "said": [],
        }
        return JSONResponse(self.runs[run])

    async def list(self, request: Request) -> Response:
        tag = request.query_params.get("tags")
        found = [run for run in self.runs.values() if tag is None or tag in run["tags"]]
        return JSONResponse({"items": found, "end_cursor": None, "has_next_page": False})

    async def get(self, request: Request) -> Response:
        return JSONResponse(self.runs[request.path_params["run"]])

    async def stop(self, request: Request) -> Response:
        self.runs[request.path_params["run"]] |= self.moves[ProviderSignal.CANCELED]
        return JSONResponse(self.runs[request.path_params["run"]])

    async def answer(self, request: Request) -> Response:
        run = self.runs[request.path_params["run"]]
        run["said"].append({"source": "user", "message": (await request.json())["message"]})
        run |= self.moves[ProviderSignal.RUNNING]
        return JSONResponse(run)

    async def messages(self, request: Request) -> Response:
        """Two a page; a page that is full has a cursor, to itself where nothing follows yet."""
        said = self.runs[request.path_params["run"]]["said"]
        after = int(request.query_params.get("after", 0))
        page = said[after : after + 2]
        more = len(said) > after + 2
        cursor = str(after + 2) if more else None
        return JSONResponse({"items": page, "end_cursor": cursor, "has_next_page": more})
