"""A run's log: that of each of its jobs, in the order in which they end.

GitHub hands over a job's log once the job is over, and never changes it then; what a running job
prints is only on GitHub's own pages. A server that keeps no log by job has an archive at the end.
A position says which jobs were told, and how many bytes of the present one.
"""

import asyncio
import json
import re
import zipfile
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from io import BytesIO
from typing import Any, Final

from adapters.blocks import AROUND_BYTES, PROGRESS_BYTES, take
from adapters.github_actions.records import Job
from adapters.github_actions.repository import Repository
from domain.errors import ProviderRefused, ProviderUnavailable
from domain.models.providers import LogStream, Output, Progress

SETTLES: Final = timedelta(minutes=1)
"""A job may be over for so long before its log is there."""
AGAIN_S: Final = 3.0
NAME_CHARACTERS_MAX: Final = 200
FILE_BYTES_MAX: Final = 64 * 1024 * 1024
FILES_MAX: Final = 1000
SIZE: Final = PROGRESS_BYTES + 2 * AROUND_BYTES

_STAMP: Final = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{7}Z ", re.MULTILINE)
_JOB_FILE: Final = re.compile(r"(\d+)_[^/]*\.txt")
_MARK: Final = "\ufeff"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Behind the jobs `told`, and `at` bytes into the log of `job`; or `at` bytes into the file
    with the index `file` of the archive."""

    told: tuple[int, ...] = ()
    job: int | None = None
    file: int | None = None
    at: int = 0

    @property
    def is_start(self) -> bool:
        return not self.told and self.job is None and self.file is None

    def write(self) -> str:
        if self.file is not None:
            return json.dumps({"file": self.file, "at": self.at})
        return json.dumps({"told": self.told, "job": self.job, "at": self.at})


def read_place(position: str | None) -> Place:
    """Raises ProviderRefused for a position that is none of ours."""
    if position is None:
        return Place()
    try:
        told = json.loads(position)
        return _place(told)
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise ProviderRefused("The position is not one of this provider.") from error


def _place(told: Mapping[str, Any]) -> Place:
    """Raises ValueError, TypeError, KeyError."""
    if "file" in told:
        return Place(file=int(told["file"]), at=int(told["at"]))
    job = told["job"]
    return Place(
        told=tuple(int(each) for each in told["told"]),
        job=None if job is None else int(job),
        at=int(told["at"]),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class LogReader:
    """Reads one run's log on."""

    repository: Repository
    run_id: str
    now: datetime

    async def fetch(self, position: str | None) -> Progress | None:
        """See domain.ports.Adapter.fetch_logs."""
        place = read_place(position)
        if place.file is not None:
            return await self._archived(place)
        jobs = await self.repository.jobs(self.run_id)
        ready = _ready(jobs, place)
        absent: list[Job] = []
        for job in ready:
            progress = await self._job(job, place)
            if progress is not None:
                return progress
            absent.append(job)
        if not absent or not all(job.status == "completed" for job in jobs):
            return None
        return await self._without(absent, place)

    async def _without(self, absent: Sequence[Job], place: Place) -> Progress | None:
        """All is over, and these jobs have no log."""
        fresh = next((job for job in absent if self._is_fresh(job)), None)
        if fresh is not None:
            raise ProviderUnavailable(
                f"GitHub does not show the log of job {fresh.id} yet.", retry_after_s=AGAIN_S
            )
        if place.is_start and (progress := await self._archived(Place(file=0))) is not None:
            return progress
        told = (*place.told, *(job.id for job in absent))
        return Progress(outputs=(), position=Place(told=told).write())

    def _is_fresh(self, job: Job) -> bool:
        return job.completed_at is not None and self.now - job.completed_at < SETTLES

    async def _job(self, job: Job, place: Place) -> Progress | None:
        """None where the job has no log."""
        at = place.at if job.id == place.job else 0
        piece = await self.repository.job_log(job.id, max(0, at - AROUND_BYTES), SIZE)
        if piece is None:
            return None
        taken = take(piece.body, at - piece.begin, LogStream.STDOUT, is_ended=piece.is_last)
        outputs = _plain(taken.outputs)
        if at == 0 and place.told:
            outputs = [_heading(job), *outputs]
        reached = piece.begin + taken.at
        if piece.is_last and taken.at >= len(piece.body):
            after = Place(told=(*place.told, job.id))
        else:
            after = Place(told=place.told, job=job.id, at=reached)
        return Progress(outputs=tuple(outputs), position=after.write())

    async def _archived(self, place: Place) -> Progress | None:
        archive = await self.repository.archive(self.run_id)
        if archive is None:
            return None
        return await asyncio.to_thread(_read_archive, archive, place)


