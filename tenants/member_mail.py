"""Whether a member gets e-mail about notifications, for links in such mails."""

import sqlalchemy as sa

from core.notifications.events import NotificationSettingsChanged
from core.notifications.ports import PreferenceQueries, PreferenceRepository
from core.notifications.stopping import chosen, is_decided, is_stopped, types_of
from core.shared.ids import MemberId
from core.unsubscribing.ports import MemberChoice
from plugins.postgres.members import members
from plugins.postgres.notification_preferences import (
    PostgresPreferenceQueries,
    PostgresPreferences,
)
from tenants.injection import Session, recorder_of
from tenants.mail_facts import rows_of


class TenantMemberMailQueries:
    """Implements `core.unsubscribing.ports.MemberMailQueries`."""

    def __init__(
        self, session: Session, preferences: PreferenceQueries | PreferenceRepository | None = None
    ) -> None:
        self._session = session
        self._preferences = preferences or PostgresPreferenceQueries(session.reader)

    async def show(self, member_id: MemberId, mail_list: str) -> MemberChoice | None:
        """Return the choice of a member who is still there."""
        rows = await rows_of(self._session)(
            sa.select(members.c.email).where(
                members.c.id == member_id, members.c.status == "active"
            )
        )
        if not rows or not types_of(mail_list):
            return None
        own = await self._preferences.of(member_id)
        defaults = await self._preferences.defaults()
        return MemberChoice(
            rows[0].email, is_stopped(mail_list, own, defaults), is_decided(mail_list, defaults)
        )


class TenantMemberMail(TenantMemberMailQueries):
    """Implements `core.unsubscribing.ports.MemberMail`."""

    def __init__(self, session: Session) -> None:
        self._store = PostgresPreferences(session.writer)
        super().__init__(session, self._store)

    async def choose(self, member_id: MemberId, mail_list: str, *, wanted: bool) -> None:
        """Change the member's preferences as the member could."""
        if await self.show(member_id, mail_list) is None:
            return
        own, defaults = await self._store.of(member_id), await self._store.defaults()
        if is_stopped(mail_list, own, defaults) is not wanted:
            return
        changed = chosen(mail_list, own, defaults, wanted=wanted)
        await self._store.save(member_id, changed, self._session.clock.now())
        recorder_of(self._session).record(
            NotificationSettingsChanged(aggregate_id=member_id, member_id=member_id),
            before=own,
            after=changed,
        )
