"""What plugins' background work needs."""

from tenants.injection import Providers
from tenants.plugins import scheduled, webhooks
from tenants.plugins.scheduled import PluginClock
from tenants.plugins.webhooks import WebhookInbox

WORK = (scheduled, webhooks)
"""Importing them registers the tasks."""

PROVIDERS: Providers = {WebhookInbox: WebhookInbox, PluginClock: PluginClock}
"""Which adapters stand behind what this work asks for."""
