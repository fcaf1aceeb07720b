"""Tables of promised answers and of the reminders that were given."""

import sqlalchemy as sa

from plugins.postgres.schema import Ref, tenant_table, time_column, uuid_column

answer_promises = tenant_table(
    "answer_promises",
    uuid_column("id"),
    uuid_column("job_id", nullable=True),
    sa.Column("days", sa.SmallInteger, nullable=True),
    sa.Column("remind_hours", sa.SmallInteger, nullable=False),
    sa.Column("on_status_page", sa.Boolean, nullable=False),
    sa.Column("in_mail", sa.Boolean, nullable=False),
    sa.Column("version", sa.Integer, nullable=False),
    time_column("changed_at"),
    uuid_column("changed_by", nullable=True),
    sa.CheckConstraint("days >= 1 AND remind_hours >= 1", name="lengths"),
    unique=[("job_id",)],
    refs=[Ref("job_id", "jobs", "CASCADE"), Ref("changed_by", "members")],
    indexes=[("changed_by",)],
)
"""Without a job: for every job that has none of its own. Without days: nothing is promised."""

# Nulls count as different in the constraint above: this one is for what holds for every job.
sa.Index(
    "uq_answer_promises_of_all",
    answer_promises.c.tenant_id,
    unique=True,
    postgresql_where=answer_promises.c.job_id.is_(None),
)

answer_reminders = tenant_table(
    "answer_reminders",
    uuid_column("application_id"),
    time_column("last_word_at"),
    time_column("due_at"),
    time_column("reminded_at"),
    key=("application_id", "last_word_at"),
    refs=[Ref("application_id", "applications", "CASCADE")],
    indexes=[("due_at", "application_id")],
)
"""Of which silences somebody was reminded; a silence is known by the word that it followed. A row
goes within the hour after its silence has ended, so that these are few: lists are read from here.
"""
