"""What a candidate's page shows of interviews ahead and of the reader's own feedback."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from api.web.candidate_moments import Moment
from api.web.frame import may
from core.applications.contracts import ApplicationRow
from core.shared.permissions import Action
from tenants.scope import TenantScope


def interviews_for(
    scope: TenantScope, applications: Sequence[ApplicationRow], moments: Sequence[Moment]
) -> dict[str, Any]:
    """Return what `pieces/candidate_interviews.html` is given."""
    now, me = datetime.now(UTC), scope.actor.member_id
    active = [each for each in applications if each.disposition == "active"]
    known = {each.interview.id: each.interview for each in moments if each.interview is not None}
    ahead = [each for each in known.values() if each.status == "scheduled" and each.ends_at > now]
    given = [each.feedback for each in moments if each.feedback is not None]
    own = [each for each in given if each.author.member_id == me]
    return {
        "active": active,
        "ahead": sorted(ahead, key=lambda each: each.starts_at),
        "own_feedback": {each.application_id: each for each in own},
        "may_schedule": may(scope.actor, Action.SCHEDULE_INTERVIEW),
        "may_judge": me is not None and may(scope.actor, Action.SUBMIT_FEEDBACK),
    }
