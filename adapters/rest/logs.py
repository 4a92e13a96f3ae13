"""What a run has printed, from platforms that give it whole each time, page by page, or as files.

A position says what was told already, so that nothing is told twice and nothing left out, whoever
asks: bytes of a text, items of a page, bytes of files.
"""

import asyncio
import hashlib
import json
import os
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, assert_never

from adapters.blocks import AROUND_BYTES, PROGRESS_BYTES, take
from adapters.rest.manifest import LogMode, Logs, Outcome
from adapters.rest.operations import Operations
from adapters.rest.paths import find
from adapters.rest.scopes import scope
from adapters.rest.templates import PlaceMissing, fill_text
from domain.errors import ProviderRefused, ProviderUnavailable
from domain.models.providers import LogStream, Output, Progress

SEEN_BYTES: Final = 256
"""So much before a position is remembered, as a digest, to find it again in another text."""
BORDERS_MAX: Final = 200_000
PAGES_MAX: Final = 20
FILE_BYTES: Final = PROGRESS_BYTES + AROUND_BYTES

IsOver = Callable[[], Awaitable[bool]]


@dataclass(frozen=True, slots=True, kw_only=True)
class LogReader:
    """Reads one run's logs. `is_over` asks whether it will print nothing more."""

    logs: Logs
    operations: Operations
    run: Mapping[str, Any]
    ref: Mapping[str, Any]
    is_over: IsOver

    async def fetch(self, position: str | None) -> Progress | None:
        """See domain.ports.Adapter.fetch_logs."""
        place = _parse(position)
        match self.logs.mode:
            case LogMode.REPLACE:
                return await self._replaced(place)
            case LogMode.ITEMS:
                return await self._items(place)
            case LogMode.FILE:
                return await self._files(place)
            case _:
                assert_never(self.logs.mode)

    async def _replaced(self, place: Mapping[str, Any]) -> Progress | None:
        log = await self._text()
        progress = self._behind(log, place, is_ended=False)
        if progress is None and _resume_at(log, place) < len(log) and await self.is_over():
            # Asked for again after the end: what was read before it may lack the last lines.
            progress = self._behind(await self._text(), place, is_ended=True)
        return progress

    async def _text(self) -> bytes:
        reply = await self.operations.call(self.logs.op or "", self.run, self.ref)
        if reply.outcome is not Outcome.DONE:
            return b""
        if self.logs.text is None:
            return reply.body
        found = find(reply.document, self.logs.text)
        text = "\n".join(map(str, found)) if isinstance(found, list) else found
        return text.encode("utf-8", "replace") if isinstance(text, str) else b""

    def _behind(self, log: bytes, place: Mapping[str, Any], *, is_ended: bool) -> Progress | None:
        taken = take(log, _resume_at(log, place), self.logs.stream, is_ended=is_ended)
        if not taken.outputs:
            return None
        position = {"at": taken.at, "seen": _digest(log, taken.at)}
        return Progress(outputs=tuple(taken.outputs), position=json.dumps(position))

    async def _items(self, place: Mapping[str, Any]) -> Progress | None:
        page, told = place.get("page"), int(place.get("items", 0))
        outputs: list[Output] = []
        for _ in range(PAGES_MAX):
            items, following = await self._page(page)
            outputs += self._printed(items, told)
            told = max(told, len(items))
            if following is None or sum(len(output.text) for output in outputs) > PROGRESS_BYTES:
                break
            page, told = following, 0
        after = {"page": page, "items": told}
        if not outputs and after == {"page": place.get("page"), "items": place.get("items", 0)}:
            return None
        return Progress(outputs=tuple(outputs), position=json.dumps(after))

    async def _page(self, token: str | None) -> tuple[list[Any], str | None]:
        query = {} if token is None else {self.logs.token or "": token}
        reply = await self.operations.call(self.logs.op or "", self.run, self.ref, query)
        items = find(reply.document, self.logs.items or "")
        following = find(reply.document, self.logs.next) if self.logs.next else None
        return items if isinstance(items, list) else [], None if not following else str(following)

    def _printed(self, items: list[Any], told: int) -> list[Output]:
        lines = [line for item in items[told:] if (line := self._line(item)) is not None]
        log = "".join(line.rstrip("\n") + "\n" for line in lines).encode("utf-8", "replace")
        outputs: list[Output] = []
        at = 0
        while at < len(log):
            taken = take(log, at, self.logs.stream, is_ended=True)
            outputs += taken.outputs
            at = taken.at
        return outputs

    def _line(self, item: object) -> str | None:
        for text in self.logs.line:
            try:
                return fill_text(text, {"item": item if isinstance(item, dict) else {}})
            except PlaceMissing:
                continue
        return None

    async def _files(self, place: Mapping[str, Any]) -> Progress | None:
        offsets = [int(offset) for offset in place.get("files", [0] * len(self.logs.files))]
        outputs, after = await asyncio.to_thread(self._read_files, offsets, is_ended=False)
        if not outputs and await asyncio.to_thread(self._has_rest, after) and await self.is_over():
            outputs, after = await asyncio.to_thread(self._read_files, offsets, is_ended=True)
        if not outputs:
            return None
        return Progress(outputs=tuple(outputs), position=json.dumps({"files": after}))

    def _read_files(self, offsets: list[int], *, is_ended: bool) -> tuple[list[Output], list[int]]:
        outputs: list[Output] = []
        after = list(offsets)
        for index, (path, stream) in enumerate(self._paths()):
            begin = max(0, offsets[index] - AROUND_BYTES)
            window = _read(path, begin)
            is_whole = len(window) < FILE_BYTES + AROUND_BYTES
            taken = take(window, offsets[index] - begin, stream, is_ended=is_ended and is_whole)
            outputs += taken.outputs
            after[index] = begin + taken.at
        return outputs, after

    def _has_rest(self, offsets: list[int]) -> bool:
        paths = zip(self._paths(), offsets, strict=True)
        return any(_size(path) > offset for (path, _), offset in paths)

    def _paths(self) -> list[tuple[Path, LogStream]]:
        """The files, inside the folder that the project has set. Raises ProviderRefused."""
        values = scope(self.operations.connection.config, self.run, self.ref)
        try:
            folder = Path(fill_text(self.logs.folder or "", values)).resolve()
            paths = [Path(fill_text(text, values)).resolve() for text in self.logs.files]
        except PlaceMissing as error:
            raise ProviderRefused(f"Logs need {error.name}, which is not set.") from error
        for path in paths:
            if not path.is_relative_to(folder):
                raise ProviderRefused("The log is outside the folder of logs.")
        return list(zip(paths, (LogStream.STDOUT, LogStream.STDERR), strict=False))


