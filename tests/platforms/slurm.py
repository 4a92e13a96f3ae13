"""slurmrestd of Slurm 22.05 with JWT, as the reference of openapi/v0.0.38 tells it (read
2026-11-20), and as the real one of `make engines` answers."""

from pathlib import Path
from typing import Any, ClassVar

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from domain.models.providers import ProviderSignal
from tests.platforms.serving import KEY, UP_SINCE_S, Platform, Refused

BASE = "/slurm/v0.0.38"
FIRST_ID = 41
DENIED = 5005, "Zero Bytes were transmitted or received"
"""What it says where its controller hangs up, as it does on a token that is not valid."""


class Slurm(Platform):
    """Jobs that print to files; they are known by a number."""

    key = "slurm"
    secret = "token"
    moves: ClassVar = {
        ProviderSignal.QUEUED: {"job_state": "PENDING", "state_reason": "Resources"},
        ProviderSignal.RUNNING: {"job_state": "RUNNING", "state_reason": "None"},
        ProviderSignal.SUCCEEDED: {"job_state": "COMPLETED", "exit_code": 0},
        ProviderSignal.FAILED: {"job_state": "FAILED", "exit_code": 768},
        ProviderSignal.CANCELED: {"job_state": "CANCELLED"},
        ProviderSignal.TIMED_OUT: {"job_state": "TIMEOUT"},
    }
    strange: ClassVar = {"job_state": "HIBERNATING"}

    def routes(self) -> list[Route]:
        return [
            Route(f"{BASE}/job/submit", self.submit, methods=["POST"]),
            Route(f"{BASE}/jobs", self.all),
            Route(f"{BASE}/job/{{run}}", self.get),
            Route(f"{BASE}/job/{{run}}", self.cancel, methods=["DELETE"]),
            Route(f"{BASE}/ping", self.ping),
            Route(f"{BASE}/diag", self.diag),
        ]

    def check(self, request: Request) -> None:
        if request.headers.get("x-slurm-user-token") != KEY:
            raise Refused(500, _plain(DENIED))
        assert request.headers["x-slurm-user-name"] == "ci"

    def say(self, run: str, *lines: str) -> None:
        with Path(self.runs[run]["standard_output"]).open("a", encoding="utf-8") as file:
            file.writelines(f"{line}\n" for line in lines)

    async def submit(self, request: Request) -> Response:
        body = await request.json()
        assert body["script"].startswith("#!")
        run = str(FIRST_ID + len(self.runs))
        self.runs[run] = {
            **body["job"],
            "job_id": int(run),
            "job_state": "PENDING",
            "state_reason": "None",
            "exit_code": 0,
            "end_time": 0,
            "asked": body,
        }
        return JSONResponse({**_plain(), "job_id": int(run), "step_id": "BATCH"})

    async def all(self, request: Request) -> Response:
        return JSONResponse({**_plain(), "jobs": [*self.runs.values()]})

    async def get(self, request: Request) -> Response:
        run = self.runs.get(request.path_params["run"])
        if run is None:
            return _trouble(2017, "Invalid job id specified")
        return JSONResponse({**_plain(), "jobs": [run]})

    async def cancel(self, request: Request) -> Response:
        run = self.runs.get(request.path_params["run"])
        if run is None:
            return _trouble(2017, "Invalid job id specified")
        if run["job_state"] not in {"PENDING", "RUNNING"}:
            return _trouble(2021, "Job/step already completing or completed")
        run |= self.moves[ProviderSignal.CANCELED]
        return JSONResponse(_plain())

    async def diag(self, request: Request) -> Response:
        return JSONResponse({**_plain(), "statistics": {"req_time_start": UP_SINCE_S}})

    async def ping(self, request: Request) -> Response:
        pings = [{"hostname": "head", "ping": "UP", "status": 0, "mode": "primary"}]
        return JSONResponse({**_plain(), "pings": pings})


def _plain(*errors: tuple[int, str]) -> dict[str, Any]:
    """What is in every answer."""
    told = [{"error_number": number, "error": text} for number, text in errors]
    return {"meta": {"plugin": {"type": "openapi/v0.0.38"}}, "errors": told}


def _trouble(number: int, told: str) -> Response:
    return JSONResponse(_plain((number, told)), 500)
