"""The table of background work; `sql/definer_tasks.sql` claims from it across tenants.

A row is a task that was promised, or the delivery of one event to one subscriber. In both cases it
is finished in the transaction of its effect, which makes it the inbox too.

    waiting       nothing of the below
    sent          sent_until is ahead: a worker was told of it
    running       lease_until is ahead
    done          finished_at is set
    given up      dead_at and dead_reason ('failed', 'killed') are set; holds back later events of
                  its ordering key
    dropped       finished_at, dead_at and dead_reason 'dropped' are set, by an operator
"""

import sqlalchemy as sa

from plugins.postgres.schema import json_column, tenant_table, text_column, time_column, uuid_column

tasks = tenant_table(
    "tasks",
    uuid_column("id"),
    text_column("kind"),
    json_column("payload"),
    text_column("unique_key", nullable=True),
    time_column("created_at"),
    time_column("run_at"),
    sa.Column("attempts", sa.SmallInteger, nullable=False, server_default="0"),
    time_column("lease_until", nullable=True),
    time_column("finished_at", nullable=True),
    time_column("dead_at", nullable=True),
    text_column("last_error", nullable=True),
    text_column("queue", default="default"),
    uuid_column("event_id", nullable=True),
    sa.Column("event_position", sa.BigInteger, nullable=True),
    text_column("subscriber", nullable=True),
    text_column("ordering_key", nullable=True),
    time_column("sent_until", nullable=True),
    text_column("dead_reason", nullable=True),
    text_column("request_id", nullable=True),
    unique=[("unique_key",), ("event_id", "subscriber")],
    indexes=[("finished_at",)],
)

# The relay asks across tenants for what is due, so this one index isn't led by the tenant. Its
# second column is the moment at which the relay has to look at the task next.
sa.Index(
    "ix_tasks_due",
    tasks.c.queue,
    sa.text("GREATEST(run_at, sent_until, lease_until)"),
    tasks.c.tenant_id,
    tasks.c.id,
    postgresql_where=sa.text("finished_at IS NULL AND dead_at IS NULL"),
)

sa.Index(
    "ix_tasks_in_order",
    tasks.c.tenant_id,
    tasks.c.subscriber,
    tasks.c.ordering_key,
    tasks.c.event_position,
    postgresql_where=sa.text("finished_at IS NULL AND ordering_key IS NOT NULL"),
)
