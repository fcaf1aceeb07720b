"""Redis or Valkey as the broker: Dramatiq's, with its round trips taken together.

Dramatiq's own makes one script call for each message sent and for each one acknowledged, and asks
for more after each. Here messages are sent by the hundred, acknowledged together before the next
fetch, and fetched when half of what was fetched before is done. The keys are Dramatiq's.
"""

from collections import deque
from collections.abc import Iterable, Sequence
from threading import Event
from typing import Any, Final

import redis
from dramatiq.broker import MessageProxy
from dramatiq.brokers.redis import RedisBroker, _RedisConsumer
from dramatiq.errors import ConnectionClosed
from dramatiq.message import Message

from core.shared.errors import Unavailable
from plugins.dramatiq_broker.broker import AWAY, Look, Ring, message_of

NAMESPACE: Final = "intellimatch-tasks"
MAINTENANCE_CHANCE: Final = 100_000
"""Fetches in a million that look for messages of dead workers; a thousand is Dramatiq's, which lets
an idle queue wait for minutes. The database would have them sent again anyway."""

ANSWER_SECONDS: Final = 5.0
SENTINEL: Final = f"{NAMESPACE}:was-here"
"""Gone when the broker has lost its data."""


class RedisTaskBroker(RedisBroker):
    """Implements `plugins.dramatiq_broker.broker.TaskBroker`."""

    def __init__(self, url: str) -> None:
        client = redis.Redis.from_url(
            _in_full(url), socket_timeout=ANSWER_SECONDS, socket_connect_timeout=ANSWER_SECONDS
        )
        super().__init__(
            client=client,
            middleware=[],
            namespace=NAMESPACE,
            maintenance_chance=MAINTENANCE_CHANCE,
        )
        self.heard: dict[str, Event] = {}
        """Set when something was sent to the queue by this process: no need to poll then."""

    @property
    def consumer_class(self) -> type[Any]:
        """What `consume` makes."""
        return _BatchingConsumer

    def declare_queue(self, queue_name: str) -> None:
        """Declare a queue, without Dramatiq's second one for delays: the database delays."""
        if queue_name not in self.queues:
            self.emit_before("declare_queue", queue_name)
            self.queues.add(queue_name)
            self.heard.setdefault(queue_name, Event())
            self.emit_after("declare_queue", queue_name)

    def look(self, queues: Sequence[str]) -> Look:
        """Count what waits. Raises Unavailable."""
        try:
            with self.client.pipeline(transaction=False) as pipeline:
                pipeline.set(SENTINEL, "1", nx=True)
                for queue in queues:
                    pipeline.llen(f"{NAMESPACE}:{queue}")
                was_absent, *lengths = pipeline.execute()
        except redis.RedisError as error:
            raise Unavailable(AWAY) from error
        return Look(dict(zip(queues, lengths, strict=True)), was_emptied=bool(was_absent))

    def ring(self, queue: str, rings: Iterable[Ring]) -> None:
        """Put messages at the end of a queue, all at once. Raises Unavailable."""
        messages: dict[Any, Any] = dict(message_of(queue, ring) for ring in rings)
        if not messages:
            return
        try:
            with self.client.pipeline(transaction=False) as pipeline:
                pipeline.hset(f"{NAMESPACE}:{queue}.msgs", mapping=messages)
                pipeline.rpush(f"{NAMESPACE}:{queue}", *messages)
                pipeline.execute()
        except redis.RedisError as error:
            raise Unavailable(AWAY) from error
        if queue in self.heard:
            self.heard[queue].set()

    def close(self) -> None:
        """Let go of every connection."""
        self.client.close()


def _in_full(url: str) -> str:
    # redis.asyncio takes unix:/path, and what is set for it is used here too.
    is_short = url.startswith("unix:/") and not url.startswith("unix://")
    return url.replace("unix:/", "unix:///", 1) if is_short else url


class _BatchingConsumer(_RedisConsumer):
    broker: RedisTaskBroker

    def __init__(
        self, broker: RedisTaskBroker, queue_name: str, prefetch: int, timeout: int
    ) -> None:
        super().__init__(broker, queue_name, prefetch, timeout)
        self._fetched: deque[bytes | None] = deque()
        self._done: deque[str] = deque()
        self._heard = broker.heard.setdefault(queue_name, Event())

    @property
    def outstanding_message_count(self) -> int:
        """Messages that were fetched and aren't dealt with."""
        return len(self.queued_message_ids) + len(self._fetched)

    def ack(self, message: MessageProxy) -> None:
        """Keep for the next round trip that the message was dealt with."""
        self._done.append(message.options["redis_message_id"])
        self.queued_message_ids.discard(message.message_id)
        if self.outstanding_message_count <= self.prefetch // 2:
            self._heard.set()

    def nack(self, message: MessageProxy) -> None:
        """Do as `ack` does: what failed is kept in the database."""
        self.ack(message)

    def __next__(self) -> MessageProxy | None:
        """Return a message; None after a while in which none came."""
        if not self._fetched:
            try:
                self._settle()
                self._fetch()
            except redis.ConnectionError as error:
                raise ConnectionClosed(error) from None
        while self._fetched:
            encoded = self._fetched.popleft()
            if encoded is None:
                continue  # somebody else has dealt with a message that was taken for lost
            message: Message[Any] = Message.decode(encoded)
            self.queued_message_ids.add(message.message_id)
            return MessageProxy(message)
        self._heard.wait(self.timeout / 1000)
        self._heard.clear()
        return None

    def close(self) -> None:
        """Acknowledge what was dealt with last."""
        try:
            self._settle()
        except redis.RedisError as error:
            raise ConnectionClosed(error) from None

    def _fetch(self) -> None:
        if self.outstanding_message_count <= self.prefetch // 2:
            room = self.prefetch - self.outstanding_message_count
            self._fetched.extend(self.broker.do_fetch(self.queue_name, room))

    def _settle(self) -> None:
        done = [self._done.popleft() for _ in range(len(self._done))]
        if not done:
            return
        held = f"{NAMESPACE}:__acks__.{self.broker.broker_id}.{self.queue_name}"
        with self.broker.client.pipeline(transaction=False) as pipeline:
            pipeline.srem(held, *done)
            pipeline.hdel(f"{NAMESPACE}:{self.queue_name}.msgs", *done)
            pipeline.execute()
