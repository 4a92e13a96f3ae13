"""GitHub Actions, as the REST reference of 2022-11-28 tells it (read 2026-11-20).

From "Create a workflow dispatch event", "Workflow runs", "Workflow jobs", "Artifacts" and "Rate
limits for the REST API". Logs are kept at another place, under URLs that take no token; that place
knows ranges, as Azure's blobs do.
"""

import json
import zipfile
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from io import BytesIO
from typing import Any, ClassVar

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from domain.models.providers import ProviderSignal
from tests.platforms.serving import KEY, Json, Platform, Refused

REPO = "/repos/example/shop/actions"
WORKFLOW = REPO + "/workflows/workbench.yml"
PERMITTED = frozenset({"ref", "inputs", "return_run_details"})
FIRST_ID = 30433642
LOOKS = 3
"""So often a run that plays by itself is looked at until it is over."""


def done(conclusion: str) -> Json:
    return {"status": "completed", "conclusion": conclusion}


@dataclass
class GitHubActions(Platform):
    """A repository with one workflow, whose run-name is `Workbench ${{ inputs.workbench_run }}`.

    A run is moved on by the test; one with the command of `plays` plays by itself.
    """

    key: ClassVar[str] = "github_actions"
    config: ClassVar = {"owner": "example", "repo": "shop", "workflow": "workbench.yml"}
    secret: ClassVar[str] = "token"
    moves: ClassVar = {
        ProviderSignal.QUEUED: {"status": "queued", "conclusion": None},
        ProviderSignal.RUNNING: {"status": "in_progress", "conclusion": None},
        ProviderSignal.WAITING: {"status": "waiting", "conclusion": None},
        ProviderSignal.SUCCEEDED: done("success"),
        ProviderSignal.FAILED: done("failure"),
        ProviderSignal.CANCELED: done("cancelled"),
        ProviderSignal.TIMED_OUT: done("timed_out"),
    }
    strange: ClassVar = {"status": "on_vacation", "conclusion": None}

    tells_details: bool = True
    """False: an older server, which answers 204."""
    knows_details: bool = True
    """False: one that refuses what it does not know in a body."""
    names_runs: bool = True
    """False: the workflow has no run-name."""
    is_hiding: bool = False
    """Lists do not show runs yet."""
    state: str = "active"
    jobs: dict[int, Json] = field(default_factory=dict)
    logs: dict[int, bytes] = field(default_factory=dict)
    contents: dict[int, bytes] = field(default_factory=dict)
    archives: dict[int, bytes] = field(default_factory=dict)
    kept: list[Json] = field(default_factory=list)
    """Artifacts."""
    plays: dict[str, tuple[list[str], str]] = field(default_factory=dict)
    """By the first word of a command: what is printed, and the conclusion."""
    ranges: list[str | None] = field(default_factory=list)
    knows_ranges: bool = True

    def routes(self) -> list[Route]:
        return [
            Route(WORKFLOW, self.workflow),
            Route(WORKFLOW + "/dispatches", self.dispatch, methods=["POST"]),
            Route(WORKFLOW + "/runs", self.list_runs),
            Route(REPO + "/runs/{run:int}", self.get),
            Route(REPO + "/runs/{run:int}/cancel", self.cancel, methods=["POST"]),
            Route(REPO + "/runs/{run:int}/jobs", self.list_jobs),
            Route(REPO + "/runs/{run:int}/logs", self.archive),
            Route(REPO + "/runs/{run:int}/artifacts", self.artifacts),
            Route(REPO + "/jobs/{job:int}/logs", self.log),
            Route(REPO + "/artifacts/{artifact:int}/zip", self.artifact),
            Route("/blobs/{name}", self.blob),
        ]

    def check(self, request: Request) -> None:
        if request.url.path.startswith("/blobs/"):
            assert "authorization" not in request.headers, "a token went to where logs are kept"
            return
        if request.headers.get("authorization") != f"Bearer {KEY}":
            raise Refused(401, {"message": "Bad credentials", "status": "401"})
        assert request.headers["x-github-api-version"] == "2022-11-28"

    def start(self, inputs: Json) -> int:
        """A run, as it is made by a dispatch."""
        run = FIRST_ID + len(self.runs)
        now = datetime.now(UTC)
        self.runs[str(run)] = {
            "id": run,
            "status": "queued",
            "conclusion": None,
            "display_title": f"Workbench {inputs.get('workbench_run', '')}"
            if self.names_runs
            else "Workbench",
            "html_url": f"https://github.com/example/shop/actions/runs/{run}",
            "created_at": _time(now),
            "updated_at": _time(now),
            "asked": inputs,
            "looks": 0,
        }
        return run

    def add_job(
        self, run: int, *, name: str = "build", log: bytes | None = None, **told: Any
    ) -> int:
        """A job that is over, with its log as GitHub keeps it; others by `told`."""
        job = 100 + len(self.jobs)
        self.jobs[job] = {
            "id": job,
            "run_id": run,
            "name": name,
            "status": "completed",
            "conclusion": "success",
            "completed_at": _time(datetime.now(UTC)),
            **told,
        }
        if log is not None:
            self.logs[job] = log
        return job

    def say(self, run: str, *lines: str) -> None:
        self.add_job(int(run), log=stamped(*lines))

    async def workflow(self, request: Request) -> Response:
        return JSONResponse({"id": 161335, "name": "Workbench", "state": self.state})

    async def dispatch(self, request: Request) -> Response:
        body = await request.json()
        permitted = PERMITTED if self.knows_details else PERMITTED - {"return_run_details"}
        for name in body.keys() - permitted:
            message = f'Invalid request.\n\n"{name}" is not a permitted key.'
            raise Refused(422, {"message": message, "status": "422"})
        if body["ref"] != "main":
            raise Refused(422, {"message": f"No ref found for: {body['ref']}", "status": "422"})
        if body["inputs"].keys() - {"workbench_run", "command"}:
            raise Refused(422, {"message": "Unexpected inputs provided", "status": "422"})
        run = self.start(body["inputs"])
        if not (self.tells_details and body.get("return_run_details")):
            return Response(status_code=204)
        page = self.runs[str(run)]["html_url"]
        url = f"https://api.github.com{REPO}/runs/{run}"
        return JSONResponse({"workflow_run_id": run, "run_url": url, "html_url": page})

    async def list_runs(self, request: Request) -> Response:
        assert request.query_params["event"] == "workflow_dispatch"
        runs = [] if self.is_hiding else list(reversed(self.runs.values()))
        return JSONResponse({"total_count": len(runs), "workflow_runs": _page(request, runs)})

    async def get(self, request: Request) -> Response:
        run = self.runs[str(request.path_params["run"])]
        self.play(run)
        return JSONResponse(run)

    def play(self, run: Json) -> None:
        word = json.loads(run["asked"]["command"])[0]
        if run["status"] == "completed" or word not in self.plays:
            return
        lines, conclusion = self.plays[word]
        run["looks"] += 1
        run["status"] = "in_progress"
        if conclusion and run["looks"] >= LOOKS:
            self.say(str(run["id"]), *lines)
            run |= done(conclusion)

    async def cancel(self, request: Request) -> Response:
        run = self.runs[str(request.path_params["run"])]
        if run["status"] == "completed":
            message = "Cannot cancel a workflow run that is completed."
            raise Refused(409, {"message": message, "status": "409"})
        run |= done("cancelled")
        return JSONResponse({}, 202)

    async def list_jobs(self, request: Request) -> Response:
        of_run = request.path_params["run"]
        assert str(of_run) in self.runs or _absent()
        jobs = [job for job in self.jobs.values() if job["run_id"] == of_run]
        return JSONResponse({"total_count": len(jobs), "jobs": _page(request, jobs)})

    async def archive(self, request: Request) -> Response:
        run = request.path_params["run"]
        return self._moved(f"run-{run}", run in self.archives)

    async def log(self, request: Request) -> Response:
        job = request.path_params["job"]
        return self._moved(f"job-{job}", job in self.logs)

    def _moved(self, name: str, is_kept: bool) -> Response:  # noqa: FBT001 - a fact
        if not is_kept:
            _absent()
        return Response(status_code=302, headers={"Location": f"{self.blobs}/blobs/{name}"})

    blobs: str = ""
    """Where logs are kept: a base URL."""

    async def blob(self, request: Request) -> Response:
        kind, number = request.path_params["name"].split("-")
        places = {"job": self.logs, "artifact": self.contents}
        body = places.get(kind, self.archives)[int(number)]
        asked = request.headers.get("range")
        self.ranges.append(asked)
        if asked is None or not self.knows_ranges:
            return Response(body)
        first, last = (int(each) for each in asked.removeprefix("bytes=").split("-"))
        if first >= len(body):
            return Response(status_code=416, headers={"Content-Range": f"bytes */{len(body)}"})
        piece = body[first : last + 1]
        where = f"bytes {first}-{first + len(piece) - 1}/{len(body)}"
        return Response(piece, 206, headers={"Content-Range": where})

    async def artifact(self, request: Request) -> Response:
        number = request.path_params["artifact"]
        return self._moved(f"artifact-{number}", number in self.contents)

    async def artifacts(self, request: Request) -> Response:
        return JSONResponse({"total_count": len(self.kept), "artifacts": _page(request, self.kept)})


def _absent() -> bool:
    raise Refused(404, {"message": "Not Found", "status": "404"})


def _page(request: Request, items: list[Json]) -> list[Json]:
    size, page = int(request.query_params["per_page"]), int(request.query_params["page"])
    return items[(page - 1) * size : page * size]


def _time(at: datetime) -> str:
    return at.isoformat(timespec="seconds").replace("+00:00", "Z")


def stamped(*lines: str) -> bytes:
    """A job's log as it is kept: a mark of the byte order, and a time before each line."""
    at = datetime(2026, 11, 20, 10, tzinfo=UTC)
    told = [
        f"{(at + timedelta(seconds=n)):%Y-%m-%dT%H:%M:%S}.1234567Z {line}\r\n"
        for n, line in enumerate(lines)
    ]
    return ("\ufeff" + "".join(told)).encode()


def packed(**files: bytes) -> bytes:
    """An archive of logs: a file for each job, and below a folder one for each step."""
    archive = BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as opened:
        for index, (name, body) in enumerate(files.items()):
            opened.writestr(f"{name}/1_Set up job.txt", b"a step's own\n")
            opened.writestr(f"{index}_{name}.txt", body)
    return archive.getvalue()
