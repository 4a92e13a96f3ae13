"""Asking the supervisor of a spool, and starting one where none answers."""

import asyncio
import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from adapters.local import protocol
from adapters.local.protocol import Message
from domain.errors import ProviderRefused, ProviderUnavailable

ANSWER_S: Final = 10.0
START_S: Final = 15.0
_ATTEMPTS: Final = 3
_CONNECTS: Final = 40
_CONNECT_AGAIN_S: Final = 0.05
_LOG_BYTES_MAX: Final = 1024 * 1024
_CODE_ROOT: Final = Path(__file__).resolve().parents[2]


def command(spool: Path) -> list[str]:
    """How a supervisor is started: no site directory, no user's Python settings, our own code."""
    code = (
        "import sys; sys.path.append(sys.argv.pop(1));"
        "from adapters.local.supervisor import main; main()"
    )
    return [sys.executable, "-I", "-S", "-c", code, str(_CODE_ROOT), str(spool)]


class SupervisorClient:
    """One connection, made when first needed and again when lost. Belongs to one event loop."""

    def __init__(self, spool: Path) -> None:
        self._spool = spool
        self._connecting = asyncio.Lock()
        self._writer: asyncio.StreamWriter | None = None
        self._reading: asyncio.Task[None] | None = None
        self._answers: dict[int, asyncio.Future[Message]] = {}
        self._listeners: dict[str, set[asyncio.Event]] = {}
        self._last_number = 0

    async def ask(self, operation: str, **fields: object) -> Message:
        """The supervisor's answer. Every operation may be asked again, so a lost connection is
        tried anew. Raises ProviderRefused or ProviderUnavailable."""
        for _ in range(_ATTEMPTS):
            try:
                async with asyncio.timeout(ANSWER_S + START_S):
                    return await self._ask(operation, fields)
            except ConnectionError:
                continue
            except TimeoutError as error:
                raise ProviderUnavailable("The supervisor does not answer.") from error
        raise ProviderUnavailable("The supervisor goes away whenever it is asked.")

    async def _ask(self, operation: str, fields: Message) -> Message:
        writer = await self._connected()
        self._last_number += 1
        number = self._last_number
        line = protocol.encode({**fields, "op": operation, "id": number})
        if len(line) > protocol.MESSAGE_BYTES_MAX:
            raise ProviderRefused("The command is too long.")
        answer = self._answers[number] = asyncio.get_running_loop().create_future()
        try:
            writer.write(line)
            await writer.drain()
            reply = await asyncio.wait_for(answer, ANSWER_S)
        except ConnectionError:
            writer.close()
            raise
        finally:
            self._answers.pop(number, None)
        if "refused" in reply:
            raise ProviderRefused(reply["refused"])
        if "answer" not in reply:
            raise ProviderUnavailable(f"The supervisor could not: {reply.get('failed')}")
        return dict(reply["answer"])

    @contextlib.contextmanager
    def listening(self, run_id: str) -> Iterator[asyncio.Event]:
        """An event that is set when the run may have ended, or the supervisor was lost."""
        event = asyncio.Event()
        self._listeners.setdefault(run_id, set()).add(event)
        try:
            yield event
        finally:
            events = self._listeners[run_id]
            events.discard(event)
            if not events:
                del self._listeners[run_id]

    async def close(self) -> None:
        """Hang up. The supervisor and its runs go on."""
        reading, self._reading = self._reading, None
        if reading is not None:
            reading.cancel()
            await asyncio.gather(reading, return_exceptions=True)

    async def _connected(self) -> asyncio.StreamWriter:
        async with self._connecting:
            if self._writer is None or self._writer.is_closing():
                await self.close()
                reader, self._writer = await self._connect()
                self._reading = asyncio.create_task(self._read(reader, self._writer))
            return self._writer

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        for attempt in range(_CONNECTS):
            with contextlib.suppress(FileNotFoundError, ConnectionError):
                return await self._open()
            # One that is just leaving still holds the lock: what we start then gives up at once.
            if attempt:
                await asyncio.sleep(_CONNECT_AGAIN_S)
            await asyncio.to_thread(_start_supervisor, self._spool)
        raise ProviderUnavailable("No supervisor can be started.")

    async def _open(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        # A socket's name may have 107 bytes; by way of a descriptor the spool may lie deeper.
        folder = os.open(self._spool, os.O_RDONLY | os.O_DIRECTORY)
        try:
            path = f"/proc/self/fd/{folder}/{protocol.SOCKET_NAME}"
            return await asyncio.open_unix_connection(path, limit=protocol.MESSAGE_BYTES_MAX)
        finally:
            os.close(folder)

    async def _read(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while line := await reader.readline():
                self._take(protocol.decode(line))
        except (OSError, ValueError):
            pass  # Either way the connection is of no more use; those who wait learn it below.
        finally:
            self._lose(writer)

    def _take(self, message: Message) -> None:
        if "ended" in message:
            self._wake(message["ended"])
            return
        answer = self._answers.get(message["id"])
        if answer is not None and not answer.done():
            answer.set_result(message)

    def _wake(self, run_id: str) -> None:
        for event in self._listeners.get(run_id, ()):
            event.set()

    def _lose(self, writer: asyncio.StreamWriter) -> None:
        writer.close()
        if self._writer is writer:
            self._writer = None
        for answer in self._answers.values():
            if not answer.done():
                answer.set_exception(ConnectionResetError("The supervisor is gone."))
        for run_id in list(self._listeners):
            self._wake(run_id)


def _start_supervisor(spool: Path) -> None:
    """Start one and wait until it listens, or has found another one in its place."""
    log = spool / protocol.LOG_NAME
    flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW
    if log.exists() and log.stat().st_size > _LOG_BYTES_MAX:
        flags |= os.O_TRUNC
    try:
        with os.fdopen(os.open(log, flags, 0o600), "ab") as errors:
            subprocess.run(  # noqa: S603 - our own interpreter and code
                command(spool),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=errors,
                # Nothing of the server's: a supervisor is no part of a run it may be started in.
                env={},
                cwd="/",
                start_new_session=True,
                timeout=START_S,
                check=False,
            )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise ProviderUnavailable(f"The supervisor cannot be started: {error}") from error
