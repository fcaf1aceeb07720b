"""What members are told of work that they started, and admins of what the workspace runs on."""

from typing import Final

from core.applications.events import BulkRejectionFinished
from core.deliverability.events import SendingDomainWorsened
from core.imports.events import ImportFinished
from core.installations.events import PluginChecked, PluginConnectionBroken
from core.messages.events import SenderFailing
from core.notifications.about import (
    checked,
    domain_worse,
    fails_to_send,
    imported,
    neared,
    rejected_together,
    used_up,
)
from core.notifications.events import ChatBroken
from core.notifications.notice import Notice
from core.tenancy.events import QuotaNeared

WORKSPACE: Final[dict[str, Notice]] = {
    "import_finished": Notice(
        type="import_finished",
        events=(ImportFinished,),
        about=imported,
        receivers=("starter",),
        title="Your import has ended",
        post="An import has ended",
        message="{created} added, {updated} changed, {failed} with errors",
        link="/imports/{import_id}",
    ),
    "bulk_rejection": Notice(
        type="bulk_rejection",
        events=(BulkRejectionFinished,),
        about=rejected_together,
        receivers=("starter",),
        title="Your rejections took effect",
        post="Bulk rejections took effect",
        message="{rejected} rejected, {skipped} left out",
        link="/jobs",
    ),
    "plugin_broken": Notice(
        type="plugin_broken",
        events=(PluginChecked, PluginConnectionBroken, ChatBroken),
        about=checked,
        receivers=("admins",),
        title="The connection of {plugin} doesn't work",
        link="/settings/plugins/{plugin}",
    ),
    "sender_failing": Notice(
        type="plugin_broken",
        events=(SenderFailing,),
        about=fails_to_send,
        receivers=("admins",),
        tells_doer=True,
        title="{plugin} sends no e-mail at present",
        link="/settings/email",
    ),
    "domain_worsened": Notice(
        type="plugin_broken",
        events=(SendingDomainWorsened,),
        about=domain_worse,
        receivers=("admins",),
        title="Receivers may no longer believe mail from {domain}",
        link="/settings/email",
    ),
    "quota_neared": Notice(
        type="quota",
        events=(QuotaNeared,),
        about=neared,
        receivers=("admins",),
        tells_doer=True,
        title="Four fifths of your plan are used: {quota}",
        message="{used} of {limit}",
        link="/plan",
    ),
    "quota_reached": Notice(
        type="quota",
        events=(QuotaNeared,),
        about=used_up,
        receivers=("admins",),
        tells_doer=True,
        title="Your plan allows no more: {quota}",
        message="{used} of {limit}",
        link="/plan",
    ),
}
