"""Reads what an HTML form sent, and proves that one of our own pages sent it.

The gate (`api.forgery`) has already asked the browser where the request comes from. A script also
sends a header that no other site may; a plain form can't, and carries this token instead: a code
over the session, under a key that only we have. It is masked anew in every page, so that
compressing pages doesn't tell it bit by bit (BREACH, breachattack.com).
"""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Iterator, Mapping
from typing import Any, Final, cast
from urllib.parse import parse_qsl

from litestar import Request
from litestar.datastructures import UploadFile

from api.errors import BadRequest, UnsupportedMediaType
from api.forgery import REQUEST_HEADER, SAFE_METHODS, CrossSiteRefused
from api.request_scope import TENANT_SCOPE
from core.shared.errors import FieldError
from tenants.scope import TenantScope

TOKEN_FIELD: Final = "form_token"  # noqa: S105 - the name of a field
_FORM: Final = "intellimatch.form"
_MOST_FIELDS: Final = 1_000
_TOKEN_BYTES: Final = 16

Value = str | UploadFile


class Form(Mapping[str, str]):
    """The fields of a form. A missing field reads as an empty text."""

    def __init__(self, pairs: list[tuple[str, Value]]) -> None:
        self._pairs = pairs

    def __getitem__(self, name: str) -> str:
        """Return the last value of a field, trimmed; empty without one."""
        return next((value.strip() for value in reversed(self.all(name))), "")

    def __contains__(self, name: object) -> bool:
        return any(key == name for key, _ in self._pairs)

    def __iter__(self) -> Iterator[str]:
        return iter(dict.fromkeys(name for name, _ in self._pairs))

    def __len__(self) -> int:
        return len(list(iter(self)))

    def raw(self, name: str) -> str:
        """Return a field as it was typed, for passwords."""
        return next(iter(reversed(self.all(name))), "")

    def all(self, name: str) -> list[str]:
        """Return every value of a field that comes more than once."""
        return [value for key, value in self._pairs if key == name and isinstance(value, str)]

    def files(self, name: str) -> list[UploadFile]:
        """Return the files that were sent in a field."""
        return [
            value for key, value in self._pairs if key == name and isinstance(value, UploadFile)
        ]


def form_token(scope: TenantScope) -> str:
    """Return what a form on a page of this session must send back; different each time."""
    mask = secrets.token_bytes(_TOKEN_BYTES)
    masked = bytes(a ^ b for a, b in zip(mask, _code(scope), strict=True))
    return base64.urlsafe_b64encode(mask + masked).decode().rstrip("=")


async def read_form(request: "Request[Any, Any, Any]") -> Form:
    """Return the request's form, read once.

    Raises BadRequest for what can't be read and UnsupportedMediaType for what isn't a form.
    """
    known = request.scope.get(_FORM)
    if isinstance(known, Form):
        return known
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type == "application/x-www-form-urlencoded":
        pairs = _decoded(await request.body())
    elif media_type == "multipart/form-data":
        pairs = await _parts(request)
    else:
        raise UnsupportedMediaType("Send a form.")
    wrong = [
        FieldError(name, "The character U+0000 is not allowed in text.", "bad_character")
        for name, value in pairs
        if isinstance(value, str) and "\x00" in value
    ]
    if wrong:
        raise BadRequest(*wrong, message="Some fields can't be read.")
    form = Form(pairs)
    cast("dict[str, Any]", request.scope)[_FORM] = form
    return form


async def refuse_forged_forms(request: "Request[Any, Any, Any]") -> None:
    """Return when a change may go on. Runs before each handler of a page.

    Raises CrossSiteRefused when a session's change has neither our header nor its form's token.
    """
    if request.method in SAFE_METHODS:
        return
    scope = request.scope.get(TENANT_SCOPE)
    if not isinstance(scope, TenantScope) or scope.actor.kind != "member":
        return
    if REQUEST_HEADER.decode() in request.headers:
        return
    form = await read_form(request)
    if not _holds(scope, form[TOKEN_FIELD]):
        raise CrossSiteRefused(
            "This form was open for too long or in another session. Go back, reload, try again."
        )


def _holds(scope: TenantScope, token: str) -> bool:
    try:
        raw = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
    except ValueError:
        return False
    mask, masked = raw[:_TOKEN_BYTES], raw[_TOKEN_BYTES:]
    if len(mask) != len(masked):
        return False
    shown = bytes(a ^ b for a, b in zip(mask, masked, strict=True))
    return hmac.compare_digest(shown, _code(scope))


def _code(scope: TenantScope) -> bytes:
    key = scope.settings.secret_key
    if key is None:
        raise RuntimeError("a scope without the secret key")
    message = b"form\x00" + scope.tenant.id.bytes + scope.actor.id.bytes
    return hmac.digest(key.encode(), message, hashlib.sha256)[:_TOKEN_BYTES]


async def _parts(request: "Request[Any, Any, Any]") -> list[tuple[str, Value]]:
    try:
        return [(name, value) for name, value in (await request.form()).multi_items()]
    except (UnicodeDecodeError, LookupError) as error:  # text or charset that is none
        raise BadRequest(message="The form can't be read.") from error


def _decoded(raw: bytes) -> list[tuple[str, Value]]:
    try:
        return list(
            parse_qsl(
                raw.decode("ascii"),
                keep_blank_values=True,
                errors="strict",
                max_num_fields=_MOST_FIELDS,
            )
        )
    except ValueError as error:
        raise BadRequest(message="The form can't be read.") from error
