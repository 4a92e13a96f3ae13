"""The repository that a project dispatches to, over GitHub's REST API of 2022-11-28.

That version is the one that every server in use knows (GitHub Enterprise Server 3.9 and newer).
"""

from collections.abc import AsyncIterator, Collection, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import quote

from adapters.github_actions.records import Job, WorkflowRun, items_of, job_of, run_of
from adapters.http.caller import Call, Caller, Pieces
from adapters.http.failures import RETRY_AFTER_S_MAX, refusal_of
from adapters.http.outbound import Outbound
from adapters.http.target import Answer, Target
from domain.errors import ProviderRefused, ProviderUnavailable, WorkbenchError
from domain.models.providers import Connection

TOKEN: Final = "token"  # noqa: S105 - a name
API_URL: Final = "https://api.github.com"
LOG_HOSTS: Final = (".blob.core.windows.net", ".actions.githubusercontent.com")
"""Where GitHub keeps logs, besides the hosts that a project names; each stands for all below it."""
HEADERS: Final = {
    "Accept": "application/vnd.github+json",
    "X-GitHub-Api-Version": "2022-11-28",
}
PAGE: Final = 100
JOB_PAGES_MAX: Final = 10
FOUND_PAGES_MAX: Final = 10
ARTIFACT_PAGES_MAX: Final = 10

OK: Final = 200
PARTIAL: Final = 206
FOUND: Final = 302
FORBIDDEN: Final = 403
NOT_FOUND: Final = 404
CONFLICT: Final = 409
GONE: Final = 410
NOT_SATISFIABLE: Final = 416
UNPROCESSABLE: Final = 422
TOO_MANY: Final = 429
LIMITS: Final = frozenset({FORBIDDEN, TOO_MANY})


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """Bytes of a log from `begin` on; `is_last` where nothing follows them."""

    begin: int
    body: bytes
    is_last: bool


