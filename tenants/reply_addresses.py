"""Where answers to a message go: to an address that we sign, or else to the recruiter.

Stands behind the ports of `core.messages.reply_ports`. An address is made only where a plugin of
the tenant's takes mail for a domain; without one, answers go past the platform to the recruiter.
"""

import base64
import hashlib
import hmac
import re
from collections.abc import Mapping, Sequence
from email.headerregistry import Address
from typing import Final
from uuid import UUID

from core.messages.contracts import MessageId
from core.messages.model import Message
from core.messages.replies import Draft, DraftLetter
from core.messages.reply_ports import Envelope, Letterhead
from core.ports.messaging import Mailbox
from core.shared.errors import NotFound
from core.shared.tenant import TenantContext
from core.templates.wording import CandidateMail, TenantWording
from plugins.postgres.mail_facts import mail_look, mail_subject
from plugins.postgres.replies import PostgresLetters
from plugins.postgres.templates import PostgresSavedTemplates
from plugins.sdk.manifest import Manifest
from tenants.injection import Session
from tenants.mail_facts import TenantFacts, TenantLetterheads, rows_of
from tenants.settings import Settings

PREFIX: Final = "reply+"
_SIGNATURE_BYTES: Final = 10
"""80 bits: an attempt takes an e-mail, so that nobody tries 2^80 of them."""
_LOCAL_PART: Final = re.compile(re.escape(PREFIX) + r"([a-z2-7]{42})")
_OURS_ALONE: Final = ".invalid"
"""Names that exist nowhere (RFC 2606): good only in mail that stays with the plugin itself."""
_LONGEST_LINE: Final = 900
"""Of a header, its name apart. Servers refuse lines of more than 998 characters (RFC 5322 2.1.1),
and what writes messages doesn't fold headers that are given whole."""
_AUTOMATIC: Final = (("Auto-Submitted", "auto-generated"),)  # RFC 3834


class TenantReplyTokens:
    """Implements `core.messages.reply_ports.ReplyTokens` by HMAC-SHA256 under the process's key.

    In base32 and lower case, since mail servers may change the case of an address.
    """

    def __init__(self, settings: Settings, tenant: TenantContext) -> None:
        if settings.secret_key is None:
            raise ValueError("settings must hold the secret key; see tenants.bootstrap")
        self._key = settings.secret_key.encode()
        self._tenant = tenant.id.hex

    def local_part(self, message_id: MessageId) -> str:
        """Return the message's id with a code over it; 48 characters of the 64 that fit."""
        raw = message_id.bytes + self._code(message_id)
        return PREFIX + base64.b32encode(raw).decode().rstrip("=").lower()

    def message_of(self, address: str) -> MessageId | None:
        """Return the message if its code is right for this tenant."""
        local, _, _ = address.strip().lower().rpartition("@")
        found = _LOCAL_PART.fullmatch(local)
        if found is None:
            return None
        raw = base64.b32decode(found[1].upper() + "=" * (-len(found[1]) % 8))
        message_id = MessageId(UUID(bytes=raw[:16]))
        return message_id if hmac.compare_digest(raw[16:], self._code(message_id)) else None

    def _code(self, message_id: MessageId) -> bytes:
        named = f"messages.reply\x00{self._tenant}\x00".encode() + message_id.bytes
        return hmac.digest(self._key, named, hashlib.sha256)[:_SIGNATURE_BYTES]


class TenantEnvelopes:
    """Implements `core.messages.reply_ports.Envelopes` for one tenant."""

    def __init__(self, session: Session) -> None:
        self._session = session

    async def of(self, message: Message, plugin: str) -> Envelope:
        """Return where answers go, and for a letter what it answers."""
        if message.application_id is None:
            return Envelope(headers=_AUTOMATIC)
        letter = None
        if message.purpose == "personal":
            letter = await PostgresLetters(self._session.writer).of(message.id)
        name, own = await self._recruiter(message, letter)
        domain = await self._domain(plugin)
        if domain is not None:
            tokens = TenantReplyTokens(self._session.settings, self._session.tenant)
            own = f"{tokens.local_part(message.id)}@{domain}"
        return Envelope(
            reply_to=None if own is None else Mailbox(own, _line(name)),
            headers=_AUTOMATIC if letter is None else _conversation(letter),
        )

    async def drafted(self, query: DraftLetter) -> Draft:
        """Return what the template says in the candidate's language. Raises NotFound."""
        session = self._session
        saved = PostgresSavedTemplates(rows_of(session))
        wording = TenantWording(session.tenant, saved, TenantLetterheads(session))
        facts = TenantFacts(session)
        written = await CandidateMail(wording, facts).write(query.template, query.application_id)
        if written is None:
            raise NotFound("There is no such application.")
        return Draft(written.mail.subject, written.mail.text)

    async def _recruiter(
        self, message: Message, letter: Letterhead | None
    ) -> tuple[str, str | None]:
        """Return as whom the candidate sees the one who is answered, and that one's own address."""
        tenant = self._session.tenant.name
        rows = rows_of(self._session)
        if message.application_id is None:
            return tenant, None
        subject = await mail_subject(rows, message.application_id)
        if subject is not None and _is_address(subject.recruiter_email):
            return subject.recruiter_name or tenant, subject.recruiter_email
        contact = (await mail_look(rows)).branding.contact_email
        name = tenant if letter is None else letter.author_name
        return name, contact if _is_address(contact) else None

    async def _domain(self, plugin: str) -> str | None:
        """Return the domain whose mail comes to us: of the plugin that sends, or of another."""
        found = {
            each.id: domain
            for each in await self._session.plugins.enabled.working_for(self._session.tenant)
            if (domain := _reply_domain(each.plugin.manifest, each.values))
        }
        own = found.pop(plugin, None)
        others = (each for each in found.values() if not each.endswith(_OURS_ALONE))
        return own or next(others, None)


def _reply_domain(manifest: Manifest, values: Mapping[str, object]) -> str | None:
    setting, needs = manifest.reply_domain_setting, manifest.reply_needs
    if setting is None or (needs and not any(values.get(name) for name in needs)):
        return None
    domain = values.get(setting)
    return domain.lower() if isinstance(domain, str) and domain else None


def _conversation(letter: Letterhead) -> tuple[tuple[str, str], ...]:
    """Return the headers by which mail programs show a letter in its conversation (RFC 5322)."""
    headers = []
    if 0 < len(letter.in_reply_to) <= _LONGEST_LINE:
        headers.append(("In-Reply-To", letter.in_reply_to))
    references = _newest(letter.references)
    if references:
        headers.append(("References", references))
    return tuple(headers)


def _newest(references: Sequence[str]) -> str:
    """Return as many as fit on a line: mail programs need the last ones (RFC 5322 3.6.4)."""
    kept, room = list[str](), _LONGEST_LINE
    for each in reversed(references):
        if len(each) < room:
            room -= len(each) + 1
            kept.append(each)
    return " ".join(reversed(kept))


def _is_address(text: str | None) -> bool:
    try:
        return bool(text) and bool(Address(addr_spec=text or "").domain)
    except (ValueError, IndexError):
        return False


def _line(text: str) -> str:
    """Return what a header may hold: one line, and nothing that passes for an encoded word."""
    line = " ".join("".join(each if each.isprintable() else " " for each in text).split())
    return line.replace("=?", "= ?")
