"""Makes and reads the links by which mails are stopped, for one tenant."""

import base64
import binascii
import hashlib
import hmac
from typing import Final
from uuid import UUID

from core.ports.unsubscribing import MemberLink, MessageLink
from core.shared.ids import MemberId
from core.shared.tenant import TenantContext
from tenants.addresses import tenant_url
from tenants.injection import Session
from tenants.settings import Settings

_LONGEST: Final = 200
_CODE_BYTES: Final = 16
_ID_BYTES: Final = 16
_MESSAGE: Final = b"m"
_MEMBER: Final = b"n"


class TenantUnsubscribeLinks:
    """Implements `core.ports.unsubscribing.UnsubscribeLinks`.

    A link is ids and an HMAC-SHA256 over them under the process's secret key, cut to 128 bits as
    RFC 2104 allows. No address stands in it, and it is good in its own tenant only.
    """

    def __init__(self, settings: Settings, tenant: TenantContext) -> None:
        if settings.secret_key is None:
            raise ValueError("settings must hold the secret key; see tenants.bootstrap")
        self._key = settings.secret_key.encode()
        self._tenant = tenant.id.hex
        self._address = tenant_url(settings, tenant)

    def of_message(self, message_id: UUID) -> str:
        """Return the address that stops mails of the message's kind to its receiver."""
        return self._url(_MESSAGE + message_id.bytes)

    def of_member(self, member_id: MemberId, mail_list: str) -> str:
        """Return the address that stops mails of a list to a member."""
        return self._url(_MEMBER + member_id.bytes + mail_list.encode("ascii"))

    def read(self, link: str) -> MessageLink | MemberLink | None:
        """Return what the link is about when its code is right."""
        raw = _raw(link)
        if raw is None:
            return None
        code, body = raw[:_CODE_BYTES], raw[_CODE_BYTES:]
        if not hmac.compare_digest(code, self._code(body)):
            return None
        about = UUID(bytes=body[1 : 1 + _ID_BYTES])
        if body[:1] == _MESSAGE:
            return MessageLink(about)
        return MemberLink(MemberId(about), body[1 + _ID_BYTES :].decode("ascii"))

    def _url(self, body: bytes) -> str:
        return f"{self._address}/unsubscribe/{_text(self._code(body) + body)}"

    def _code(self, body: bytes) -> bytes:
        named = f"unsubscribe\x00{self._tenant}\x00".encode() + body
        return hmac.digest(self._key, named, hashlib.sha256)[:_CODE_BYTES]


def unsubscribe_links_of(session: Session) -> TenantUnsubscribeLinks:
    """Return the links of the session's tenant."""
    return TenantUnsubscribeLinks(session.settings, session.tenant)


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _raw(text: str) -> bytes | None:
    if len(text) > _LONGEST or not text.isascii():
        return None
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except binascii.Error:
        return None
