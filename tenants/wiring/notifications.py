"""Which adapters stand behind the ports of notifications."""

from core.notifications import (
    browsers,
    chatting,
    choosing,
    escalating,
    handlers,
    mailing,
    pushing,
    usecases,
)
from core.notifications.chat_ports import ChatPostman, ChatPosts
from core.notifications.mailing import MailFacts
from core.notifications.ports import (
    BrowserQueries,
    BrowserRepository,
    InboxQueries,
    InboxRepository,
    MailDeliveries,
    NotificationDesk,
    PreferenceQueries,
    PreferenceRepository,
)
from core.ports.push import PushService
from plugins.postgres.chat_posts import PostgresChatPosts
from plugins.postgres.notification_deliveries import PostgresMailDeliveries
from plugins.postgres.notification_preferences import (
    PostgresBrowserQueries,
    PostgresBrowsers,
    PostgresPreferenceQueries,
    PostgresPreferences,
)
from plugins.postgres.notifications import (
    PostgresInboxes,
    PostgresInboxQueries,
    PostgresNotificationDesk,
)
from tenants.chat import chat_postman_of
from tenants.injection import Providers
from tenants.notification_mail import TenantMailFacts
from tenants.push import push_service_of

USE_CASES = (browsers, chatting, choosing, escalating, handlers, mailing, pushing, usecases)
"""Importing them registers what they handle."""

PROVIDERS: Providers = {
    NotificationDesk: lambda session: PostgresNotificationDesk(session.writer),
    ChatPosts: lambda session: PostgresChatPosts(session.writer),
    ChatPostman: chat_postman_of,
    MailFacts: TenantMailFacts,
    MailDeliveries: lambda session: PostgresMailDeliveries(session.writer),
    InboxRepository: lambda session: PostgresInboxes(session.writer),
    InboxQueries: lambda session: PostgresInboxQueries(session.reader),
    BrowserRepository: lambda session: PostgresBrowsers(session.writer),
    BrowserQueries: lambda session: PostgresBrowserQueries(session.reader),
    PushService: push_service_of,
    PreferenceQueries: lambda session: PostgresPreferenceQueries(session.reader),
    PreferenceRepository: lambda session: PostgresPreferences(session.writer),
}
