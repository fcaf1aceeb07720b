"""The configuration files of the embedded PostgreSQL, written anew at each start.

An operator's `ALTER SYSTEM` still wins, as PostgreSQL reads `postgresql.auto.conf` last.
"""

from pathlib import Path

import msgspec

PORT = 5432
"""Part of the socket's file name only; nothing listens on the network."""
SUPERUSER = "postgres"
_USER_MAP = "intellimatch"


class PostgresOptions(msgspec.Struct, frozen=True, kw_only=True):
    """What callers choose. `durable=False` trades crash safety for speed: for tests only."""

    durable: bool = True
    max_connections: int = 200


def server_config(sockets: Path, cluster_name: str, options: PostgresOptions) -> str:
    """Contents of postgresql.conf."""
    values = {
        "listen_addresses": "''",
        "port": str(PORT),
        "unix_socket_directories": _quoted(f'"{sockets}"'),
        "unix_socket_permissions": "0700",
        "max_connections": str(options.max_connections),
        "shared_buffers": "'128MB'",
        "cluster_name": _quoted(cluster_name),
        "timezone": "'UTC'",
        "jit": "off",
        # Statements and the details of errors carry names, addresses and phone numbers.
        "log_min_messages": "warning",
        "log_min_error_statement": "panic",
        "log_error_verbosity": "terse",
        "log_line_prefix": "'%m [%p] '",
        "log_timezone": "'UTC'",
        "max_wal_size": "'1GB'",
    }
    if not options.durable:
        values |= {
            "fsync": "off",
            "synchronous_commit": "off",
            "full_page_writes": "off",
            "wal_level": "minimal",
            "max_wal_senders": "0",
        }
    lines = [f"{name} = {value}" for name, value in values.items()]
    return "\n".join(("# Written by intellimatch at each start; use ALTER SYSTEM.", *lines, ""))


def access_config() -> str:
    """Contents of pg_hba.conf: local sockets only, and only for the users of the map.

    `peer` asks the kernel who is connecting, so there is no password to keep or to leak, and
    another user of the machine is refused even if the socket's folder were open.
    """
    return f"local all all peer map={_USER_MAP}\n"


def user_map_config(os_users: set[str]) -> str:
    """Contents of pg_ident.conf: these operating-system users may be any database role."""
    return "".join(f'{_USER_MAP} "{name}" all\n' for name in sorted(os_users))


def _quoted(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "''") + "'"
