"""Signs application forms and makes the secret links of applicants, for one tenant."""

import base64
import binascii
import hashlib
import hmac
from datetime import UTC, datetime
from typing import Final

import msgspec

from core.careers.model import FormSeal
from core.jobs.contracts import JobId
from core.shared.clock import UtcDatetime
from core.shared.tenant import TenantContext
from tenants.settings import Settings

_LONGEST_SEAL: Final = 400
_CODE_BYTES: Final = 16


class TenantFormSeals:
    """Implements `core.careers.ports.FormSeals` by HMAC-SHA256 under the process's secret key.

    Each use has a name of its own in the message, so that no code is good for two purposes.
    """

    def __init__(self, settings: Settings, tenant: TenantContext) -> None:
        if settings.secret_key is None:
            raise ValueError("settings must hold the secret key; see tenants.bootstrap")
        self._key = settings.secret_key.encode()
        self._tenant = tenant.id.hex

    def seal(self, form: FormSeal) -> str:
        """Return the form's id, job and time with a code over them."""
        body = msgspec.json.encode(
            (form.form_id, form.job_id, int(form.opened_at.timestamp() * 1000))
        )
        return _text(self._code("form", body)[:_CODE_BYTES] + body)

    def unseal(self, text: str) -> FormSeal | None:
        """Return what the seal says when its code is right."""
        raw = _raw(text)
        if raw is None:
            return None
        code, body = raw[:_CODE_BYTES], raw[_CODE_BYTES:]
        if not hmac.compare_digest(code, self._code("form", body)[:_CODE_BYTES]):
            return None
        form_id, job_id, opened_ms = msgspec.json.decode(body, type=tuple[str, JobId, int])
        return FormSeal(form_id, job_id, _instant(opened_ms))

    def link(self, form_id: str, job_id: JobId, email: str) -> str:
        """Return 256 bits that nobody can compute without the key."""
        return _text(self._code("link", f"{form_id}\n{job_id}\n{email}".encode()))

    def link_hash(self, link: str) -> bytes:
        """Return a code over the link."""
        return self._code("link_hash", link.encode())

    def _code(self, use: str, message: bytes) -> bytes:
        named = f"careers.{use}\x00{self._tenant}\x00".encode() + message
        return hmac.digest(self._key, named, hashlib.sha256)


def _instant(milliseconds: int) -> UtcDatetime:
    return UtcDatetime(datetime.fromtimestamp(milliseconds / 1000, UTC))


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _raw(text: str) -> bytes | None:
    if len(text) > _LONGEST_SEAL or not text.isascii():
        return None
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except binascii.Error:
        return None
