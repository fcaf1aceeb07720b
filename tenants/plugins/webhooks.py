"""The background work that hands a received webhook to its plugin, outside any transaction."""

from uuid import UUID

import msgspec

from core.ports.tasks import Attempt, outside
from plugins.postgres.plugin_store import PluginWebhooks, ReceivedWebhook
from tenants.injection import Session
from tenants.plugins.requests import WEBHOOK_TASK

LIMIT_SECONDS = 320.0
"""The longest deadline that a plugin can have for a webhook, and a margin."""


class HandleWebhook(msgspec.Struct, frozen=True):
    """The payload of the task."""

    webhook_id: UUID


class WebhookInbox:
    """What this work needs, within one step of it."""

    def __init__(self, session: Session) -> None:
        self._session = session

    async def waiting(self, webhook_id: UUID) -> ReceivedWebhook | None:
        """Return the webhook unless it was handled."""
        return await PluginWebhooks(self._session.writer).waiting(webhook_id)

    async def handle(self, received: ReceivedWebhook, request_id: str) -> None:
        """Let its plugin handle it."""
        session = self._session
        await session.plugins.requests.handle_webhook(session.tenant, received, request_id)

    async def handled(self, webhook_id: UUID) -> None:
        """Note that it was handled."""
        session = self._session
        await PluginWebhooks(session.writer).handled(webhook_id, session.clock.now())


@outside(WEBHOOK_TASK, queue="plugins", limit_seconds=LIMIT_SECONDS)
class WebhookWork:
    """One attempt."""

    async def prepare(self, work: HandleWebhook, *, inbox: WebhookInbox) -> ReceivedWebhook | None:
        """Read what came."""
        return await inbox.waiting(work.webhook_id)

    async def perform(
        self, prepared: ReceivedWebhook, *, inbox: WebhookInbox, attempt: Attempt
    ) -> None:
        """Call the plugin."""
        await inbox.handle(prepared, attempt.request_id)

    async def conclude(
        self,
        prepared: ReceivedWebhook,
        outcome: None,  # noqa: ARG002 - there is none
        *,
        inbox: WebhookInbox,
    ) -> None:
        """Forget what was in it."""
        await inbox.handled(prepared.id)
