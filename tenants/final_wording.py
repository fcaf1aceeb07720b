"""Words messages at the moment when they are handed over: what is secret in them is kept nowhere.

A message to a candidate is kept as it was written, but for the secret part of its link, which is
put in here. One to a member is written here, from values that were sealed until now.
"""

import re
from datetime import datetime
from html import escape
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec
from babel.dates import format_date

from core.messages.model import Content, Message
from core.messages.ports import Written
from core.messages.to_members import place_of
from core.notifications.contracts import NotificationId
from core.notifications.mailing import IDS, compose
from core.ports.secrets import SecretUnreadable
from core.ports.unsubscribing import unsubscribe_headers
from core.shared.ids import MemberId
from core.templates.contracts import (
    STAND_IN,
    STOP_STAND_IN,
    Items,
    TemplateKind,
    is_stoppable,
    kind_named,
)
from core.templates.kinds import language_of
from core.templates.texts import role_name
from core.templates.wording import TenantWording
from plugins.postgres.notification_deliveries import PostgresMailDeliveries
from plugins.postgres.notifications import PostgresNotificationDesk
from plugins.postgres.templates import PostgresSavedTemplates
from tenants.addresses import tenant_url
from tenants.injection import Session
from tenants.mail_facts import TenantFacts, TenantLetterheads, locale_of, rows_of
from tenants.notification_mail import TenantMailFacts
from tenants.unsubscribe_links import unsubscribe_links_of

ROLE: Final = "role"
"""A value that is a role, of which `role_name` is made in the language of the mail."""

EXPIRES_AT: Final = "expires_at"
"""A value that is an instant, of which `expires_on` is made, a day where the tenant is."""


class TenantFinalWording:
    """Implements `core.messages.ports.FinalWording` for one tenant."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._tenant = session.tenant

    async def of(self, message: Message) -> Written | None:
        """Return what the message says."""
        if message.application_id is None:
            return await self._to_member(message)
        content, headers = self._stoppable(message)
        if STAND_IN not in content.text and STAND_IN not in (content.html or ""):
            return Written(content, headers)
        for kept, whole in await TenantFacts(self._session).status_links(message.application_id):
            content = made_whole(content, kept, whole)
        return Written(content, headers)

    def _stoppable(self, message: Message) -> tuple[Content, tuple[tuple[str, str], ...]]:
        """Return the content with the link that stops such mails, and the headers with it."""
        if not is_stoppable(message.purpose, message.content.text):
            return message.content, ()
        url = unsubscribe_links_of(self._session).of_message(message.id)
        kept = f"{url.rpartition('/')[0]}/{STOP_STAND_IN}"
        return made_whole(message.content, kept, url), unsubscribe_headers(url)

    async def _to_member(self, message: Message) -> Written | None:
        kind = kind_named(message.purpose)
        if message.sealed is None or kind is None:
            return None  # nobody waits for it: a trial, for one, was sent at once
        secrets = self._session.tenant_keys.secrets(self._tenant.id, self._session.unit)
        try:
            opened = await secrets.open(place_of(message.id), message.sealed)
        except SecretUnreadable:
            return None
        values = msgspec.json.decode(opened.reveal(), type=dict[str, str])
        if IDS in values and message.member_id is not None:
            return await self._told(message, message.member_id, kind, values[IDS])
        mail = await self._wording().write(
            kind, self._in_words(values, message.language), language=message.language
        )
        return Written(Content(mail.subject, mail.text, mail.html))

    async def _told(
        self, message: Message, member_id: MemberId, purpose: TemplateKind, ids: str
    ) -> Written | None:
        """Return a mail about notifications, with what is unread and may be seen now."""
        session = self._session
        composed = await compose(
            member_id,
            [NotificationId(UUID(each)) for each in ids.split(",")],
            purpose,
            language_of(message.language, self._tenant.locale),
            desk=PostgresNotificationDesk(session.writer),
            deliveries=PostgresMailDeliveries(session.writer),
            facts=TenantMailFacts(session),
            base_url=tenant_url(session.settings, self._tenant),
        )
        if composed is None:
            return None
        link = unsubscribe_links_of(session).of_member(member_id, composed.mail_list)
        mail = await self._wording().write(
            composed.kind, composed.values, language=message.language, unsubscribe_url=link
        )
        return Written(Content(mail.subject, mail.text, mail.html), unsubscribe_headers(link))

    def _wording(self) -> TenantWording:
        return TenantWording(
            self._tenant,
            PostgresSavedTemplates(rows_of(self._session)),
            TenantLetterheads(self._session),
        )

    def _in_words(self, values: dict[str, str], language: str | None) -> dict[str, str | Items]:
        words: dict[str, str | Items] = dict(values)
        role, expires_at = values.get(ROLE), values.get(EXPIRES_AT)
        if role is not None:
            words["role_name"] = role_name(role, language_of(language, self._tenant.locale))
        if expires_at is not None:
            day = datetime.fromisoformat(expires_at).astimezone(ZoneInfo(self._tenant.time_zone))
            locale = locale_of(language, self._tenant.locale)
            words["expires_on"] = format_date(day, format="long", locale=locale)
        return words


def made_whole(content: Content, kept: str, whole: str) -> Content:
    """Return the content with a link in the place of how it is kept.

    Only our own address is made whole, and only where it isn't part of another: whoever writes a
    letter or a template could otherwise have the candidate carry the secret elsewhere.
    """
    text = re.sub(
        rf"(?<!\S)([^\s./]*){re.escape(kept)}", lambda found: found[1] + whole, content.text
    )
    if content.html is None:
        return Content(content.subject, text, None)
    html = re.sub(
        rf"""(?<![^\s">])([^\s./="<>]*){re.escape(escape(kept))}""",
        lambda found: found[1] + escape(whole),
        content.html,
    )
    return Content(content.subject, text, html)
