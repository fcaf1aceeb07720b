"""The peer's task: Dramatiq with its defaults, on Redis. `measure_tasks` starts its worker."""

import os

import dramatiq
from dramatiq.brokers.redis import RedisBroker

QUEUE = "bench"

broker = RedisBroker(url=os.environ.get("BENCH_BROKER_URL"))  # type: ignore[no-untyped-call]
dramatiq.set_broker(broker)


@dramatiq.actor(queue_name=QUEUE)
def noop(number: int) -> None:
    """Do nothing."""
