"""Chooses the broker by the scheme of its address; the one place that knows all of them."""

from plugins.dramatiq_broker.broker import uses_rabbitmq
from plugins.dramatiq_broker.rabbitmq_broker import RabbitmqTaskBroker
from plugins.dramatiq_broker.redis_broker import RedisTaskBroker


def open_broker(url: str) -> RedisTaskBroker | RabbitmqTaskBroker:
    """Return the broker at `url`; it connects when it is used first."""
    return RabbitmqTaskBroker(url) if uses_rabbitmq(url) else RedisTaskBroker(url)
