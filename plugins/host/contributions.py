"""The rules for each kind of contribution: names, paths, permissions, times, addresses.

Called by `plugins.host.validation` after the types were checked.
"""

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final
from urllib.parse import urlsplit

from cronsim import CronSim, CronSimError

from core.shared.events import Event
from core.shared.permissions import Action
from plugins.host.shapes import Unfit, no_two
from plugins.sdk import events, ports
from plugins.sdk.contributions import (
    EmailTemplate,
    EventHandler,
    InboundWebhook,
    OAuthProvider,
    Page,
    PortAdapter,
    Route,
    ScheduledTask,
)
from plugins.sdk.hosts import covers
from plugins.sdk.mail import wrong_with
from plugins.sdk.manifest import Manifest
from plugins.sdk.paths import parts_of
from plugins.sdk.settings import Settings

PORTS: Final[dict[str, type]] = {
    "messaging": ports.Messaging,
    "mail_domain": ports.MailDomain,
    "chat": ports.Chat,
    "files": ports.FileStore,
    "payments": ports.Payments,
    "calendar": ports.Calendar,
    "ats": ports.Ats,
    "identity": ports.IdentityProvider,
    "resumes": ports.ResumeParser,
}
"""The ports that a plugin can implement, by the name under which they are shown."""

EVENTS: Final = frozenset(
    kind
    for name in events.__all__
    if isinstance(kind := getattr(events, name), type)
    and issubclass(kind, Event)
    and kind is not Event
)

_ACTIONS: Final = frozenset(action.value for action in Action)
_GIVEN: Final[dict[type, Action]] = {ports.ResumeParser: Action.VIEW_CANDIDATES}
"""Ports whose adapters are given what they would need this permission to ask for."""
_PARAMETER: Final = re.compile(r"\{([a-z_]+)\}")


_OF_THE_HOST: Final = frozenset(
    {
        "client_id",
        "code_challenge",
        "code_challenge_method",
        "redirect_uri",
        "response_type",
        "scope",
        "state",
    }
)
"""Parameters of an authorization request that no plugin sets (RFC 6749, RFC 7636)."""


def check_ports(adapters: Sequence[PortAdapter], manifest: Manifest) -> None:
    """Raises Unfit."""
    asked = {each.action for each in manifest.permissions}
    for adapter in adapters:
        if adapter.port not in PORTS.values():
            known = ", ".join(port.__name__ for port in PORTS.values())
            raise Unfit(
                f"The hook ports: {adapter.port.__name__} is no port of the platform; "
                f"there are {known}."
            )
        needed = _GIVEN.get(adapter.port)
        if needed is not None and needed.value not in asked:
            raise Unfit(
                f"The hook ports: {adapter.port.__name__} is given what candidates wrote; "
                f"let the manifest ask for the permission {needed.value}."
            )
    no_two([each.port.__name__ for each in adapters], "The hook ports", "the port")


def check_handlers(handlers: Sequence[EventHandler]) -> None:
    """Raises Unfit."""
    where = "The hook event_handlers"
    for handler in handlers:
        if handler.event not in EVENTS:
            raise Unfit(
                f"{where}: {handler.name} names {handler.event.__name__}, "
                "which isn't in plugins.sdk.events."
            )
    no_two([each.name for each in handlers], where, "the name")


def check_schedules(tasks: Sequence[ScheduledTask]) -> None:
    """Raises Unfit."""
    where = "The hook scheduled_tasks"
    for task in tasks:
        if len(task.cron.split()) != 5:
            raise Unfit(
                f"{where}: {task.name} has the times {task.cron!r}; give five fields: "
                "minute, hour, day, month, weekday."
            )
        try:
            next(CronSim(task.cron, datetime(2026, 1, 1, tzinfo=UTC)))
        except (CronSimError, StopIteration) as error:
            why = str(error) or "no such time ever comes"
            raise Unfit(f"{where}: {task.name} has the times {task.cron!r}: {why}.") from None
    no_two([each.name for each in tasks], where, "the name")


def check_routes(routes: Sequence[Route]) -> None:
    """Raises Unfit."""
    where = "The hook routes"
    for route in routes:
        _check_path(route.path, where)
        _check_action(route.action, f"{where}: {route.method} {route.path}")
        if not route.summary.strip():
            raise Unfit(f"{where}: {route.method} {route.path} needs a summary.")
    no_two([f"{each.method} {_shape(each.path)}" for each in routes], where, "the route")


def check_pages(pages: Sequence[Page]) -> None:
    """Raises Unfit."""
    where = "The hook pages"
    for page in pages:
        _check_path(page.path, where)
        _check_action(page.action, f"{where}: {page.path}")
        if page.navigation is not None and not 1 <= len(page.navigation.strip()) <= 40:
            raise Unfit(f"{where}: the navigation entry of {page.path} needs 1 to 40 characters.")
        if page.navigation is not None and "{" in page.path:
            raise Unfit(f"{where}: {page.path} has a parameter, so nothing can lead there.")
    no_two([_shape(each.path) for each in pages], where, "the path")


def check_webhooks(webhooks: Sequence[InboundWebhook]) -> None:
    """Raises Unfit."""
    no_two([each.name for each in webhooks], "The hook webhooks", "the name")


def check_email_templates(templates: Sequence[EmailTemplate], manifest: Manifest) -> None:
    """Raises Unfit."""
    where = "The hook email_templates"
    no_two([each.name for each in templates], where, "the name")
    for template in templates:
        problem = wrong_with(manifest, template)
        if problem is not None:
            raise Unfit(f"{where}: {template.name}: {problem}")


def check_oauth(
    provider: OAuthProvider,
    manifest: Manifest,
    settings_type: type[Settings],
    secrets: frozenset[str],
) -> None:
    """Raises Unfit."""
    where = "The hook oauth_provider"
    for name in ("authorize_url", "token_url", "revoke_url"):
        given = getattr(provider, name)
        address = urlsplit(given or "")
        if given is not None and (address.scheme != "https" or not address.hostname):
            raise Unfit(f"{where}: {name} must be an address that begins with https://.")
        host = address.hostname or ""
        if host and name != "authorize_url" and not covers(manifest.hosts, host):
            raise Unfit(f"{where}: {host} of {name} must be among the manifest's hosts.")
    taken = sorted(_OF_THE_HOST & provider.extra_authorize.keys())
    if taken:
        raise Unfit(f"{where}: extra_authorize can't hold {taken[0]}, which the platform sets.")
    if provider.client_id_setting not in settings_type.__struct_fields__:
        raise Unfit(f"{where}: the settings have no field {provider.client_id_setting}.")
    if provider.client_secret_setting not in secrets:
        raise Unfit(
            f"{where}: {provider.client_secret_setting} must be a SecretText of the settings."
        )


def _check_path(path: str, where: str) -> None:
    if not path.startswith("/"):
        raise Unfit(f"{where}: the path {path!r} must begin with a slash.")
    no_two(_PARAMETER.findall(path), f"{where}: {path}", "the parameter")


def _shape(path: str) -> str:
    """Return what two paths that could stand for the same address have in common."""
    return "/" + "/".join(_PARAMETER.sub("{}", part) for part in parts_of(path))


def _check_action(action: str, where: str) -> None:
    if action not in _ACTIONS:
        raise Unfit(f"{where}: there is no permission {action}; see plugins.sdk.Action.")
