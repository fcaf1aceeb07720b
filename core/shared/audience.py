"""Who may hear of which event, and what of it: the permission table of the live streams.

An event that isn't listed reaches nobody. Where the table grants `assigned`, only events about what
is assigned to the listener reach them. A listener is told ids and states and fetches the rest, so
that what people may see of a thing is decided where the thing is shown.
"""

from typing import Any, Final
from uuid import UUID

from core.shared.access import authorise
from core.shared.actor import NOBODY, Actor
from core.shared.errors import Forbidden
from core.shared.ids import MemberId
from core.shared.permissions import Action

AUDIENCES: Final[dict[str, Action]] = {
    "activity.downloaded": Action.VIEW_CANDIDATES,
    "activity.resume_viewed": Action.VIEW_CANDIDATES,
    "activity.viewed": Action.VIEW_CANDIDATES,
    "api_key.created": Action.MANAGE_USERS,
    "api_key.revoked": Action.MANAGE_USERS,
    "api_key.rotated": Action.MANAGE_USERS,
    "application.answer_near": Action.VIEW_CANDIDATES,
    "application.assigned": Action.VIEW_CANDIDATES,
    "application.created": Action.VIEW_CANDIDATES,
    "application.hired": Action.VIEW_CANDIDATES,
    "application.moved": Action.VIEW_CANDIDATES,
    "application.rejected": Action.VIEW_CANDIDATES,
    "application.reopened": Action.VIEW_CANDIDATES,
    "application.withdrawn": Action.VIEW_CANDIDATES,
    "automation.changed": Action.VIEW_TENANT,
    "automation.reset": Action.VIEW_TENANT,
    "automation.settings_changed": Action.VIEW_TENANT,
    "automation_rule.changed": Action.VIEW_TENANT,
    "automation_rule.created": Action.VIEW_TENANT,
    "automation_rule.deleted": Action.VIEW_TENANT,
    "automation_step.ended": Action.VIEW_CANDIDATES,
    "automation_step.notified": Action.VIEW_CANDIDATES,
    "automation_step.planned": Action.VIEW_CANDIDATES,
    "bulk_rejection.created": Action.MOVE_APPLICATION,
    "bulk_rejection.finished": Action.MOVE_APPLICATION,
    "bulk_rejection.recalled": Action.MOVE_APPLICATION,
    "candidate.created": Action.VIEW_CANDIDATES,
    "candidate.deleted": Action.VIEW_CANDIDATES,
    "candidate.file_added": Action.VIEW_CANDIDATES,
    "candidate.file_deleted": Action.VIEW_CANDIDATES,
    "candidate.merge_undone": Action.VIEW_CANDIDATES,
    "candidate.merged": Action.VIEW_CANDIDATES,
    "candidate.note_added": Action.VIEW_CANDIDATES,
    "candidate.note_deleted": Action.VIEW_CANDIDATES,
    "candidate.note_edited": Action.VIEW_CANDIDATES,
    "candidate.resume_corrected": Action.VIEW_CANDIDATES,
    "candidate.resume_parsed": Action.VIEW_CANDIDATES,
    "candidate.resume_requested": Action.VIEW_CANDIDATES,
    "candidate.updated": Action.VIEW_CANDIDATES,
    "feedback.edited": Action.VIEW_CANDIDATES,
    "feedback.submitted": Action.VIEW_CANDIDATES,
    "import.cancelled": Action.IMPORT_CANDIDATES,
    "import.finished": Action.IMPORT_CANDIDATES,
    "import.started": Action.IMPORT_CANDIDATES,
    "interview.cancelled": Action.VIEW_CANDIDATES,
    "interview.feedback_due": Action.VIEW_CANDIDATES,
    "interview.rescheduled": Action.VIEW_CANDIDATES,
    "interview.scheduled": Action.VIEW_CANDIDATES,
    "invitation.accepted": Action.MANAGE_USERS,
    "invitation.created": Action.MANAGE_USERS,
    "invitation.revoked": Action.MANAGE_USERS,
    "job.created": Action.VIEW_JOBS,
    "job.deleted": Action.VIEW_JOBS,
    "job.edited": Action.VIEW_JOBS,
    "job.stages_changed": Action.VIEW_JOBS,
    "job.status_changed": Action.VIEW_JOBS,
    "member.deactivated": Action.VIEW_TEAM,
    "member.joined": Action.VIEW_TEAM,
    "member.password_changed": Action.MANAGE_USERS,
    "member.password_reset_issued": Action.MANAGE_USERS,
    "member.reactivated": Action.VIEW_TEAM,
    "member.sign_in_link_issued": Action.MANAGE_USERS,
    "member.signed_in": Action.MANAGE_USERS,
    "member.signed_out": Action.MANAGE_USERS,
    "member.updated": Action.VIEW_TEAM,
    "member_message.changed": Action.MANAGE_USERS,
    "password_reset.requested": Action.MANAGE_USERS,
    "mail_list.joined": Action.EDIT_CANDIDATE,
    "mail_list.left": Action.EDIT_CANDIDATE,
    "message.bounced": Action.EDIT_CANDIDATE,
    "message.complained": Action.EDIT_CANDIDATE,
    "message.delivered": Action.EDIT_CANDIDATE,
    "message.dismissed": Action.EDIT_CANDIDATE,
    "message.failed": Action.EDIT_CANDIDATE,
    "message.outcome_unknown": Action.EDIT_CANDIDATE,
    "message.queued": Action.EDIT_CANDIDATE,
    "message.sent": Action.EDIT_CANDIDATE,
    "message.settled": Action.EDIT_CANDIDATE,
    "message.tracked": Action.EDIT_CANDIDATE,
    "message_senders.failing": Action.MANAGE_MESSAGES,
    "message_senders.ordered": Action.MANAGE_MESSAGES,
    "notification.browser_added": Action.OWN_ACCOUNT,
    "notification.browser_removed": Action.OWN_ACCOUNT,
    "notification.chat_broken": Action.MANAGE_PLUGINS,
    "notification.created": Action.OWN_ACCOUNT,
    "notification.defaults_changed": Action.MANAGE_TENANT,
    "notification.pruned": Action.MANAGE_TENANT,
    "notification.read": Action.OWN_ACCOUNT,
    "notification.seen": Action.OWN_ACCOUNT,
    "notification.settings_changed": Action.OWN_ACCOUNT,
    "pipeline.changed": Action.VIEW_JOBS,
    "plugin.checked": Action.MANAGE_PLUGINS,
    "plugin.configured": Action.MANAGE_PLUGINS,
    "plugin.connected": Action.MANAGE_PLUGINS,
    "plugin.connection_broken": Action.MANAGE_PLUGINS,
    "plugin.disabled": Action.MANAGE_PLUGINS,
    "plugin.disconnected": Action.MANAGE_PLUGINS,
    "plugin.enabled": Action.MANAGE_PLUGINS,
    "plugin.uninstalled": Action.MANAGE_PLUGINS,
    "privacy_notice.published": Action.VIEW_TENANT,
    "promise.dropped": Action.VIEW_TENANT,
    "promise.set": Action.VIEW_TENANT,
    "status_preferences.changed": Action.VIEW_TENANT,
    "status_report.received": Action.VIEW_CANDIDATES,
    "status_source.created": Action.MANAGE_TENANT,
    "status_source.edited": Action.MANAGE_TENANT,
    "status_source.revoked": Action.MANAGE_TENANT,
    "status_source.rotated": Action.MANAGE_TENANT,
    "submission.mails_chosen": Action.EDIT_CANDIDATE,
    "sign_in_link.requested": Action.MANAGE_USERS,
    "reply.matched": Action.EDIT_CANDIDATE,
    "reply.received": Action.EDIT_CANDIDATE,
    "reply.removed": Action.MANAGE_MESSAGES,
    "reply.unmatched": Action.MANAGE_MESSAGES,
    "sending_domain.checked": Action.MANAGE_MESSAGES,
    "sending_domain.worsened": Action.MANAGE_MESSAGES,
    "submission.received": Action.EDIT_CANDIDATE,
    "submission.withdrawn": Action.EDIT_CANDIDATE,
    "suppression.removed": Action.MANAGE_MESSAGES,
    "task.dropped": Action.MANAGE_TENANT,
    "task.retried": Action.MANAGE_TENANT,
    "template.reset": Action.VIEW_TENANT,
    "template.saved": Action.VIEW_TENANT,
    "template.tested": Action.VIEW_TENANT,
    "tenant.custom_domain_set": Action.MANAGE_TENANT,
    "tenant.exported": Action.MANAGE_TENANT,
    "tenant.feature_flag_set": Action.MANAGE_TENANT,
    "tenant.plan_changed": Action.MANAGE_TENANT,
    "tenant.pruned": Action.MANAGE_TENANT,
    "tenant.quota_neared": Action.MANAGE_TENANT,
    "tenant.registered": Action.MANAGE_TENANT,
    "tenant.resumed": Action.MANAGE_TENANT,
    "tenant.suspended": Action.MANAGE_TENANT,
    "tenant.updated": Action.VIEW_TENANT,
}
"""Type of event to the row of the permission table that the listener needs."""

