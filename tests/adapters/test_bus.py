"""The ways in which broadcaster's own backends lose messages, each tried on ours."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, suppress

import asyncpg
import pytest
from broadcaster import Broadcast
from redis.asyncio import Redis

import adapters.bus.redis
from adapters.bus.listening import GAP, INBOX_MAX, Inbox, ListeningBackend
from adapters.bus.postgres import PostgresBackend
from adapters.bus.redis import RedisBackend
from adapters.notifier import (
    EVERYTHING,
    MESSAGE_BYTES_MAX,
    Outbox,
    backend_of,
    decode,
    encode,
)
from domain.errors import InvalidInput
from tests.processes import Processes, is_quiet, lowered, reached, until
from tests.services import PrivateRedis, ask_postgres, free_port

pytestmark = pytest.mark.anyio


@pytest.fixture(params=["postgres", "redis"])
def bus_url(request: pytest.FixtureRequest) -> str:
    """A server that may be disturbed: nobody else uses it, or this database of it."""
    if request.param == "postgres":
        return str(request.getfixturevalue("postgres_database_url"))
    server: PrivateRedis = request.getfixturevalue("private_redis")
    return server.url


@pytest.fixture
async def stack() -> AsyncIterator[AsyncExitStack]:
    """What is entered here is left when the test ends."""
    async with AsyncExitStack() as entered:
        yield entered


@pytest.fixture
def processes(bus_url: str, stack: AsyncExitStack) -> Processes:
    """Processes that meet at a server."""
    return Processes(bus_url, stack)


async def kill_listeners(bus_url: str) -> None:
    """End every connection that listens, from the server's side."""
    if not bus_url.startswith("postgresql"):
        async with Redis.from_url(bus_url) as client:
            await client.execute_command("CLIENT", "KILL", "TYPE", "pubsub")  # type: ignore[no-untyped-call]
        return
    await ask_postgres(
        bus_url,
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE application_name = 'workbench listener' AND datname = current_database()",
    )


async def test_the_first_message_of_every_round_arrives(
    bus_url: str, stack: AsyncExitStack
) -> None:
    """redis-py 8 answers SUBSCRIBE late: whoever reads too early never reads again."""
    writer = await Processes(bus_url, stack, channel="rounds").start("writer")
    for _ in range(6):
        async with AsyncExitStack() as round_stack:
            reader = await Processes(bus_url, round_stack, channel="rounds").start("reader")
            async with reader.listen("a") as flag:
                await lowered(flag)
                writer.wake(["a"])
                await reached(flag)


async def test_processes_that_start_at_once_all_hear(processes: Processes) -> None:
    """First subscribers at once do not push each other out."""
    readers = await asyncio.gather(*(processes.start(f"reader {n}") for n in range(5)))
    writer = await processes.start("writer")
    async with AsyncExitStack() as listening:
        flags = [await listening.enter_async_context(reader.listen("a")) for reader in readers]
        await asyncio.gather(*map(lowered, flags))
        writer.wake(["a"])
        await asyncio.gather(*map(reached, flags))


async def test_the_last_to_leave_does_not_take_the_next_along(processes: Processes) -> None:
    """A topic that is left and listened to again in the same moment is still heard."""
    reader, writer = await processes.start("reader"), await processes.start("writer")

    async def leave(entered: AsyncExitStack) -> None:
        await entered.aclose()

    await lowered(await processes.stack.enter_async_context(reader.listen("settled")))
    for _ in range(20):
        last = AsyncExitStack()
        await last.enter_async_context(reader.listen("a"))
        leaving = asyncio.create_task(leave(last))
        async with reader.listen("a") as flag:
            await leaving
            writer.wake(["a"])
            await reached(flag)


async def test_fifty_publishes_at_once_all_arrive(bus_url: str) -> None:
    """One connection does one thing at a time, so publishers take turns."""
    backend = backend_of(bus_url, lambda: None)
    async with Broadcast(backend=backend) as broadcast, broadcast.subscribe("fifty") as subscriber:
        async with asyncio.timeout(20):
            assert GAP == (await subscriber.get()).message
            sent = {str(number) for number in range(50)}
            await asyncio.gather(*(broadcast.publish("fifty", message) for message in sent))
            assert sent == {(await subscriber.get()).message for _ in sent}


