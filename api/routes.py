"""What a route says about itself that the gate must know before the route runs.

A handler sets these in its `opt`: `upload` (it reads files, so bodies may be large) and `guarded`
(secrets can be guessed at it: sign-in, password reset, invitation; without a working rate limit it
is closed), `form` (it reads an HTML form and checks that form's token) and `public` (no credential
is needed; on a page, one that has ended does no harm) and `anonymous` (credentials aren't looked
at: those that come are meant for whoever answers).
"""

from typing import Any, Final

from litestar import Litestar
from litestar.exceptions import HTTPException
from litestar.utils import normalize_path

NONE: Final[dict[str, Any]] = {}


class RouteOptions:
    """Looks up the `opt` of the route that would answer."""

    def __init__(self, app: Litestar) -> None:
        self._router = app.asgi_router

    def of(self, path: str, method: str) -> dict[str, Any]:
        """Return the options of a route; none when no route answers.

        The path is read as the router reads it: `//sign-in/` is as guarded as `/sign-in`.
        """
        try:
            _, handler, *_ = self._router.handle_routing(path=normalize_path(path), method=method)
        except HTTPException:
            return NONE
        return handler.opt
