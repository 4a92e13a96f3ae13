"""LangGraph's server, as its API reference tells it (read 2026-11-20), and as the real one of
`make engines` answers."""

from typing import Any, ClassVar

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from domain.models.providers import ProviderSignal
from tests.platforms.serving import KEY, Json, Platform, Refused


class LangGraph(Platform):
    """Threads, with one run at a time. `runs` holds them, and how the newest run of each is."""

    key = "langgraph"
    config: ClassVar = {"assistant": "agent"}
    moves: ClassVar = {
        ProviderSignal.QUEUED: {"run_status": "pending", "status": "busy"},
        ProviderSignal.RUNNING: {"run_status": "running", "status": "busy"},
        ProviderSignal.WAITING: {"run_status": "success", "status": "interrupted"},
        ProviderSignal.SUCCEEDED: {"run_status": "success", "status": "idle"},
        ProviderSignal.FAILED: {"run_status": "error", "status": "error"},
        ProviderSignal.CANCELED: {"run_status": "interrupted", "status": "idle"},
        ProviderSignal.TIMED_OUT: {"run_status": "timeout", "status": "idle"},
    }
    strange: ClassVar = {"run_status": "daydreaming"}

    def routes(self) -> list[Route]:
        return [
            Route("/threads", self.create, methods=["POST"]),
            Route("/threads/{run}", self.get),
            Route("/threads/{run}/runs", self.start, methods=["POST"]),
            Route("/threads/{run}/runs", self.list),
            Route("/threads/{run}/runs/{id}/cancel", self.cancel, methods=["POST"]),
            Route("/ok", self.ok),
        ]

    def check(self, request: Request) -> None:
        if request.headers.get("x-api-key") != KEY:
            raise Refused(403, {"detail": "Invalid authentication"})

    def say(self, run: str, *lines: str) -> None:
        self.runs[run]["messages"] += [{"type": "ai", "content": line} for line in lines]

    async def create(self, request: Request) -> Response:
        body = await request.json()
        assert body["if_exists"] == "do_nothing"
        made: Json = {"status": "idle", "run_status": None, "messages": [], "started": []}
        thread = self.runs.setdefault(body["thread_id"], made)
        return JSONResponse(self._shown(body["thread_id"], thread))

    async def start(self, request: Request) -> Response:
        body = await request.json()
        thread = self.runs[request.path_params["run"]]
        if thread["run_status"] in {"pending", "running"}:
            raise Refused(409, {"detail": "Thread is already running a task."})
        if "command" in body:
            asked = body["command"]["resume"]
        else:
            asked = body["input"]["messages"][0]["content"]
            thread["asked"] = body
        thread["messages"].append({"type": "human", "content": asked})
        thread |= self.moves[ProviderSignal.QUEUED]
        name = f"run-{len(thread['started'])}"
        thread["started"].insert(0, {"run_id": name, "metadata": body.get("metadata", {})})
        return JSONResponse(self._runs(request)[0])

    def _runs(self, request: Request) -> list[Json]:
        """The newest first, which has the status; those before it are over."""
        run = request.path_params["run"]
        thread = self.runs[run]
        states = [thread["run_status"], *["success"] * len(thread["started"])]
        return [
            {"thread_id": run, "status": state, **each}
            for state, each in zip(states, thread["started"], strict=False)
        ]

    async def list(self, request: Request) -> Response:
        return JSONResponse(self._runs(request)[: int(request.query_params["limit"])])

    async def get(self, request: Request) -> Response:
        run = request.path_params["run"]
        return JSONResponse(self._shown(run, self.runs[run]))

    def _shown(self, run: str, thread: Json) -> dict[str, Any]:
        asked = thread.get("interrupts", {}) if thread["status"] == "interrupted" else {}
        return {
            "thread_id": run,
            "status": thread["status"],
            "values": {"messages": thread["messages"]},
            "interrupts": asked,
            "error": thread.get("error"),
        }

    async def cancel(self, request: Request) -> Response:
        thread = self.runs[request.path_params["run"]]
        if thread["run_status"] not in {"pending", "running"}:
            raise Refused(404, {"detail": "Run not found"})
        thread |= self.moves[ProviderSignal.CANCELED]
        return Response(status_code=204)

    async def ok(self, request: Request) -> Response:
        return JSONResponse({"ok": True})
