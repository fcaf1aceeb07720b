"""The permission table: the one place that says which role may do what.

`ASSIGNED` means: only on applications (and their candidates) that are assigned to the actor, whose
job has the actor in its hiring team, or where the actor is an interviewer. Use cases receive the
grant and narrow their work to it. Tests and `docs/admins/permissions.md` are made from this table.
"""

from enum import StrEnum
from typing import Final, Literal

from core.shared.actor import Role

Grant = Literal["yes", "assigned", "no"]


class Action(StrEnum):
    """What can be permitted. The value is also the API key scope that allows it."""

    CREATE_JOB = "jobs:create"
    VIEW_JOBS = "jobs:read"
    EDIT_JOB = "jobs:write"
    VIEW_CANDIDATES = "candidates:read"
    EDIT_CANDIDATE = "candidates:write"
    DELETE_CANDIDATE = "candidates:delete"
    MOVE_APPLICATION = "applications:write"
    ASSIGN_APPLICATION = "applications:assign"
    IMPORT_CANDIDATES = "candidates:import"
    EXPORT_CANDIDATES = "candidates:export"
    SCHEDULE_INTERVIEW = "interviews:schedule"
    SUBMIT_FEEDBACK = "feedback:write"
    VIEW_ANALYTICS = "analytics:read"
    VIEW_REPORTS = "reports:read"
    """Figures over all applications with the names of those who wait the longest."""
    VIEW_AUDIT = "audit:read"
    VIEW_TEAM = "team:read"
    MANAGE_USERS = "team:manage"
    VIEW_TENANT = "tenant:read"
    MANAGE_TENANT = "tenant:manage"
    MANAGE_PLUGINS = "plugins:manage"
    MANAGE_MESSAGES = "messages:manage"
    """Who sends and in which order, who isn't written to, and, for plugins, what became of mail."""
    SEND_MESSAGES = "messages:send"
    """For plugins: e-mail to candidates from the templates that they bring."""
    OWN_ACCOUNT = "account:own"
    """One's own profile, sessions, password and API keys."""


def _row(admin: Grant, recruiter: Grant, interviewer: Grant, viewer: Grant) -> dict[Role, Grant]:
    return {
        "admin": admin,
        "recruiter": recruiter,
        "interviewer": interviewer,
        "viewer": viewer,
    }


PERMISSIONS: Final[dict[Action, dict[Role, Grant]]] = {
    Action.CREATE_JOB: _row("yes", "yes", "no", "no"),
    Action.VIEW_JOBS: _row("yes", "yes", "yes", "yes"),
    Action.EDIT_JOB: _row("yes", "yes", "no", "no"),
    Action.VIEW_CANDIDATES: _row("yes", "yes", "assigned", "yes"),
    Action.EDIT_CANDIDATE: _row("yes", "yes", "no", "no"),
    Action.DELETE_CANDIDATE: _row("yes", "yes", "no", "no"),
    Action.MOVE_APPLICATION: _row("yes", "yes", "no", "no"),
    Action.ASSIGN_APPLICATION: _row("yes", "yes", "no", "no"),
    Action.IMPORT_CANDIDATES: _row("yes", "yes", "no", "no"),
    Action.EXPORT_CANDIDATES: _row("yes", "yes", "no", "no"),
    Action.SCHEDULE_INTERVIEW: _row("yes", "yes", "no", "no"),
    Action.SUBMIT_FEEDBACK: _row("yes", "yes", "yes", "no"),
    Action.VIEW_ANALYTICS: _row("yes", "yes", "yes", "yes"),
    Action.VIEW_REPORTS: _row("yes", "yes", "no", "yes"),
    Action.VIEW_AUDIT: _row("yes", "no", "no", "no"),
    Action.VIEW_TEAM: _row("yes", "yes", "yes", "yes"),
    Action.MANAGE_USERS: _row("yes", "no", "no", "no"),
    Action.VIEW_TENANT: _row("yes", "yes", "yes", "yes"),
    Action.MANAGE_TENANT: _row("yes", "no", "no", "no"),
    Action.MANAGE_PLUGINS: _row("yes", "no", "no", "no"),
    Action.MANAGE_MESSAGES: _row("yes", "no", "no", "no"),
    Action.SEND_MESSAGES: _row("yes", "yes", "no", "no"),
    Action.OWN_ACCOUNT: _row("yes", "yes", "yes", "yes"),
}