POSITIONS: Final = (frozenset({"at", "seen"}), frozenset({"page", "items"}), frozenset({"files"}))


def _parse(position: str | None) -> Mapping[str, Any]:
    if position is None:
        return {}
    try:
        place = json.loads(position)
    except ValueError as error:
        raise ProviderRefused("The position is not one of this provider.") from error
    if not isinstance(place, dict) or place.keys() not in POSITIONS:
        raise ProviderRefused("The position is not one of this provider.")
    return place


def _resume_at(log: bytes, place: Mapping[str, Any]) -> int:
    """Where in this text the position is. A platform that drops the beginning of a long log, or
    forgets it, moves the rest: it is looked for by what was seen last, and a text without that is
    another one, new from its first line."""
    at, seen = int(place.get("at", 0)), place.get("seen")
    if seen is None or (at <= len(log) and _digest(log, at) == seen):
        return at if seen is not None else 0
    border = len(log)
    for _ in range(BORDERS_MAX):
        border = log.rfind(b"\n", 0, border)
        if border < 0:
            break
        if _digest(log, border + 1) == seen:
            return border + 1
    return 0


def _digest(log: bytes, at: int) -> str:
    return hashlib.sha256(log[max(0, at - SEEN_BYTES) : at]).hexdigest()[:16]


def _read(path: Path, begin: int) -> bytes:
    """A piece of a file; nothing where it is not there yet."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except FileNotFoundError:
        return b""
    except OSError as error:
        raise ProviderUnavailable(f"The log cannot be read: {error.strerror}.") from error
    try:
        return os.pread(descriptor, FILE_BYTES + AROUND_BYTES, begin)
    finally:
        os.close(descriptor)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0
