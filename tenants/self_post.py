"""Sends a mail to whoever acts, at once: for trying templates out."""

from typing import Final

import sqlalchemy as sa

from core.ports.messaging import Mailbox, OutgoingEmail
from core.shared.errors import Conflict, Forbidden
from core.templates.contracts import TrialMail, WrittenMail
from plugins.postgres.members import members
from tenants.injection import Session
from tenants.postman import postman_of

NO_MEMBER: Final = "Only a member of the team has an address to send it to."


class MemberTrialPost:
    """Implements `core.templates.ports.TrialPost`."""

    def __init__(self, session: Session) -> None:
        self._session = session

    async def send(self, mail: WrittenMail) -> TrialMail:
        """Give the mail to the first plugin that sends, addressed to the member who acts."""
        name, address = await self._receiver()
        postman = postman_of(self._session)
        senders = await postman.senders()
        if not senders:
            raise Conflict("No plugin that sends e-mail is enabled. Enable one and try again.")
        identity = postman.identity()
        message_id = self._session.ids.new()
        handover = await postman.hand_over(
            senders[0].plugin,
            OutgoingEmail(
                id=message_id,
                message_id=f"<{message_id}@{identity.address.rpartition('@')[2]}>",
                sender=Mailbox(identity.address, _line(identity.name)),
                to=Mailbox(address, _line(name)),
                subject=mail.subject,
                text=mail.text,
                html=mail.html,
                headers=(("Auto-Submitted", "auto-generated"),),  # RFC 3834
            ),
        )
        return TrialMail(address, senders[0].plugin, handover.result, handover.said, message_id)

    async def _receiver(self) -> tuple[str, str]:
        member_id = self._session.actor.member_id
        if member_id is None:
            raise Forbidden(NO_MEMBER)
        rows = await self._session.reader.select(
            sa.select(members.c.name, members.c.email).where(members.c.id == member_id)
        )
        if not rows:
            raise Forbidden(NO_MEMBER)
        return rows[0].name, rows[0].email


def _line(text: str) -> str:
    return " ".join("".join(each if each.isprintable() else " " for each in text).split())