PERSONAL: Final = frozenset(
    {
        "notification.browser_added",
        "notification.browser_removed",
        "notification.created",
        "notification.read",
        "notification.seen",
        "notification.settings_changed",
    }
)
"""Types of events that only one member is told of, whatever others may see: `whose` says which."""

TOPICS: Final = frozenset(name.partition(".")[0] for name in AUDIENCES)
"""What can be listened to apart: the nouns that events are about."""

SHOWN_FIELDS: Final = frozenset(
    {
        "application_id",
        "applications",
        "candidate_id",
        "count",
        "created",
        "failed",
        "fields",
        "file_id",
        "from_stage_id",
        "from_status",
        "job_id",
        "merge_id",
        "merged_id",
        "notification_type",
        "ok",
        "plugin_id",
        "pops_up",
        "rejected",
        "skipped",
        "stage_id",
        "state",
        "to_stage_id",
        "to_status",
        "unread",
        "updated",
    }
)
"""What of an event's payload is shown: ids of things, states and counts; nothing about people."""


def audible_types(actor: Actor) -> tuple[frozenset[str], frozenset[str]]:
    """Return the types of events an actor hears always, and those only of what is assigned.

    Raises Unauthenticated for those who have not signed in.
    """
    always: set[str] = set()
    assigned: set[str] = set()
    for name, action in AUDIENCES.items():
        try:
            access = authorise(actor, action)
        except Forbidden:
            continue
        (assigned if access.only_assigned else always).add(name)
    return frozenset(always), frozenset(assigned)


def whose(event_type: str, payload: dict[str, Any]) -> MemberId | None:
    """Return the one member who is told of a personal event; None: the event isn't personal.

    One that names nobody is told to nobody.
    """
    if event_type not in PERSONAL:
        return None
    try:
        return MemberId(UUID(payload["member_id"]))
    except (KeyError, TypeError, ValueError):
        return MemberId(NOBODY)


def shown_payload(payload: dict[str, Any]) -> dict[str, Any]:
    """Return what of an event's payload a listener is told."""
    return {name: value for name, value in payload.items() if name in SHOWN_FIELDS}
