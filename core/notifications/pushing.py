"""Sends push messages: the outside work of the task `push_notification`, one for each browser.

They are in the language of the workspace, as its e-mails to members are.

What was read meanwhile, is gone, or may not be seen any more is not sent. The same message twice,
after a worker's death, replaces itself: it has the notification as its topic.
"""

import base64
from datetime import timedelta
from typing import Final

import msgspec

from core.notifications.browsers import place_of
from core.notifications.contracts import BrowserId, NotificationId
from core.notifications.events import BrowserRemoved
from core.notifications.ports import BrowserRepository, InboxQueries
from core.notifications.reach import reach_of_role
from core.notifications.sentences import language_there
from core.notifications.wording import told_in
from core.ports.push import PushResult, PushService, PushTarget
from core.ports.secrets import Secrets, SecretUnreadable
from core.ports.tasks import outside
from core.shared.clock import Clock, UtcDatetime
from core.shared.events import Recorder
from core.shared.ids import MemberId
from core.shared.tenant import TenantContext

PUSH_NOTIFICATION: Final = "push_notification"
LASTS: Final = timedelta(hours=24)
"""A push message that reaches nobody for so long is forgotten, by the push service and by us."""

_LONGEST_TEXT: Final = 500


class PushNotification(msgspec.Struct, frozen=True, kw_only=True):
    """The payload of the task."""

    browser_id: BrowserId
    member_id: MemberId
    notification_id: NotificationId


class Message(msgspec.Struct, frozen=True):
    """What the browser reads."""

    id: NotificationId
    title: str
    body: str
    link: str
    unread: int


class Ready(msgspec.Struct, frozen=True):
    """A message that may be sent now."""

    browser_id: BrowserId
    member_id: MemberId
    target: PushTarget
    message: bytes
    topic: str


@outside(PUSH_NOTIFICATION)
class Pushing:
    """One attempt."""

    async def prepare(
        self,
        work: PushNotification,
        *,
        browsers: BrowserRepository,
        inbox: InboxQueries,
        secrets: Secrets,
        tenant: TenantContext,
        clock: Clock,
    ) -> Ready | None:
        """Read what is to be said as it is now."""
        kept = await browsers.target_of(work.member_id, work.browser_id)
        if kept is None:
            return None
        role, sealed = kept
        found = await inbox.one(work.member_id, reach_of_role(role), work.notification_id)
        if found is None or found.items[0].read_at is not None:
            return None
        view = found.items[0]
        if clock.now() - UtcDatetime(view.updated_at) > NO_USE_AFTER:
            return None
        try:
            text = (await secrets.open(place_of(work.browser_id), sealed)).reveal()
        except SecretUnreadable:
            await browsers.remove(work.browser_id)
            return None
        title, body = told_in(view, language_there(tenant.locale))
        message = Message(
            id=view.id,
            title=title[:_LONGEST_TEXT],
            body=body[:_LONGEST_TEXT],
            link=view.link,
            unread=found.unread,
        )
        return Ready(
            browser_id=work.browser_id,
            member_id=work.member_id,
            target=msgspec.json.decode(text, type=PushTarget),
            message=msgspec.json.encode(message),
            topic=base64.urlsafe_b64encode(view.id.bytes).rstrip(b"=").decode(),
        )

    async def perform(self, ready: Ready, *, service: PushService) -> PushResult:
        """Send it."""
        return await service.push(
            ready.target,
            ready.message,
            topic=ready.topic,
            lasts_seconds=int(LASTS.total_seconds()),
        )

    async def conclude(
        self, ready: Ready, outcome: PushResult, *, browsers: BrowserRepository, recorder: Recorder
    ) -> None:
        """Forget a browser that subscribed no longer."""
        if outcome == "gone":
            await browsers.remove(ready.browser_id)
            recorder.record(
                BrowserRemoved(aggregate_id=ready.browser_id, member_id=ready.member_id)
            )


NO_USE_AFTER: Final = LASTS + timedelta(hours=24)
"""Quiet hours hold a message for less than a day; then it is tried for as long as it lasts."""
