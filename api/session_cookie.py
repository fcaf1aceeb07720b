"""The session cookie: its name and attributes in one place, for the gate and the sign-in routes.

Over https it is `__Host-` prefixed (RFC 6265bis): Secure, bound to exactly this host, so that one
tenant's subdomain can't set another's. Plain http, as on a developer's machine, can't have that.
"""

from typing import Final

HTTPS_NAME: Final = "__Host-intellimatch"
HTTP_NAME: Final = "intellimatch_session"


def session_cookie_name(*, https: bool) -> str:
    """Return the name under which the session token travels."""
    return HTTPS_NAME if https else HTTP_NAME


def set_session_cookie(token: str, *, max_age_seconds: int, https: bool) -> tuple[bytes, bytes]:
    """Return the header that gives the browser its session."""
    value = f"{session_cookie_name(https=https)}={token}; Path=/; Max-Age={max_age_seconds}"
    return _header(value, https=https)


def clear_session_cookie(*, https: bool) -> tuple[bytes, bytes]:
    """Return the header that takes the session from the browser."""
    return _header(f"{session_cookie_name(https=https)}=; Path=/; Max-Age=0", https=https)


def read_session_cookie(cookies: bytes, name: bytes) -> str | None:
    """Return the session token in a Cookie header; None without one, or with two that differ."""
    found: bytes | None = None
    for pair in cookies.split(b";"):
        key, separator, value = pair.strip().partition(b"=")
        if separator and key == name:
            if found is not None and found != value:
                return None
            found = value
    return found.decode("latin-1") if found else None


def _header(value: str, *, https: bool) -> tuple[bytes, bytes]:
    attributes = "; HttpOnly; SameSite=Lax" + ("; Secure" if https else "")
    return b"set-cookie", (value + attributes).encode("ascii")
