"""The page of roles: what each may do, in one sentence per permission, by what it is about."""

from collections.abc import Mapping
from typing import Any, Final

import msgspec
from litestar import Request, get
from litestar.types import ControllerRouterHandler

from api.replies import Reply
from api.request_scope import Scoped
from api.web import labels
from api.web.frame import WEB, page
from api.web.languages import mark
from core.identity.contracts.sign_in import ListPermissions, PermissionRow
from core.shared.actor import ROLES
from core.shared.permissions import Action

SENTENCES: Final[Mapping[str, Mapping[Action, str]]] = {
    mark("Jobs"): {
        Action.VIEW_JOBS: mark("See jobs, their stages and their questions."),
        Action.CREATE_JOB: mark("Write new jobs."),
        Action.EDIT_JOB: mark("Change, publish, pause and close jobs, and delete drafts."),
    },
    mark("Candidates"): {
        Action.VIEW_CANDIDATES: mark(
            "See candidates, their files, notes and applications, and what was said of them."
        ),
        Action.EDIT_CANDIDATE: mark(
            "Add and correct candidates, write notes, read what they sent, and merge duplicates."
        ),
        Action.DELETE_CANDIDATE: mark("Delete candidates with all that is kept of them."),
        Action.IMPORT_CANDIDATES: mark("Bring candidates in from a file."),
        Action.EXPORT_CANDIDATES: mark("Take candidates and applications out as a file."),
    },
    mark("Applications"): {
        Action.MOVE_APPLICATION: mark(
            "Put candidates into jobs, move them over the board, reject and reopen."
        ),
        Action.ASSIGN_APPLICATION: mark("Say who on the team takes care of an application."),
    },
    mark("Interviews"): {
        Action.SCHEDULE_INTERVIEW: mark("Set up interviews, move them and call them off."),
        Action.SUBMIT_FEEDBACK: mark("Say what they think of a candidate after an interview."),
    },
    mark("Figures and records"): {
        Action.VIEW_ANALYTICS: mark("See how hiring goes: figures over jobs and stages."),
        Action.VIEW_REPORTS: mark(
            "See the analytics page: figures over all applications, and who waits the longest."
        ),
        Action.VIEW_AUDIT: mark("Read the audit log: who did what, and when."),
    },
    mark("Workspace"): {
        Action.VIEW_TEAM: mark("See who works here, and with which role."),
        Action.MANAGE_USERS: mark("Invite people, change their roles, and let them in no longer."),
        Action.VIEW_TENANT: mark("See the workspace's plan, its usage, its look and this page."),
        Action.MANAGE_TENANT: mark(
            "Change the look, the privacy notice and the default stages, and see to background "
            "work."
        ),
        Action.MANAGE_PLUGINS: mark("Enable plugins, set them up, and remove them."),
        Action.MANAGE_MESSAGES: mark(
            "Say who sends e-mail, and let addresses be written to again that were left out."
        ),
        Action.SEND_MESSAGES: mark("Let plugins send candidates the e-mails that they bring."),
    },
    mark("Own account"): {
        Action.OWN_ACCOUNT: mark("Change their own password, end their sessions, make API keys."),
    },
}
"""Every permission once. A test tells who adds one that it needs a sentence."""

SENTENCE_OF: Final[labels.Labels] = {
    action.value: says for sentences in SENTENCES.values() for action, says in sentences.items()
}
"""By the scope that an API key has of it."""

GRANTS: Final[labels.Labels] = {
    "yes": mark("Yes"),
    "assigned": mark("Assigned"),
    "no": mark("No"),
}


class Group(msgspec.Struct, frozen=True):
    """Permissions about one thing."""

    label: str
    rows: list[tuple[str, PermissionRow]]
    """Each with its sentence."""


@get("/settings/roles", **WEB)
async def roles(request: Request[Any, Any, Any], tenant_scope: Scoped) -> Reply[bytes]:
    """Show what each role may do; the reader's own stands out."""
    known = {row.action: row for row in await tenant_scope.ask(ListPermissions())}
    return page(
        request,
        "roles.html",
        groups=[
            Group(label, [(says, known[action]) for action, says in sentences.items()])
            for label, sentences in SENTENCES.items()
        ],
        role_names=ROLES,
        roles=labels.ROLES,
        grants=GRANTS,
        own=tenant_scope.actor.role,
    )


ROUTES: Final[tuple[ControllerRouterHandler, ...]] = (roles,)
