"""Addresses of one server's databases, as derived from another address of the same server.

Used wherever roles and databases are made, in production and in tests.
"""

from urllib.parse import quote, urlsplit, urlunsplit


def replace_database(url: str, database: str) -> str:
    """The same server and user, another database."""
    return urlunsplit(urlsplit(url)._replace(path=f"/{quote(database, safe='')}"))


def role_url(url: str, role: str, *, database: str, password: str | None = None) -> str:
    """The same server, another role and database; without a password for the embedded server."""
    host = urlsplit(url).netloc.rpartition("@")[2]
    secret = "" if password is None else f":{quote(password, safe='')}"
    moved = urlsplit(replace_database(url, database))
    return urlunsplit(moved._replace(netloc=f"{quote(role, safe='')}{secret}@{host}"))
