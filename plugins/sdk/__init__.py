"""What a plugin is written with, and the only thing of the platform that it imports.

`from plugins.sdk import hook, Manifest, ...`; events are in `plugins.sdk.events`, commands, queries
and views in `plugins.sdk.commands`, ports in `plugins.sdk.ports`, and what tests are written with
in `plugins.sdk.testing`. `docs/plugins/` leads from nothing to a tested plugin.
"""

from core.messages.contracts import MailOutcome, MessageId
from core.shared.clock import UtcDatetime
from core.shared.errors import DomainError, FieldError, Forbidden, InvalidInput, NotFound
from core.shared.ids import MemberId, TenantId
from core.shared.money import Cents
from core.shared.permissions import Action
from core.shared.usecase import Command, Query
from plugins.sdk.context import Account, Log, Mail, PluginContext, PluginTenant, Records, Store
from plugins.sdk.contributions import (
    EmailTemplate,
    EventHandler,
    Health,
    InboundWebhook,
    OAuthProvider,
    Operations,
    Page,
    PageContent,
    PortAdapter,
    Request,
    Response,
    Route,
    ScheduledTask,
    Subject,
    TemplateText,
    WebhookRequest,
)
from plugins.sdk.errors import (
    NotConnected,
    OutcomeUnknown,
    PluginError,
    RecordConflict,
    RecordMissing,
    Refused,
    TryLater,
)
from plugins.sdk.hooks import ENTRY_POINTS, HOOK_NAMES, Hooks, hook
from plugins.sdk.manifest import KeptData, Manifest, Meter, Permission
from plugins.sdk.settings import NoSettings, SecretText, Settings, SettingsSpec
from plugins.sdk.tables import (
    AddColumn,
    AddIndex,
    Column,
    CreateTable,
    Delete,
    DropColumn,
    DropTable,
    Insert,
    Migration,
    Table,
    Update,
)
from plugins.sdk.version import SDK_VERSION

__all__ = [
    "ENTRY_POINTS",
    "HOOK_NAMES",
    "SDK_VERSION",
    "Account",
    "Action",
    "AddColumn",
    "AddIndex",
    "Cents",
    "Column",
    "Command",
    "CreateTable",
    "Delete",
    "DomainError",
    "DropColumn",
    "DropTable",
    "EmailTemplate",
    "EventHandler",
    "FieldError",
    "Forbidden",
    "Health",
    "Hooks",
    "InboundWebhook",
    "Insert",
    "InvalidInput",
    "KeptData",
    "Log",
    "Mail",
    "MailOutcome",
    "Manifest",
    "MemberId",
    "MessageId",
    "Meter",
    "Migration",
    "NoSettings",
    "NotConnected",
    "NotFound",
    "OAuthProvider",
    "Operations",
    "OutcomeUnknown",
    "Page",
    "PageContent",
    "Permission",
    "PluginContext",
    "PluginError",
    "PluginTenant",
    "PortAdapter",
    "Query",
    "RecordConflict",
    "RecordMissing",
    "Records",
    "Refused",
    "Request",
    "Response",
    "Route",
    "ScheduledTask",
    "SecretText",
    "Settings",
    "SettingsSpec",
    "Store",
    "Subject",
    "Table",
    "TemplateText",
    "TenantId",
    "TryLater",
    "Update",
    "UtcDatetime",
    "WebhookRequest",
    "hook",
]
