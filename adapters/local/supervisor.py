"""The program that starts, stops and outlives runs: one for each spool, detached from any server.

    python -I -S -c "..." SPOOL      (see `command` in client.py)

It is the parent of every run, so it alone knows how each ended. It holds a lock on the spool for
its life, and leaves when it has neither runs nor clients.
"""

# Works on descriptors and relative to the working directory.
# ruff: noqa: PTH101, PTH108

import contextlib
import fcntl
import os
import selectors
import signal
import socket
import sys
import time
from pathlib import Path
from typing import Final

from adapters.local import protocol
from adapters.local.protocol import Message, Refused
from adapters.local.runs import Runs

LINGER_S: Final = 2.0
"""How long it waits for a next client when it has nothing to mind."""

_READY_S: Final = 10
_READ_BYTES: Final = 256 * 1024
_UNSENT_BYTES_MAX: Final = 1024 * 1024


class Client:
    """One connection: lines in, lines out."""

    def __init__(self, connection: socket.socket) -> None:
        connection.settimeout(0)
        self.connection = connection
        self.watched: set[str] = set()
        self._unread = bytearray()
        self._unsent = bytearray()

    @property
    def has_unsent(self) -> bool:
        return bool(self._unsent)

    def receive(self) -> list[bytes]:
        """Whole lines that have come. Raises ConnectionError at the end or beyond the limit."""
        try:
            received = self.connection.recv(_READ_BYTES)
        except BlockingIOError:
            return []
        if not received:
            raise ConnectionResetError("The client has gone.")
        self._unread += received
        if len(self._unread) > protocol.MESSAGE_BYTES_MAX:
            raise ConnectionAbortedError("The message is too long.")
        if b"\n" not in received:
            return []
        *lines, rest = bytes(self._unread).split(b"\n")
        self._unread = bytearray(rest)
        return lines

    def send(self, message: Message) -> None:
        """Queue and send what fits. Raises ConnectionError where the client does not read."""
        self._unsent += protocol.encode(message)
        self.flush()
        if len(self._unsent) > _UNSENT_BYTES_MAX:
            raise ConnectionAbortedError("The client does not read.")

    def flush(self) -> None:
        with contextlib.suppress(BlockingIOError):
            while self._unsent:
                del self._unsent[: self.connection.send(self._unsent)]


class Supervisor:
    """The loop: requests, ends of children, time."""

    def __init__(self, spool: Path, listener: socket.socket) -> None:
        self._runs = Runs(spool, self._tell_end)
        self._listener = listener
        self._clients: set[Client] = set()
        self._selector = selectors.DefaultSelector()
        self._leave_at = time.monotonic() + LINGER_S
        listener.settimeout(0)
        self._selector.register(listener, selectors.EVENT_READ)
        self._wakeup = _wake_on_child()
        self._selector.register(self._wakeup, selectors.EVENT_READ)

    def serve(self) -> None:
        while not self._is_done():
            for key, _ in self._selector.select(self._runs.wait_s()):
                if key.fileobj is self._listener:
                    self._accept()
                elif key.fileobj is self._wakeup:
                    self._wakeup.recv(4096)
                else:
                    self._exchange(key.data)
            self._runs.advance()

    def _is_done(self) -> bool:
        if self._clients or self._runs.live_count:
            self._leave_at = time.monotonic() + LINGER_S
        return time.monotonic() >= self._leave_at and not self._accept()

    def _accept(self) -> bool:
        try:
            connection, _ = self._listener.accept()
        except BlockingIOError:
            return False
        client = Client(connection)
        self._clients.add(client)
        self._selector.register(connection, selectors.EVENT_READ, client)
        return True

    def _exchange(self, client: Client) -> None:
        try:
            client.flush()
            for line in client.receive():
                client.send(self._answer(client, line))
            self._await_room(client)
        except OSError:
            self._drop(client)

    def _await_room(self, client: Client) -> None:
        events = selectors.EVENT_READ | (selectors.EVENT_WRITE if client.has_unsent else 0)
        self._selector.modify(client.connection, events, client)

    def _drop(self, client: Client) -> None:
        if client in self._clients:
            self._clients.remove(client)
            self._selector.unregister(client.connection)
            client.connection.close()

    def _answer(self, client: Client, line: bytes) -> Message:
        number = None
        try:
            request = protocol.decode(line)
            number = request.get("id")
            return {"id": number, "answer": self._carry_out(client, request)}
        except Refused as error:
            return {"id": number, "refused": str(error)}
        except (OSError, ValueError, KeyError, TypeError, IndexError) as error:
            return {"id": number, "failed": f"{type(error).__name__}: {error}"}

    def _carry_out(self, client: Client, request: Message) -> Message:
        operation = request["op"]
        if operation == "start":
            return self._runs.start(request)
        if operation == "stop":
            return self._runs.stop(request["run_id"], request["cause"])
        if operation == "watch":
            answer = self._runs.watch(request["run_id"])
            if answer["state"] == "running":
                client.watched.add(request["run_id"])
            return answer
        if operation == "check":
            return {"pid": os.getpid(), "live": self._runs.live_count}
        raise ValueError(f"No such operation: {operation!r}")

    def _tell_end(self, run_id: str) -> None:
        for client in [one for one in self._clients if run_id in one.watched]:
            client.watched.discard(run_id)
            try:
                client.send({"ended": run_id})
                self._await_room(client)
            except OSError:
                self._drop(client)


def _wake_on_child() -> socket.socket:
    """A socket that becomes readable when a child has ended."""
    reader, writer = socket.socketpair()
    reader.settimeout(0)
    writer.settimeout(0)
    signal.set_wakeup_fd(writer.detach(), warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda _number, _frame: None)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        # Whoever stops the server must not stop the runs; they are stopped by name.
        signal.signal(number, signal.SIG_IGN)
    return reader


def _take_lock(spool: Path) -> bool:
    """Hold the spool for the life of this process; False where another one does."""
    flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW
    lock = os.open(spool / protocol.LOCK_NAME, flags, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _listen(spool: Path) -> socket.socket:
    """Bound by a name relative to the spool, whose own path may be longer than a socket's can."""
    os.chdir(spool)
    with contextlib.suppress(FileNotFoundError):
        os.unlink(protocol.SOCKET_NAME)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listener.bind(protocol.SOCKET_NAME)
    os.chmod(protocol.SOCKET_NAME, 0o600)
    listener.listen(64)
    os.chdir("/")
    return listener


def _detach() -> int:
    """Go on in a child of its own session; its parent leaves once the child is ready.

    Answers the descriptor to close when ready.
    """
    ready, told = os.pipe()
    if os.fork() == 0:
        os.close(ready)
        os.setsid()
        return told
    os.close(told)
    with selectors.DefaultSelector() as selector:
        selector.register(ready, selectors.EVENT_READ)
        selector.select(_READY_S)
    os._exit(0)


def main() -> None:
    """Serve one spool, unless somebody does already."""
    spool = Path(sys.argv[1]).resolve()
    told = _detach()
    if not _take_lock(spool):
        return
    listener = _listen(spool)
    supervisor = Supervisor(spool, listener)
    os.close(told)
    supervisor.serve()
    (spool / protocol.SOCKET_NAME).unlink(missing_ok=True)