async def test_a_killed_listener_comes_back_and_says_that_something_may_be_missed(
    processes: Processes, bus_url: str
) -> None:
    """Nobody hangs on a connection that is gone: all flags are raised when it is open again."""
    reader, writer = await processes.start("reader"), await processes.start("writer")
    async with reader.listen("a") as a, reader.listen("b") as b:
        await lowered(a, b)
        await kill_listeners(bus_url)
        await reached(a)
        await reached(b)
        await until(lambda: reader.is_healthy and writer.is_healthy)
        assert {"reader", "writer"} == set(processes.failures)
        await lowered(a, b)
        writer.wake(["a"])
        await reached(a)


async def test_a_killed_publisher_is_replaced(
    postgres_database_url: str, stack: AsyncExitStack
) -> None:
    """What could not be sent is sent over the next connection."""
    processes = Processes(postgres_database_url, stack)
    reader, writer = await processes.start("reader"), await processes.start("writer")
    async with reader.listen("a") as flag:
        await lowered(flag)
        for _ in range(3):
            writer.wake(["a"])
            await reached(flag)
            await ask_postgres(
                postgres_database_url,
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE application_name = 'workbench publisher' AND datname = current_database()",
            )


async def test_a_restarted_redis_is_found_again(
    private_redis: PrivateRedis, stack: AsyncExitStack
) -> None:
    """While it is away readiness says so and writers go on; when it is back nothing is missed."""
    processes = Processes(private_redis.url, stack)
    reader, writer = await processes.start("reader"), await processes.start("writer")
    async with reader.listen("a") as theirs, writer.listen("a") as own:
        await lowered(theirs, own)
        private_redis.kill()
        await until(lambda: not reader.is_healthy and not writer.is_healthy)
        writer.wake(["a"])
        await reached(own)
        private_redis.start()
        await reached(theirs)
        await until(lambda: reader.is_healthy and writer.is_healthy)
        await lowered(theirs)
        writer.wake(["a"])
        await reached(theirs)


