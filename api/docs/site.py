"""Serves the OpenAPI document and the interactive reference that reads it, all from this host."""

import asyncio
import hashlib
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any, Final

import msgspec
from litestar import Request, get
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath
from litestar.types import ControllerRouterHandler

from api.openapi import build_document
from api.replies import JSON, Reply
from core.shared.errors import NotFound

_ASSETS: Final = Path(__file__).parent / "assets"
_PAGE: Final = Path(__file__).parent / "page"
_FILES: Final = {
    "swagger-ui.css": (_ASSETS, b"text/css; charset=utf-8"),
    "swagger-ui-bundle.js": (_ASSETS, b"text/javascript; charset=utf-8"),
    "LICENSE": (_ASSETS, b"text/plain; charset=utf-8"),
    "NOTICE": (_ASSETS, b"text/plain; charset=utf-8"),
    "start.js": (_PAGE, b"text/javascript; charset=utf-8"),
    "page.css": (_PAGE, b"text/css; charset=utf-8"),
}
_SOURCES: Final = (
    b"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    b"connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
)
_POLICY: Final = (b"content-security-policy", _SOURCES)
_CACHED: Final = (b"cache-control", b"public, max-age=3600")
_HTML: Final = b"text/html; charset=utf-8"


def documentation(routes: Sequence[ControllerRouterHandler]) -> list[HTTPRouteHandler]:
    """Return the routes that document `routes`."""
    made: list[bytes] = []
    turn = asyncio.Lock()

    @get("/api/v1/openapi.json", include_in_schema=False, opt={"public": True})
    async def document() -> Reply[bytes]:
        async with turn:
            if not made:
                built = await asyncio.to_thread(build_document, routes)
                made.append(msgspec.json.encode(built))
        return Reply(made[0], headers=[_CACHED], content_type=JSON)

    return [document, page, asset]


@get("/api/docs", include_in_schema=False, opt={"public": True})
async def page(request: Request[Any, Any, Any]) -> Reply[bytes]:
    """Answer the page of the reference."""
    return _file(request, _PAGE, "index.html", _HTML)


@get("/api/docs/{file_name:str}", include_in_schema=False, opt={"public": True})
async def asset(request: Request[Any, Any, Any], file_name: FromPath[str]) -> Reply[bytes]:
    """Answer one file that the page loads. Raises NotFound for any other."""
    if file_name not in _FILES:
        raise NotFound("There is nothing at this address.")
    folder, content_type = _FILES[file_name]
    return _file(request, folder, file_name, content_type)


def _file(
    request: Request[Any, Any, Any], folder: Path, name: str, content_type: bytes
) -> Reply[bytes]:
    content, tag = _read(folder / name)
    kept = [_POLICY, _CACHED, (b"etag", tag)]
    if request.headers.get("if-none-match") == tag.decode():
        return Reply(b"", status=304, headers=kept)
    return Reply(content, headers=kept, content_type=content_type)


@cache
def _read(path: Path) -> tuple[bytes, bytes]:
    content = path.read_bytes()
    return content, f'"{hashlib.sha256(content).hexdigest()[:32]}"'.encode()
