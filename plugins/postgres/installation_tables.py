"""Tables of plugins' installations, their secrets, and the revisions of plugins' own tables."""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY

from plugins.postgres.schema import (
    global_table,
    json_column,
    tenant_table,
    text_column,
    time_column,
    uuid_column,
)

plugin_installations = tenant_table(
    "plugin_installations",
    uuid_column("id"),
    text_column("plugin_id"),
    text_column("decision"),
    sa.Column("accepted", ARRAY(sa.Text), nullable=False),
    json_column("settings"),
    sa.Column("settings_version", sa.Integer, nullable=False),
    time_column("enabled_at", nullable=True),
    json_column("check", nullable=True),
    time_column("created_at"),
    time_column("updated_at"),
    sa.Column("version", sa.Integer, nullable=False),
    sa.CheckConstraint("decision IN ('disabled', 'enabled', 'uninstalled')", name="decision"),
    unique=[("plugin_id",)],
)

plugin_secrets = tenant_table(
    "plugin_secrets",
    text_column("plugin_id"),
    text_column("field"),
    text_column("sealed"),
    time_column("updated_at"),
    key=("plugin_id", "field"),
)
"""Sealed by `core.ports.secrets`, bound to tenant, plugin and field."""

plugin_connections = tenant_table(
    "plugin_connections",
    text_column("plugin_id"),
    text_column("state"),
    text_column("sealed"),
    text_column("account"),
    sa.Column("scopes", ARRAY(sa.Text), nullable=False),
    time_column("connected_at"),
    uuid_column("connected_by", nullable=True),
    time_column("expires_at", nullable=True),
    sa.Column("is_renewable", sa.Boolean, nullable=False),
    text_column("problem"),
    sa.Column("version", sa.Integer, nullable=False),
    uuid_column("lease", nullable=True),
    time_column("leased_until", nullable=True),
    time_column("not_before", nullable=True),
    sa.CheckConstraint("state IN ('connected', 'broken')", name="state"),
    key=("plugin_id",),
)
"""Accounts at vendors. `sealed` holds the tokens, bound to tenant and plugin; who has the `lease`
renews them, and after a failure nobody does `not_before` a while has passed.
"""

plugin_consents = tenant_table(
    "plugin_consents",
    uuid_column("id"),
    text_column("plugin_id"),
    sa.Column("state_digest", sa.LargeBinary, nullable=False),
    text_column("bound_to"),
    text_column("sealed"),
    time_column("expires_at"),
    unique=[("state_digest",)],
)
"""Accounts that were asked for, for minutes, until the vendor's answer comes back."""

plugin_revisions = global_table(
    "plugin_revisions",
    text_column("plugin_id"),
    sa.Column("revision", sa.Integer, nullable=False),
    text_column("checksum"),
    time_column("applied_at"),
    sa.PrimaryKeyConstraint("plugin_id", "revision"),
    reason="It says which revisions of plugins' tables the database has, for all tenants alike.",
    privileges=("SELECT",),
)
