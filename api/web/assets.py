"""The files that pages load: their addresses, and serving them compressed and cacheable for good.

Every address holds a hash over all of them, so that a release changes each address at once and
modules may import one another by plain relative names.
"""

import gzip
import hashlib
from functools import cache
from pathlib import Path
from typing import Any, Final

import msgspec
from litestar import Request, get
from litestar.params import FromPath

from api.replies import Reply
from core.shared.errors import NotFound

PREFIX: Final = "/assets/"
_FOLDER: Final = Path(__file__).parent / "assets"
_TYPES: Final = {
    ".css": b"text/css; charset=utf-8",
    ".js": b"text/javascript; charset=utf-8",
    ".svg": b"image/svg+xml",
}
_DRAWN_INTO_PAGES: Final = "vendor/icons/"
_FOREVER: Final = (b"cache-control", b"public, max-age=31536000, immutable")
_ASK_AGAIN: Final = (b"cache-control", b"public, no-cache")
_WORKER: Final = "push_worker.js"
"""Asked for as of no release, so that its address stays; it works for the whole site."""
_FOR_WORKERS: Final = (
    (b"service-worker-allowed", b"/"),
    # A worker keeps to the policy that it came with: ours calls the API and loads nothing.
    (b"content-security-policy", b"default-src 'none'; connect-src 'self'"),
)
_VARY: Final = (b"vary", b"accept-encoding")


class Asset(msgspec.Struct, frozen=True):
    """One file, plain and compressed."""

    body: bytes
    compressed: bytes
    content_type: bytes
    tag: bytes


class Assets(msgspec.Struct, frozen=True):
    """Every file of this release."""

    release: str
    files: dict[str, Asset]


@cache
def assets() -> Assets:
    """Return the files of this release, read and compressed once per process."""
    digest = hashlib.sha256()
    files: dict[str, Asset] = {}
    for path in sorted(_FOLDER.rglob("*")):
        name = path.relative_to(_FOLDER).as_posix()
        if path.suffix not in _TYPES or name.startswith(_DRAWN_INTO_PAGES):
            continue
        body = path.read_bytes()
        digest.update(f"{name}\n{len(body)}\n".encode() + body)
        tag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'.encode()
        files[name] = Asset(body, gzip.compress(body, 9, mtime=0), _TYPES[path.suffix], tag)
    return Assets(digest.hexdigest()[:12], files)


@cache
def asset_url(name: str) -> str:
    """Return the address of a file. Raises KeyError when there is none of that name."""
    known = assets()
    if name not in known.files:
        raise KeyError(name)
    return f"{PREFIX}{known.release}/{name}"


@get("/assets/{release:str}/{name:path}", include_in_schema=False, opt={"public": True})
async def serve_asset(
    request: Request[Any, Any, Any], release: FromPath[str], name: FromPath[str]
) -> Reply[bytes]:
    """Answer one file. During a roll-out a page of another release gets this one's, uncached.

    Raises NotFound for anything else.
    """
    known = assets()
    asset = known.files.get(name.lstrip("/"))
    if asset is None:
        raise NotFound("There is nothing at this address.")
    kept = [_FOREVER if release == known.release else _ASK_AGAIN, _VARY, (b"etag", asset.tag)]
    if name.lstrip("/") == _WORKER:
        kept += _FOR_WORKERS
    if request.headers.get("if-none-match") == asset.tag.decode():
        return Reply(b"", status=304, headers=kept)
    if "gzip" in request.headers.get("accept-encoding", ""):
        kept.append((b"content-encoding", b"gzip"))
        return Reply(asset.compressed, headers=kept, content_type=asset.content_type)
    return Reply(asset.body, headers=kept, content_type=asset.content_type)
