"""What a tenant uses of its plan; `core.tenancy.contracts.Quotas` on a conditional update."""

import sqlalchemy as sa

from plugins.postgres.schema import tenant_table, text_column

quota_usage = tenant_table(
    "quota_usage",
    text_column("quota"),
    sa.Column("used", sa.BigInteger, nullable=False),
    sa.CheckConstraint("used >= 0", name="not_negative"),
    key=("quota",),
)
