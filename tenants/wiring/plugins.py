"""What plugins' background work needs, and how the core has them asked about people."""

from core.ports.personal_data import Disclosure, Erasure
from tenants.injection import Providers
from tenants.plugins import erasing, revoking, scheduled, webhooks
from tenants.plugins.disclosing import PluginDisclosure
from tenants.plugins.erasing import ErasureDesk, PluginErasure
from tenants.plugins.revoking import RevocationDesk
from tenants.plugins.scheduled import PluginClock
from tenants.plugins.webhooks import WebhookInbox

WORK = (erasing, revoking, scheduled, webhooks)
"""Importing them registers the tasks."""

PROVIDERS: Providers = {
    WebhookInbox: WebhookInbox,
    PluginClock: PluginClock,
    ErasureDesk: ErasureDesk,
    RevocationDesk: RevocationDesk,
    Erasure: PluginErasure,
    Disclosure: PluginDisclosure,
}
