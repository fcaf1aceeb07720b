"""The cookie of a browser that asked for a link to sign in: what binds the link to it.

Named and limited as the session's (`api.session_cookie`): over https it is `__Host-` prefixed.
`SameSite=Lax` lets it come along when the link is opened from a mail program's page.
"""

from typing import Final

from api.session_cookie import read_session_cookie

HTTPS_NAME: Final = "__Host-intellimatch-asked"
HTTP_NAME: Final = "intellimatch_asked"


def set_asking_cookie(browser: str, *, max_age_seconds: int, https: bool) -> tuple[bytes, bytes]:
    """Return the header that gives the browser what it opens its link with."""
    return _header(
        f"{_name(https=https)}={browser}; Path=/; Max-Age={max_age_seconds}", https=https
    )


def clear_asking_cookie(*, https: bool) -> tuple[bytes, bytes]:
    """Return the header that takes it from the browser."""
    return _header(f"{_name(https=https)}=; Path=/; Max-Age=0", https=https)


def read_asking_cookie(cookies: bytes, *, https: bool) -> str | None:
    """Return what a Cookie header holds; None without one, or with two that differ."""
    return read_session_cookie(cookies, _name(https=https).encode())


def _name(*, https: bool) -> str:
    return HTTPS_NAME if https else HTTP_NAME


def _header(value: str, *, https: bool) -> tuple[bytes, bytes]:
    attributes = "; HttpOnly; SameSite=Lax" + ("; Secure" if https else "")
    return b"set-cookie", (value + attributes).encode("ascii")
