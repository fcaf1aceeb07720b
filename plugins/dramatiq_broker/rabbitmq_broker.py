"""RabbitMQ as the broker: Dramatiq's, without its queues for delays and for the dead.

The database delays, and keeps what was given up.
"""

from collections.abc import Iterable, Sequence
from typing import Any, Final

import pika
import pika.exceptions
from dramatiq.brokers.rabbitmq import RabbitmqBroker
from dramatiq.errors import ConnectionClosed

from core.shared.errors import Unavailable
from plugins.dramatiq_broker.broker import AWAY, Look, Ring, message_of

_TRANSIENT: Final = 1
_FAILURES = (pika.exceptions.AMQPError, ConnectionClosed, OSError)


class RabbitmqTaskBroker(RabbitmqBroker):
    """Implements `plugins.dramatiq_broker.broker.TaskBroker`."""

    def __init__(self, url: str) -> None:
        super().__init__(url=url, middleware=[])
        self._was_away = False

    def declare_queue(self, queue_name: str, *, ensure: bool = False) -> None:
        """Declare a queue, on the server too with `ensure`: it may have lost those it knew."""
        if queue_name not in self.queues:
            self.emit_before("declare_queue", queue_name)
            self.queues.add(queue_name)
            self.queues_pending.add(queue_name)
            self.emit_after("declare_queue", queue_name)
        if ensure:
            self.queues_pending.add(queue_name)
            self._ensure_queue(queue_name)

    def look(self, queues: Sequence[str]) -> Look:
        """Count what waits. Raises Unavailable.

        An emptied server isn't told from an idle one; but nothing empties it that doesn't end it
        or its connections, so that one which was away is taken for empty.
        """
        try:
            waiting = {queue: self._declare_queue(queue).method.message_count for queue in queues}
        except _FAILURES as error:
            raise self._away() from error
        was_away, self._was_away = self._was_away, False
        return Look(waiting, was_emptied=was_away)

    def ring(self, queue: str, rings: Iterable[Ring]) -> None:
        """Put messages at the end of a queue. Raises Unavailable."""
        properties = pika.BasicProperties(delivery_mode=_TRANSIENT)
        try:
            for each in rings:
                self.channel.basic_publish(
                    exchange="",
                    routing_key=queue,
                    body=message_of(queue, each)[1],
                    properties=properties,
                )
        except _FAILURES as error:
            raise self._away() from error

    def _away(self) -> Unavailable:
        # The next call makes a new connection.
        del self.connection
        self._was_away = True
        return Unavailable(AWAY)

    def _build_queue_arguments(self, queue_name: str) -> dict[str, Any]:  # noqa: ARG002 - Dramatiq's signature
        return {}

    def _declare_dq_queue(self, queue_name: str) -> None:
        """Make none."""

    def _declare_xq_queue(self, queue_name: str) -> None:
        """Make none."""