class Repository:
    """Every failure is ProviderUnavailable or ProviderRefused."""

    def __init__(self, outbound: Outbound, connection: Connection) -> None:
        config = connection.config
        owner, name = quote(config["owner"], safe=""), quote(config["repo"], safe="")
        self._outbound = outbound
        self._secrets = tuple(connection.secrets.values())
        self._path = f"/repos/{owner}/{name}/actions"
        self._workflow = f"{self._path}/workflows/{quote(config['workflow'], safe='')}"
        self._caller = Caller(
            outbound,
            Target(
                base_url=config.get("apiUrl", API_URL),
                headers={},
                credentials={"Authorization": f"Bearer {connection.secrets[TOKEN].reveal()}"},
                hosts=(*LOG_HOSTS, *config.get("logHosts", ())),
                secrets=self._secrets,
                allows_private=bool(config.get("allowPrivate")),
            ),
        )

    async def dispatch(self, ref: str, inputs: Mapping[str, str]) -> Answer:
        """200 with the run's id, or 204 from a server that does not tell it."""
        body: dict[str, Any] = {"ref": ref, "inputs": inputs, "return_run_details": True}
        answer = await self._post(f"{self._workflow}/dispatches", body, accepts={UNPROCESSABLE})
        if answer.status == UNPROCESSABLE and b"return_run_details" in answer.body:
            del body["return_run_details"]
            answer = await self._post(f"{self._workflow}/dispatches", body)
        if answer.status == UNPROCESSABLE:
            raise self._refusal(answer)
        return answer

    async def cancel(self, run_id: str) -> None:
        """Nothing where it is over, or is not there. Never by force: that leaves a run's own
        clean-up undone."""
        await self._post(self._of(run_id, "cancel"), None, accepts={NOT_FOUND, CONFLICT})

    async def workflow(self) -> Mapping[str, Any]:
        return (await self._get(self._workflow)).object()

    async def run(self, run_id: str) -> WorkflowRun | None:
        answer = await self._get(self._of(run_id), accepts={NOT_FOUND})
        return None if answer.status == NOT_FOUND else run_of(answer.object())

    async def dispatched(self, page: int) -> list[WorkflowRun]:
        """Runs of the workflow that were started as ours are, the newest first."""
        query = {"event": "workflow_dispatch"}
        told = await self._page(f"{self._workflow}/runs", "workflow_runs", page, query)
        return [run_of(each) for each in told]

    async def jobs(self, run_id: str) -> list[Job]:
        """Of the last attempt, all of them; none for a run that is not there."""
        jobs: list[Job] = []
        for page in range(1, JOB_PAGES_MAX + 1):
            told = await self._page(self._of(run_id, "jobs"), "jobs", page, {"filter": "latest"})
            jobs += [job_of(each) for each in told]
            if len(told) < PAGE:
                break
        return jobs

    async def artifacts(self, run_id: str) -> list[Any]:
        found: list[Any] = []
        for page in range(1, ARTIFACT_PAGES_MAX + 1):
            told = await self._page(self._of(run_id, "artifacts"), "artifacts", page, {})
            found += told
            if len(told) < PAGE:
                break
        return found

    async def job_log(self, job_id: int, begin: int, size: int) -> Piece | None:
        """A piece of a job's log; None where there is none, or none any more."""
        return await self._kept(f"{self._path}/jobs/{job_id}/logs", begin, size)

    async def archive(self, run_id: str) -> bytes | None:
        """All logs of a run that is over, as a zip archive; None where there is none."""
        piece = await self._kept(self._of(run_id, "logs"), 0, None)
        return None if piece is None else piece.body

    @asynccontextmanager
    async def archive_of(self, artifact_id: str) -> AsyncIterator[Pieces]:
        """What is in an artifact, however large. Raises ProviderRefused where it is gone."""
        path = f"{self._path}/artifacts/{quote(artifact_id, safe='')}/zip"
        told = await self._get(path, accepts={FOUND, NOT_FOUND, GONE})
        place = told.headers.get("location", "")
        if told.status != FOUND or not place.startswith(("https://", "http://")):
            raise ProviderRefused("GitHub does not have it any more.")
        async with self._caller.download(Call(method="GET", path=place)) as pieces:
            yield pieces

    async def _kept(self, path: str, begin: int, size: int | None) -> Piece | None:
        """What is kept elsewhere, under a URL that is good for a minute and knows no token."""
        told = await self._get(path, accepts={FOUND, NOT_FOUND, GONE})
        if told.status in {NOT_FOUND, GONE}:
            return None
        if told.status != FOUND:
            return Piece(begin=0, body=told.body, is_last=True)
        place = told.headers.get("location", "")
        if not place.startswith(("https://", "http://")):
            raise ProviderRefused("GitHub does not say where the log is.")
        headers = {} if size is None else {"Range": f"bytes={begin}-{begin + size - 1}"}
        answer = await self._caller.ask(
            Call(
                method="GET",
                path=place,
                headers=headers,
                accepts={NOT_FOUND, NOT_SATISFIABLE},
            )
        )
        return _piece(answer, begin)

    def _of(self, run_id: str, *more: str) -> str:
        return "/".join((self._path, "runs", quote(run_id, safe=""), *more))

    async def _page(self, path: str, name: str, page: int, query: Mapping[str, str]) -> list[Any]:
        """Nothing of what is not there."""
        pages = {"per_page": str(PAGE), "page": str(page)}
        answer = await self._get(path, query={**query, **pages}, accepts={NOT_FOUND})
        return [] if answer.status == NOT_FOUND else items_of(answer.object(), name)

    async def _get(
        self, path: str, *, query: Mapping[str, str] | None = None, accepts: Collection[int] = ()
    ) -> Answer:
        return await self._ask(
            Call(method="GET", path=path, query=query, headers=HEADERS, accepts=accepts)
        )

    async def _post(
        self, path: str, body: Mapping[str, Any] | None, *, accepts: Collection[int] = ()
    ) -> Answer:
        return await self._ask(
            Call(method="POST", path=path, body=body, headers=HEADERS, accepts=accepts)
        )

    async def _ask(self, call: Call) -> Answer:
        answer = await self._caller.ask(replace(call, accepts={*call.accepts, *LIMITS}))
        if answer.status in LIMITS:
            raise self._limited(answer)
        return answer

    def _limited(self, answer: Answer) -> WorkbenchError:
        """GitHub says "too many" also with a 403: "Rate limits for the REST API"."""
        wait_s = wait_of(answer, self._outbound.clock.now())
        if wait_s is None and answer.status == FORBIDDEN:
            return self._refusal(answer)
        message = f"GitHub wants to be asked less often (status {answer.status})."
        return ProviderUnavailable(message, is_unsent=True, retry_after_s=wait_s)

    def _refusal(self, answer: Answer) -> WorkbenchError:
        return refusal_of(
            answer.status,
            answer.headers,
            answer.body,
            secrets=self._secrets,
            now=self._outbound.clock.now(),
        )


def wait_of(answer: Answer, now: datetime) -> float | None:
    """For how long GitHub wants to be left alone, in seconds; None where it says nothing of it."""
    after = answer.headers.get("retry-after", "")
    if after.isascii() and after.isdigit():
        return min(float(after[:9]), RETRY_AFTER_S_MAX)
    reset = answer.headers.get("x-ratelimit-reset", "")
    if answer.headers.get("x-ratelimit-remaining") != "0" or not reset.isdigit():
        return None
    at = datetime.fromtimestamp(min(float(reset), 32503680000.0), UTC)
    wait_s = (at - (answer.date or now)).total_seconds()
    return min(max(wait_s, 1.0), RETRY_AFTER_S_MAX)


def _piece(answer: Answer, begin: int) -> Piece | None:
    if answer.status == NOT_FOUND:
        return None
    if answer.status == NOT_SATISFIABLE:
        return Piece(begin=begin, body=b"", is_last=True)
    if answer.status != PARTIAL:
        return Piece(begin=0, body=answer.body, is_last=True)
    unit, _, told = answer.headers.get("content-range", "").partition(" ")
    first, _, rest = told.partition("-")
    size = rest.partition("/")[2]
    if unit != "bytes" or first != str(begin) or not size.isdigit():
        raise ProviderUnavailable("The place of GitHub's logs gave another piece than asked for.")
    return Piece(begin=begin, body=answer.body, is_last=begin + len(answer.body) >= int(size))
