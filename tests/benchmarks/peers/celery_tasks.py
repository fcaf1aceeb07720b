"""The peer's tasks: Celery with its defaults, on Redis. `measure_tasks` starts its worker."""

import os
from uuid import UUID

import psycopg
from celery import Celery
from celery.signals import worker_process_init

QUEUE = "bench"

app = Celery("bench", broker=os.environ.get("BENCH_BROKER_URL"))
app.conf.task_default_queue = QUEUE
app.conf.broker_connection_retry_on_startup = True

INSERT = (
    "INSERT INTO effects (tenant_id, subscriber, cause, number, group_id, request_id, pid) "
    "VALUES (%s, 'celery', %s, %s, %s, 'bench', %s)"
)


class _Process:
    """What each process of the pool keeps open, as a connection pool would."""

    connection: psycopg.Connection | None = None


@worker_process_init.connect  # type: ignore[untyped-decorator]
def connect(**_: object) -> None:
    """Connect before the first task."""
    if "BENCH_DATABASE_URL" in os.environ:
        _Process.connection = psycopg.connect(os.environ["BENCH_DATABASE_URL"], autocommit=True)


@app.task(name="bench.noop", ignore_result=True)  # type: ignore[untyped-decorator]
def noop(number: int) -> None:
    """Do nothing."""


@app.task(name="bench.effect", ignore_result=True)  # type: ignore[untyped-decorator]
def effect(tenant: str, cause: str, number: int) -> None:
    """Insert the row that our subscriber inserts, and commit."""
    connection = _Process.connection
    if connection is None:
        raise RuntimeError("there is no connection")
    connection.execute(INSERT, (UUID(tenant), UUID(cause), number, UUID(cause), os.getpid()))
