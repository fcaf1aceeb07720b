"""Tables of the careers site: forms that were sent, and the versions of the privacy notice."""

import sqlalchemy as sa

from plugins.postgres.job_tables import jobs
from plugins.postgres.schema import (
    APPEND_ONLY,
    Ref,
    tenant_table,
    text_column,
    time_column,
    uuid_column,
)

submissions = tenant_table(
    "submissions",
    uuid_column("id"),
    uuid_column("application_id"),
    sa.Column("link_hash", sa.LargeBinary, nullable=False),
    text_column("full_name"),
    text_column("email"),
    text_column("phone", nullable=True),
    sa.Column("is_repeated", sa.Boolean, nullable=False),
    sa.Column("notice_version", sa.Integer, nullable=False),
    time_column("agreed_at"),
    time_column("received_at"),
    time_column("withdrawn_at", nullable=True),
    text_column("form_id", nullable=True),
    text_column("language", nullable=True),
    unique=[("link_hash",)],
    refs=[Ref("application_id", "applications", "CASCADE")],
    indexes=[("application_id", "received_at")],
    privileges=("SELECT", "INSERT", "UPDATE"),
)
"""What applicants wrote of themselves, kept as long as their application.

`notice_version` is the version of `privacy_notices` that they agreed to; 0 is the text that
everybody starts with and has no row, hence no foreign key.
"""

privacy_notices = tenant_table(
    "privacy_notices",
    sa.Column("version", sa.Integer, nullable=False),
    text_column("text"),
    time_column("published_at"),
    uuid_column("published_by", nullable=True),
    sa.CheckConstraint("version >= 1", name="version"),
    key=("version",),
    refs=[Ref("published_by", "members")],
    indexes=[("published_by",)],
    privileges=APPEND_ONLY,
)
"""Every version that was ever agreed to."""

sa.Index(
    "ix_jobs_published",
    jobs.c.tenant_id,
    jobs.c.opened_at,
    jobs.c.id,
    postgresql_where=jobs.c.status == sa.literal_column("'open'"),
)
