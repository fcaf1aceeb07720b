"""Compresses answers for readers who take it; used by the pages and by what their scripts read."""

import gzip
from typing import Final

from litestar.types import Scope

_WORTH_IT: Final = 1_000
"""Below this many bytes the headers weigh as much as what is saved."""
_LEVEL: Final = 3
"""Most of what can be saved, for half of the computing that the rest would take."""


def compressed(scope: Scope, body: bytes) -> tuple[bytes, list[tuple[bytes, bytes]]]:
    """Return the body as it is to be sent, and the header that says how."""
    if len(body) > _WORTH_IT and _takes_gzip(scope):
        return gzip.compress(body, _LEVEL, mtime=0), [(b"content-encoding", b"gzip")]
    return body, []


def _takes_gzip(scope: Scope) -> bool:
    return any(name == b"accept-encoding" and b"gzip" in value for name, value in scope["headers"])