async def test_a_postgres_that_was_away_is_found_again(
    postgres_url: str, postgres_database_url: str, stack: AsyncExitStack
) -> None:
    """While it refuses connections readiness says so; when it is back nothing is missed."""
    name = postgres_database_url.rpartition("/")[2]
    processes = Processes(postgres_database_url, stack)
    reader, writer = await processes.start("reader"), await processes.start("writer")
    async with reader.listen("a") as theirs, writer.listen("a") as own:
        await lowered(theirs, own)
        await ask_postgres(postgres_url, f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false')
        await ask_postgres(
            postgres_url,
            f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'",
        )
        await until(lambda: not reader.is_healthy and not writer.is_healthy)
        writer.wake(["a"])
        await reached(own)
        await ask_postgres(postgres_url, f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true')
        await reached(theirs)
        await until(lambda: reader.is_healthy and writer.is_healthy)
        await lowered(theirs)
        writer.wake(["a"])
        await reached(theirs)


async def test_more_than_a_message_takes_is_told_as_everything(processes: Processes) -> None:
    """PostgreSQL refuses 8,000 bytes; long topics are not named then, but nobody is forgotten."""
    reader, writer = await processes.start("reader"), await processes.start("writer")
    async with reader.listen("x" * 9000) as long, reader.listen("other") as other:
        await lowered(long, other)
        writer.wake(["x" * 9000])
        await reached(long)
        await reached(other)
    assert [] == processes.failures


async def test_postgres_takes_the_largest_message_and_refuses_a_larger_one(
    postgres_database_url: str,
) -> None:
    """The bound that messages are made for is the server's, and going over it is an error."""
    backend = PostgresBackend(postgres_database_url)
    async with Broadcast(backend=backend) as broadcast, broadcast.subscribe("large") as subscriber:
        async with asyncio.timeout(20):
            assert GAP == (await subscriber.get()).message
            with pytest.raises(asyncpg.PostgresError):
                await broadcast.publish("large", "x" * (MESSAGE_BYTES_MAX + 1))
            await broadcast.publish("large", "y" * MESSAGE_BYTES_MAX)
            assert "y" * MESSAGE_BYTES_MAX == (await subscriber.get()).message


async def test_an_idle_listener_stays(bus_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Silence is no failure: the server is asked whether it is there, and goes on being heard."""
    monkeypatch.setattr(adapters.bus.redis, "ANSWER_TIMEOUT_S", 1.0)
    failures: list[None] = []
    kind: type[ListeningBackend] = (
        PostgresBackend if bus_url.startswith("postgresql") else RedisBackend
    )
    backend = kind(bus_url, failed=lambda: failures.append(None), ping_interval_s=0.02)
    async with Broadcast(backend=backend) as broadcast, broadcast.subscribe("idle") as subscriber:
        async with asyncio.timeout(20):
            assert GAP == (await subscriber.get()).message
            await asyncio.sleep(1.5)
            await broadcast.publish("idle", "still here")
            assert "still here" == (await subscriber.get()).message
    assert [] == failures


async def test_a_server_that_answers_no_more_is_noticed(
    private_redis: PrivateRedis, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A connection may stay open with nobody behind it; then readiness must say so."""
    monkeypatch.setattr(adapters.bus.redis, "ANSWER_TIMEOUT_S", 0.1)
    backend = RedisBackend(private_redis.url, ping_interval_s=0.02)
    async with Broadcast(backend=backend) as broadcast, broadcast.subscribe("stopped"):
        await until(lambda: backend.is_listening)
        os.kill(private_redis.pid, signal.SIGSTOP)
        try:
            await until(lambda: not backend.is_listening)
        finally:
            os.kill(private_redis.pid, signal.SIGCONT)
        await until(lambda: backend.is_listening)


@pytest.mark.parametrize("scheme", ["redis", "postgresql"])
async def test_a_server_that_is_away_is_no_reason_not_to_start(
    scheme: str, stack: AsyncExitStack
) -> None:
    """The process wakes itself, says that it hears nobody else, and ends promptly."""
    processes = Processes(f"{scheme}://postgres@127.0.0.1:{free_port()}/0", stack)
    async with asyncio.timeout(10):
        notifier = await processes.start("alone")
        assert not notifier.is_healthy
        async with notifier.listen("a") as flag:
            notifier.wake(["a"])
            await flag.wait()
        await until(lambda: len(processes.failures) > 1)
        await notifier.close()


async def test_a_start_that_is_canceled_leaves_nothing(
    private_redis: PrivateRedis, stack: AsyncExitStack
) -> None:
    """Stopped while it waits for a server that does not answer, it lets go of everything."""
    before = asyncio.all_tasks()
    os.kill(private_redis.pid, signal.SIGSTOP)
    try:
        starting = asyncio.create_task(Processes(private_redis.url, stack).start("late"))
        await asyncio.sleep(0.05)
        starting.cancel()
        with suppress(asyncio.CancelledError):
            await starting
    finally:
        os.kill(private_redis.pid, signal.SIGCONT)
    await stack.aclose()
    await until(lambda: asyncio.all_tasks() <= before)


async def test_a_foreign_message_wakes_rather_than_breaks(
    private_redis: PrivateRedis, stack: AsyncExitStack
) -> None:
    """What cannot be understood might have meant anything."""
    processes = Processes(private_redis.url, stack, channel="foreign")
    reader = await processes.start("reader")
    async with (
        reader.listen("a") as flag,
        Broadcast(backend=RedisBackend(private_redis.url)) as bus,
    ):
        for message in ("", "{", "[]", '{"topics": 3}', '"\\ud800"', '{"sender": 1, "topics": []}'):
            await lowered(flag)
            await bus.publish("foreign", message)
            await reached(flag)
        await lowered(flag)
        await bus.publish("foreign", '{"sender": "x", "topics": [["a"], null, "b"]}')
        assert await is_quiet(flag)
    assert reader.is_healthy


async def test_an_inbox_that_runs_over_holds_one_gap() -> None:
    """Too many messages cost precision, not memory, and nothing is missed."""
    inbox = Inbox()
    for number in range(INBOX_MAX + 1):
        inbox.put("channel", str(number))
    inbox.put("channel", "later")
    assert [GAP, "later"] == [(await inbox.get()).message for _ in range(2)]


async def test_an_outbox_that_runs_over_holds_everything() -> None:
    """Topics nobody could be told of yet are bounded too."""
    outbox = Outbox()
    outbox.put([f"run:{number}" for number in range(100_000)])
    assert {EVERYTHING} == await outbox.take()


async def test_a_message_says_who_and_what() -> None:
    """What is encoded is decoded again; a gap decodes as everything from nobody."""
    assert ("me", frozenset({"a", "b"})) == decode(encode("me", ["b", "a"]))
    assert ("", frozenset({EVERYTHING})) == decode(GAP)
    assert len(encode("me", ["x" * MESSAGE_BYTES_MAX])) < MESSAGE_BYTES_MAX


@pytest.mark.parametrize("url", ["kafka://here", "sqlite:///x", "nonsense", ""])
async def test_a_url_of_no_bus_is_refused(url: str) -> None:
    """With a word on what would do."""
    with pytest.raises(InvalidInput, match="redis://"):
        backend_of(url, lambda: None)
