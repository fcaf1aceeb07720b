"""What plugins' background work needs."""

from tenants.injection import Providers
from tenants.plugins import webhooks
from tenants.plugins.webhooks import WebhookInbox

WORK = (webhooks,)
"""Importing it registers the task."""

PROVIDERS: Providers = {WebhookInbox: WebhookInbox}
"""Which adapter stands behind the inbox of webhooks."""
