"""Wake-ups over Redis's publish and subscribe."""

from collections.abc import Callable

from redis.asyncio import Redis
from redis.asyncio.client import PubSub
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from adapters.bus.listening import (
    ANSWER_TIMEOUT_S,
    CONNECT_TIMEOUT_S,
    PING_INTERVAL_S,
    ListeningBackend,
)


class RedisBackend(ListeningBackend):
    """A connection of its own listens; publishing takes others from the client's pool."""

    def __init__(
        self,
        url: str,
        *,
        failed: Callable[[], None] = lambda: None,
        ping_interval_s: float = PING_INTERVAL_S,
    ) -> None:
        super().__init__(url, failed=failed, ping_interval_s=ping_interval_s)
        self._client = Redis.from_url(
            url,
            # Retrying is ours: the client's would connect anew without telling of the gap.
            retry=Retry(NoBackoff(), 0),
            socket_connect_timeout=CONNECT_TIMEOUT_S,
            socket_timeout=ANSWER_TIMEOUT_S,
        )

    async def publish(self, channel: str, message: str) -> None:
        """Raises what the driver does."""
        await self._client.publish(channel, message)

    async def _listen(self, channel: str) -> None:
        async with self._client.pubsub() as pubsub:
            await pubsub.subscribe(channel)
            while True:
                await self._receive(pubsub, channel)

    async def _receive(self, pubsub: PubSub, channel: str) -> None:
        """Take one message; where none comes for long, ask whether the server is still there."""
        message = await pubsub.get_message(timeout=self._ping_interval_s)
        if message is None:
            await pubsub.ping()
            message = await pubsub.get_message(timeout=ANSWER_TIMEOUT_S)
        match message:
            case None:
                raise TimeoutError
            case {"type": "subscribe"}:
                # Also where the client has subscribed anew by itself: then there was a gap too.
                self._opened(channel)
            case {"type": "message", "data": bytes(text)}:
                self._inbox.put(channel, text.decode(errors="replace"))
            case _:
                pass

    async def _close_publisher(self) -> None:
        await self._client.aclose()
