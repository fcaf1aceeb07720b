"""The table of templates that tenants changed: every version, none is ever changed."""

import sqlalchemy as sa

from plugins.postgres.schema import (
    APPEND_ONLY,
    Ref,
    tenant_table,
    text_column,
    time_column,
    uuid_column,
)

email_templates = tenant_table(
    "email_templates",
    text_column("kind"),
    text_column("language"),
    sa.Column("version", sa.Integer, nullable=False),
    # Both are null where a version went back to the text that everybody starts with.
    text_column("subject", nullable=True),
    text_column("body", nullable=True),
    time_column("saved_at"),
    uuid_column("saved_by", nullable=True),
    sa.CheckConstraint("version >= 1", name="version"),
    sa.CheckConstraint("(subject IS NULL) = (body IS NULL)", name="whole"),
    key=("kind", "language", "version"),
    refs=[Ref("saved_by", "members")],
    indexes=[("saved_by",)],
    privileges=APPEND_ONLY,
)
