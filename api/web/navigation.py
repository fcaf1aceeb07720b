"""Where one can go, by role and plan: the side bar, the menu on a phone, and the palette.

A page that belongs there adds one `Place` here; who may not do its action doesn't see it.
"""

from functools import lru_cache
from typing import Final, Literal

import msgspec
from markupsafe import Markup

from api.web.icons import icon
from api.web.languages import mark
from core.shared.access import authorise
from core.shared.actor import Actor
from core.shared.errors import Forbidden, Unauthenticated
from core.shared.permissions import Action

Group = Literal["work", "admin"]

PLUGIN_PLACES: Final = "intellimatch.plugin_places"
"""Where a request's scope holds the places that the workspace's plugins add for the reader."""


class Place(msgspec.Struct, frozen=True):
    """An entry of the navigation."""

    key: str
    """What a page names as its `place` to mark this entry as the present one."""
    label: str
    href: str
    icon: str
    action: Action
    group: Group = "work"
    shortcut: str = ""
    """Typed after `g`: `g j` goes to the jobs."""


PLACES: Final[tuple[Place, ...]] = (
    Place("dashboard", mark("Today"), "/dashboard", "dashboard", Action.VIEW_JOBS, shortcut="d"),
    Place("jobs", mark("Jobs"), "/jobs", "jobs", Action.VIEW_JOBS, shortcut="j"),
    Place(
        "candidates",
        mark("Candidates"),
        "/candidates",
        "candidates",
        Action.VIEW_CANDIDATES,
        shortcut="c",
    ),
    Place(
        "analytics",
        mark("Analytics"),
        "/analytics",
        "analytics",
        Action.VIEW_REPORTS,
        shortcut="a",
    ),
    Place(
        "notifications",
        mark("Notifications"),
        "/notifications",
        "bell",
        Action.OWN_ACCOUNT,
        shortcut="n",
    ),
    Place("planned", mark("Planned"), "/automations", "clock", Action.MOVE_APPLICATION),
    Place("team", mark("Team"), "/team", "team", Action.VIEW_TEAM, "admin", "t"),
    Place("roles", mark("Roles"), "/settings/roles", "roles", Action.VIEW_TENANT, "admin"),
    Place(
        "branding",
        mark("Branding"),
        "/settings/branding",
        "branding",
        Action.MANAGE_TENANT,
        "admin",
    ),
    Place(
        "privacy_notice",
        mark("Privacy notice"),
        "/settings/privacy-notice",
        "privacy",
        Action.MANAGE_TENANT,
        "admin",
    ),
    Place(
        "mail_templates",
        mark("E-mail templates"),
        "/settings/templates",
        "mail",
        Action.MANAGE_TENANT,
        "admin",
    ),
    Place(
        "automations",
        mark("Automations"),
        "/settings/automations",
        "refresh",
        Action.MANAGE_TENANT,
        "admin",
    ),
    Place(
        "unmatched_replies",
        mark("Unmatched replies"),
        "/unmatched-replies",
        "inbox",
        Action.MANAGE_MESSAGES,
        "admin",
    ),
    Place(
        "email",
        mark("E-mail delivery"),
        "/settings/email",
        "check_circle",
        Action.MANAGE_MESSAGES,
        "admin",
    ),
    Place(
        "promises",
        mark("Promised answers"),
        "/settings/answers",
        "calendar",
        Action.MANAGE_TENANT,
        "admin",
    ),
    Place(
        "status_settings",
        mark("Status"),
        "/settings/status",
        "view",
        Action.MANAGE_TENANT,
        "admin",
    ),
    Place("pipeline", mark("Stages"), "/pipeline", "board", Action.MANAGE_TENANT, "admin"),
    Place("plan", mark("Plan and usage"), "/plan", "plan", Action.VIEW_TENANT, "admin"),
    Place("api_keys", mark("API keys"), "/api-keys", "key", Action.OWN_ACCOUNT, "admin"),
    Place(
        "plugins", mark("Plugins"), "/settings/plugins", "plugins", Action.MANAGE_PLUGINS, "admin"
    ),
    Place("audit", mark("Audit log"), "/audit", "audit", Action.VIEW_AUDIT, "admin"),
    Place("tasks", mark("Background work"), "/tasks", "tasks", Action.MANAGE_TENANT, "admin"),
)


def may(actor: Actor, action: Action) -> bool:
    """Whether the actor's role and scopes allow an action, be it on assigned ones only."""
    try:
        authorise(actor, action)
    except (Forbidden, Unauthenticated):
        return False
    return True


def places_for(actor: Actor) -> list[Place]:
    """Return the places that the actor may go to, in order."""
    return [place for place in PLACES if may(actor, place.action)]


@lru_cache(maxsize=2_000)
def plugin_links(places: tuple[Place, ...], here: str) -> Markup:
    """Return the links to pages that plugins bring, made once and not for each page.

    Their labels are in the plugin's own words, so they aren't translated.
    """
    link = Markup(
        '<a class="side-link" href="{}" title="{}"{}>{}<span class="side-word">{}</span></a>\n'
    )
    current = Markup(' aria-current="page"')
    return Markup("").join(
        link.format(
            each.href, each.label, current if each.key == here else "", icon(each.icon), each.label
        )
        for each in places
    )
