"""Claude Managed Agents, as its pages on sessions and their events tell it."""

from typing import Any, ClassVar

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from domain.models.providers import ProviderSignal
from tests.platforms.serving import KEY, Platform, Refused


def idle(reason: str) -> dict[str, Any]:
    return {"status": "idle", "stop": {"type": reason}}


class ManagedAgents(Platform):
    """Why a session is idle stands in its newest event of that kind."""

    key = "claude_managed_agents"
    config: ClassVar = {"agent": "agent_1", "environment": "env_1"}
    moves: ClassVar = {
        ProviderSignal.RUNNING: {"status": "running"},
        ProviderSignal.WAITING: idle("requires_action"),
        ProviderSignal.SUCCEEDED: idle("end_turn"),
        ProviderSignal.FAILED: idle("retries_exhausted"),
        ProviderSignal.CANCELED: {"status": "terminated", "archived_at": "2026-11-20T10:00:00Z"},
    }
    strange: ClassVar = {"status": "hibernating"}

    def routes(self) -> list[Route]:
        return [
            Route("/v1/sessions", self.create, methods=["POST"]),
            Route("/v1/sessions", self.list),
            Route("/v1/sessions/{run}", self.get),
            Route("/v1/sessions/{run}/events", self.send, methods=["POST"]),
            Route("/v1/sessions/{run}/events", self.events),
            Route("/v1/sessions/{run}/archive", self.archive, methods=["POST"]),
        ]

    def check(self, request: Request) -> None:
        if request.headers.get("x-api-key") != KEY:
            told = {"type": "authentication_error", "message": "invalid x-api-key"}
            raise Refused(401, {"type": "error", "error": told})
        if request.headers.get("anthropic-beta") != "managed-agents-2026-04-01":
            raise Refused(400, {"type": "error", "error": {"message": "no beta header"}})

    def say(self, run: str, *lines: str) -> None:
        said = [{"type": "agent.message", "content": [{"type": "text", "text": x}]} for x in lines]
        self.runs[run]["said"] += said

    async def create(self, request: Request) -> Response:
        body = await request.json()
        assert body["environment_id"] == "env_1"
        run = f"sesn_{len(self.runs)}"
        self.runs[run] = {
            "type": "session",
            "id": run,
            "status": "running",
            "archived_at": None,
            "usage": {"input_tokens": 5000, "output_tokens": 3200},
            "metadata": body["metadata"],
            "asked": body,
            "said": [],
        }
        return JSONResponse(self.runs[run])

    async def list(self, request: Request) -> Response:
        return JSONResponse({"data": [*self.runs.values()], "next_page": None})

    async def get(self, request: Request) -> Response:
        run = self.runs[request.path_params["run"]]
        return JSONResponse({name: each for name, each in run.items() if name != "stop"})

    async def send(self, request: Request) -> Response:
        run = self.runs[request.path_params["run"]]
        (event,) = (await request.json())["events"]
        if event["type"] == "user.interrupt":
            run |= idle("end_turn")
        else:
            run |= {"status": "running", "answers": [event["content"][0]["text"]]}
        return JSONResponse({"data": [event]})

    async def archive(self, request: Request) -> Response:
        run = self.runs[request.path_params["run"]]
        run |= self.moves[ProviderSignal.CANCELED]
        return JSONResponse(run)

    async def events(self, request: Request) -> Response:
        run = self.runs[request.path_params["run"]]
        if request.query_params["types[]"] == "session.status_idle":
            stop = run.get("stop")
            found = [{"type": "session.status_idle", "stop_reason": stop}] if stop else []
            return JSONResponse({"data": found, "next_page": None})
        if request.query_params["order"] == "desc":
            return JSONResponse({"data": run["said"][-1:], "next_page": None})
        begin = int(request.query_params.get("page", 0))
        more = str(begin + 2) if len(run["said"]) > begin + 2 else None
        return JSONResponse({"data": run["said"][begin : begin + 2], "next_page": more})
