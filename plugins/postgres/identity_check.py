"""Who am I to this database? The application refuses to run as a role that isolation can't bind.

Called by the composition root at each start, by `doctor` and by the tests.
"""

import asyncpg
import msgspec

_REMEDY = (
    "Connect as the application role that `intellimatch migrate` makes, which owns nothing and "
    "can't bypass row-level security: set INTELLIMATCH_DATABASE_URL to it."
)
_OLDEST_VERSION_NUMBER = 150_000

# One row per finding. Each is a way in which row-level security would not bind the role, or in
# which the role could change what binds it.
_FINDINGS = """
WITH me AS (SELECT * FROM pg_roles WHERE rolname = current_user)
SELECT finding FROM (
    SELECT 1 AS place, 'it is a superuser' AS finding FROM me WHERE rolsuper
    UNION ALL SELECT 2, 'it bypasses row-level security' FROM me WHERE rolbypassrls
    UNION ALL SELECT 3, 'it may create roles' FROM me WHERE rolcreaterole
    UNION ALL SELECT 4, 'it may create databases' FROM me WHERE rolcreatedb
    UNION ALL SELECT 5, 'it may replicate the whole server' FROM me WHERE rolreplication
    UNION ALL SELECT 6, 'the session belongs to another role, ' || session_user
        WHERE session_user <> current_user
    UNION ALL SELECT 7, 'it is a member of role ' || granted.rolname
        FROM me JOIN pg_auth_members ON pg_auth_members.member = me.oid
        JOIN pg_roles AS granted ON granted.oid = pg_auth_members.roleid
    UNION ALL SELECT 8, 'it owns database ' || datname
        FROM me JOIN pg_database ON datdba = me.oid WHERE datname = current_database()
    UNION ALL SELECT 9, 'it owns schema ' || nspname
        FROM me JOIN pg_namespace ON nspowner = me.oid
    UNION ALL SELECT 10, 'it owns table ' || pg_class.oid::regclass
        FROM me JOIN pg_class ON relowner = me.oid WHERE relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
    UNION ALL SELECT 11, 'it owns function ' || pg_proc.oid::regprocedure
        FROM me JOIN pg_proc ON proowner = me.oid
    UNION ALL SELECT 12, 'it may truncate table ' || pg_class.oid::regclass
        FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
        WHERE relkind IN ('r', 'p', 'f') AND nspname NOT IN ('pg_catalog', 'information_schema')
            AND nspname !~ '^pg_(toast|temp)' AND has_table_privilege(pg_class.oid, 'TRUNCATE')
    UNION ALL SELECT 13, 'it may create objects in schema ' || nspname
        FROM pg_namespace WHERE nspname !~ '^pg_' AND has_schema_privilege(oid, 'CREATE')
) AS findings
ORDER BY place, finding
LIMIT 20
"""


class RoleReport(msgspec.Struct, frozen=True):
    """What is wrong with the role of a connection; nothing when `findings` is empty."""

    role: str
    findings: tuple[str, ...]


class UnsafeRole(Exception):
    """The application must not run as this role."""

    def __init__(self, reason: str, remedy: str) -> None:
        super().__init__(f"{reason} {remedy}")
        self.reason = reason
        self.remedy = remedy


async def examine_role(connection: asyncpg.Connection) -> RoleReport:
    """List every reason why the connection's role is unsafe for the application."""
    role = await connection.fetchval("SELECT current_user::text")
    rows = await connection.fetch(_FINDINGS)
    return RoleReport(role=role, findings=tuple(row["finding"] for row in rows))


async def assert_safe_app_role(connection: asyncpg.Connection) -> None:
    """Raise `UnsafeRole` unless isolation binds this connection and its server is recent enough."""
    number = int(await connection.fetchval("SELECT current_setting('server_version_num')"))
    if number < _OLDEST_VERSION_NUMBER:
        raise UnsafeRole(
            f"The server is PostgreSQL {number // 10_000}.",
            "IntelliMatch needs PostgreSQL 15 or later.",
        )
    report = await examine_role(connection)
    if report.findings:
        raise UnsafeRole(
            f"The application must not run as database role {report.role}: "
            f"{'; '.join(report.findings)}.",
            _REMEDY,
        )
