"""Ray Jobs 2.60 with token authentication, as its REST reference tells it (read 2026-11-20), and as
the real one of `make engines` answers."""

from typing import ClassVar

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from domain.models.providers import ProviderSignal
from tests.platforms.serving import KEY, UP_SINCE_S, Platform, Refused

JOBS = "/api/jobs/"


class Ray(Platform):
    """A job has the id that the client gave it."""

    key = "ray"
    secret = "token"
    moves: ClassVar = {
        ProviderSignal.QUEUED: {"status": "PENDING"},
        ProviderSignal.RUNNING: {"status": "RUNNING"},
        ProviderSignal.SUCCEEDED: {"status": "SUCCEEDED", "driver_exit_code": 0},
        ProviderSignal.FAILED: {"status": "FAILED", "driver_exit_code": 4},
        ProviderSignal.CANCELED: {"status": "STOPPED"},
    }
    strange: ClassVar = {"status": "EVAPORATED"}

    def routes(self) -> list[Route]:
        return [
            Route(JOBS, self.submit, methods=["POST"]),
            Route(JOBS + "{run}", self.get),
            Route(JOBS + "{run}/stop", self.stop, methods=["POST"]),
            Route(JOBS + "{run}/logs", self.logs),
            Route("/api/version", self.version),
            Route("/api/v0/nodes", self.nodes),
        ]

    def check(self, request: Request) -> None:
        if request.headers.get("authorization") != f"Bearer {KEY}":
            raise Refused(403, {"error": "Unauthorized: Invalid authentication token"})

    def say(self, run: str, *lines: str) -> None:
        self.runs[run]["logs"] += "".join(f"{line}\n" for line in lines)

    async def submit(self, request: Request) -> Response:
        body = await request.json()
        run = body["submission_id"]
        if run in self.runs:
            told = (
                f"Traceback (most recent call last):\nJob with submission_id {run} already exists."
            )
            return PlainTextResponse(told, 500)
        self.runs[run] = {
            "submission_id": run,
            "status": "PENDING",
            "message": None,
            "driver_exit_code": None,
            "metadata": body["metadata"],
            "asked": body,
            "logs": "",
        }
        return JSONResponse({"job_id": run, "submission_id": run})

    async def get(self, request: Request) -> Response:
        run = self.runs.get(request.path_params["run"])
        if run is None:
            return PlainTextResponse("Job does not exist", 404)
        return JSONResponse({name: each for name, each in run.items() if name != "logs"})

    async def stop(self, request: Request) -> Response:
        run = self.runs[request.path_params["run"]]
        is_open = run["status"] in {"PENDING", "RUNNING"}
        if is_open:
            run |= self.moves[ProviderSignal.CANCELED]
        return JSONResponse({"stopped": is_open})

    async def logs(self, request: Request) -> Response:
        return JSONResponse({"logs": self.runs[request.path_params["run"]]["logs"]})

    async def nodes(self, request: Request) -> Response:
        assert request.query_params["filter_keys"] == "is_head_node"
        head = {"is_head_node": True, "start_time_ms": UP_SINCE_S * 1000}
        return JSONResponse({"result": True, "data": {"result": {"result": [head]}}})

    async def version(self, request: Request) -> Response:
        return JSONResponse({"version": "4", "ray_version": "2.60.0"})