def _ready(jobs: Sequence[Job], place: Place) -> list[Job]:
    """Jobs with a log that was not told to its end; first the one in which we are."""
    waiting = [job for job in jobs if job.has_log and job.id not in place.told]
    return sorted(waiting, key=lambda job: (job.id != place.job, _ended_at(job), job.id))


def _ended_at(job: Job) -> datetime:
    return job.completed_at or datetime.max.replace(tzinfo=UTC)


def _heading(job: Job) -> Output:
    """Tells where another job begins, in the way in which GitHub marks lines of its own."""
    name = " ".join(job.name.replace("\0", " ").split())[:NAME_CHARACTERS_MAX]
    return Output(stream=LogStream.STDOUT, text=f"##[job]{name}", lines=1)


def _plain(outputs: Sequence[Output]) -> list[Output]:
    """Without the time at the beginning of each line, and without a mark of the byte order."""
    plain: list[Output] = []
    is_start = not outputs or not outputs[0].before or outputs[0].before.endswith("\n")
    for output in outputs:
        text = output.text if is_start else "\0" + output.text
        text = _STAMP.sub("", text.removeprefix(_MARK)).removeprefix("\0")
        before = _STAMP.sub("", output.before.removeprefix(_MARK).replace("\r\n", "\n"))
        plain.append(replace(output, text=text, before=before))
        is_start = not output.after
    return plain


def _read_archive(archive: bytes, place: Place) -> Progress | None:
    """The next lines of the files that have a whole job each. Raises ProviderUnavailable."""
    try:
        with zipfile.ZipFile(BytesIO(archive)) as opened:
            names = _job_files(opened)
            for index in range(place.file or 0, len(names)):
                at = place.at if index == place.file else 0
                progress = _read_file(opened, names[index], index, at)
                if progress is not None:
                    return progress
    except (zipfile.BadZipFile, zlib.error, OSError, RuntimeError, EOFError) as error:
        raise ProviderUnavailable("GitHub's archive of logs cannot be read.") from error
    return None


def _job_files(archive: zipfile.ZipFile) -> list[str]:
    numbered = [
        (int(match[1]), name)
        for name in archive.namelist()[:FILES_MAX]
        if (match := _JOB_FILE.fullmatch(name))
    ]
    return [name for _, name in sorted(numbered)]


def _read_file(archive: zipfile.ZipFile, name: str, index: int, at: int) -> Progress | None:
    begin = max(0, at - AROUND_BYTES)
    with archive.open(name) as file:
        file.seek(begin)
        window = file.read(min(SIZE, max(0, FILE_BYTES_MAX - begin)))
    is_last = len(window) < SIZE
    taken = take(window, at - begin, LogStream.STDOUT, is_ended=is_last)
    if not taken.outputs:
        return None
    outputs = _plain(taken.outputs)
    if at == 0 and index:
        heading = Output(
            stream=LogStream.STDOUT, text=f"##[job]{name.partition('_')[2][:-4]}", lines=1
        )
        outputs = [heading, *outputs]
    position = Place(file=index, at=begin + taken.at).write()
    is_cut = is_last and begin + len(window) >= FILE_BYTES_MAX
    return Progress(outputs=tuple(outputs), position=position, truncated=is_cut)
