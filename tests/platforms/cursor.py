"""Cursor's Cloud Agents API v1, as its page of endpoints tells it."""

import base64
from typing import Any, ClassVar

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from domain.models.providers import ProviderSignal
from tests.platforms.serving import KEY, Platform, Refused


class Cursor(Platform):
    """An agent has the id that the client gave it, and one run."""

    key = "cursor"
    config: ClassVar = {"repository": "https://github.com/example/shop", "ref": "main"}
    moves: ClassVar = {
        ProviderSignal.QUEUED: {"status": "CREATING"},
        ProviderSignal.RUNNING: {"status": "RUNNING"},
        ProviderSignal.SUCCEEDED: {"status": "FINISHED"},
        ProviderSignal.FAILED: {"status": "ERROR", "error": {"message": "The branch is gone."}},
        ProviderSignal.CANCELED: {"status": "CANCELLED"},
        ProviderSignal.TIMED_OUT: {"status": "EXPIRED"},
    }
    strange: ClassVar = {"status": "HIBERNATING"}

    def routes(self) -> list[Route]:
        return [
            Route("/v1/agents", self.create, methods=["POST"]),
            Route("/v1/agents/{agent}", self.agent),
            Route("/v1/agents/{agent}/runs/{run}", self.get),
            Route("/v1/agents/{agent}/runs/{run}/cancel", self.cancel, methods=["POST"]),
            Route("/v1/agents/{agent}/artifacts", self.artifacts),
            Route("/v1/me", self.me),
        ]

    def check(self, request: Request) -> None:
        expected = "Basic " + base64.b64encode(f"{KEY}:".encode()).decode()
        if request.headers.get("authorization") != expected:
            raise Refused(401, {"error": {"code": "unauthorized", "message": "Not authenticated"}})

    def say(self, run: str, *lines: str) -> None:
        said = self.runs[run].get("result", "").splitlines()
        self.runs[run]["result"] = "\n".join([*said, *lines])

    async def create(self, request: Request) -> Response:
        body = await request.json()
        agent = body["agentId"]
        if not agent.startswith("bc-") or not body["prompt"]["text"]:
            raise Refused(400, {"error": {"code": "invalid", "message": "No agent."}})
        if agent in self.runs:
            raise Refused(409, {"error": {"code": "agent_id_conflict", "message": "It is there."}})
        self.runs[agent] = {"id": f"run-{len(self.runs)}", "status": "CREATING", "asked": body}
        made = {"agent": self.shown(agent), "run": self.runs[agent]}
        return JSONResponse(made, 201)

    def shown(self, agent: str) -> dict[str, Any]:
        return {
            "id": agent,
            "status": "ACTIVE",
            "url": f"https://cursor.com/agents?id={agent}",
            "latestRunId": self.runs[agent]["id"],
        }

    async def agent(self, request: Request) -> Response:
        return JSONResponse(self.shown(request.path_params["agent"]))

    async def get(self, request: Request) -> Response:
        return JSONResponse(self.runs[request.path_params["agent"]])

    async def cancel(self, request: Request) -> Response:
        run = self.runs[request.path_params["agent"]]
        if run["status"] not in {"CREATING", "RUNNING"}:
            raise Refused(409, {"error": {"code": "run_not_cancellable", "message": "Over."}})
        run["status"] = "CANCELLED"
        return JSONResponse({"id": run["id"]})

    async def artifacts(self, request: Request) -> Response:
        assert request.path_params["agent"] in self.runs
        found = [{"path": "artifacts/report.md", "sizeBytes": 12, "updatedAt": "2026-11-20"}]
        return JSONResponse({"items": found})

    async def me(self, request: Request) -> Response:
        return JSONResponse({"apiKeyName": "workbench"})
