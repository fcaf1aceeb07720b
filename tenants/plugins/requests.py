"""Answers requests with plugins' routes, pages and webhooks, for whoever speaks HTTP."""

import msgspec

from core.ports.secrets import SecretPlace
from core.shared.access import authorise
from core.shared.actor import Actor
from core.shared.errors import Conflict, Forbidden, NotFound, Unauthenticated, Unavailable
from core.shared.permissions import Action
from core.shared.secret import Secret
from core.shared.tenant import TenantContext
from core.tenancy.errors import TenantSuspended
from plugins.host.catalogue import LoadedPlugin
from plugins.postgres.plugin_store import PluginWebhooks, ReceivedWebhook
from plugins.postgres.tasks import PostgresTasks
from plugins.sdk.contributions import (
    InboundWebhook,
    Page,
    PageContent,
    Request,
    Response,
    Route,
    WebhookRequest,
)
from plugins.sdk.errors import OutcomeUnknown, PluginError, Refused
from plugins.sdk.paths import matches
from tenants.plugins.calls import PluginCalls, Repeated
from tenants.plugins.enabled import EnabledPlugin, EnabledPlugins
from tenants.plugins.seams import Process

WEBHOOK_TASK = "plugins.handle_webhook"
MAX_DELIVERY = 200


class PluginRefused(Conflict):
    """The plugin says that it can't be done."""

    code = "plugin_refused"
    title = "A plugin refused this"


class PluginRequests:
    """Of one process."""

    def __init__(self, process: Process, calls: PluginCalls, enabled: EnabledPlugins) -> None:
        self._process = process
        self._calls = calls
        self._enabled = enabled

    async def route(
        self, tenant: TenantContext, actor: Actor, plugin_id: str, request: Request
    ) -> Response:
        """Answer with one of the plugin's routes. Raises the domain's errors and PluginFailed."""
        enabled = await self._working(tenant, plugin_id)
        route, params = _route(enabled.plugin, request.method, request.path)
        _require(actor, tenant, route.action)
        answer = await self._ask(tenant, enabled, route, request, params)
        if not isinstance(answer, Response):
            raise TypeError("the guard let through what is no Response")
        return answer

    async def page(
        self, tenant: TenantContext, actor: Actor, plugin_id: str, request: Request
    ) -> PageContent:
        """Answer with one of the plugin's pages; its HTML is as the plugin wrote it."""
        enabled = await self._working(tenant, plugin_id)
        page, params = _page(enabled.plugin, request.path)
        _require(actor, tenant, page.action)
        answer = await self._ask(tenant, enabled, page, request, params)
        if not isinstance(answer, PageContent):
            raise TypeError("the guard let through what is no PageContent")
        return answer

    async def webhook(
        self,
        tenant: TenantContext,
        plugin_id: str,
        name: str,
        request: WebhookRequest,
        request_id: str,
    ) -> int:
        """Let the plugin check what came, and keep it to be handled soon; return what to answer.

        Raises Unauthenticated when the plugin refuses it, and what says that it couldn't be asked.
        """
        enabled = await self._working(tenant, plugin_id)
        webhook = _webhook(enabled.plugin, name)
        try:
            delivery = await self._calls.call(
                tenant,
                enabled,
                f"check the webhook {name}",
                webhook.verify,
                request,
                timeout_seconds=min(webhook.timeout_seconds, 10.0),
                expect=str,
            )
        except Refused as error:
            raise Unauthenticated(error.message) from error
        except PluginError as error:
            raise Unavailable(error.message) from error
        if not 1 <= len(delivery) <= MAX_DELIVERY or "\x00" in delivery:
            raise Unauthenticated("The delivery has no id, or none that can be kept.")
        await self._keep(tenant, plugin_id, name, delivery, request, request_id)
        return webhook.answers

    async def largest_delivery(self, tenant: TenantContext, plugin_id: str, name: str) -> int:
        """Return how many bytes a webhook takes at most. Raises NotFound."""
        enabled = await self._working(tenant, plugin_id)
        return _webhook(enabled.plugin, name).max_bytes

    async def handle_webhook(
        self, tenant: TenantContext, received: ReceivedWebhook, request_id: str
    ) -> None:
        """Let the plugin handle what was kept. What it raises is tried again."""
        enabled = await self._enabled.find(tenant.id, received.plugin_id)
        if enabled is None or not enabled.works_for(tenant):
            return
        webhooks = {each.name: each for each in enabled.plugin.webhooks}
        webhook = webhooks.get(received.webhook)
        if webhook is None:
            return
        opened = await self._process.secrets(tenant.id).open(_place(received), received.sealed)
        await self._calls.call(
            tenant,
            enabled,
            f"handle the webhook {received.webhook}",
            webhook.handle,
            msgspec.json.decode(opened.reveal(), type=WebhookRequest),
            timeout_seconds=webhook.timeout_seconds,
            repeated=Repeated(f"webhook-{received.id}", request_id),
        )

    async def _keep(
        self,
        tenant: TenantContext,
        plugin_id: str,
        name: str,
        delivery: str,
        request: WebhookRequest,
        request_id: str,
    ) -> None:
        received = ReceivedWebhook(self._process.ids.new(), plugin_id, name, delivery, "")
        sealed = await self._process.secrets(tenant.id).seal(
            _place(received), Secret(msgspec.json.encode(request).decode())
        )
        received = msgspec.structs.replace(received, sealed=sealed)
        async with self._process.database.unit(tenant.id) as unit:
            if await PluginWebhooks(unit).keep(received, self._process.clock.now()):
                await PostgresTasks(unit, self._process.ids, request_id).schedule(
                    WEBHOOK_TASK, {"webhook_id": str(received.id)}
                )

    async def _ask(
        self,
        tenant: TenantContext,
        enabled: EnabledPlugin,
        asked: Route | Page,
        request: Request,
        params: dict[str, str],
    ) -> Response | PageContent:
        function = asked.handle if isinstance(asked, Route) else asked.render
        expect = Response if isinstance(asked, Route) else PageContent
        try:
            answer: Response | PageContent = await self._calls.call(
                tenant,
                enabled,
                f"answer {request.method} {asked.path}",
                function,
                msgspec.structs.replace(request, params=params),
                timeout_seconds=asked.timeout_seconds,
                expect=expect,
            )
        except (Refused, OutcomeUnknown) as error:
            raise PluginRefused(error.message, plugin=enabled.id) from error
        except PluginError as error:
            raise Unavailable(error.message, plugin=enabled.id) from error
        return answer

    async def _working(self, tenant: TenantContext, plugin_id: str) -> EnabledPlugin:
        enabled = await self._enabled.find(tenant.id, plugin_id)
        if enabled is None or not enabled.works_for(tenant):
            raise NotFound("No plugin of that name is enabled here.")
        if tenant.status != "active":
            raise TenantSuspended(TenantSuspended.TEXT)
        return enabled


def _route(plugin: LoadedPlugin, method: str, path: str) -> tuple[Route, dict[str, str]]:
    """Return the route that answers; one without parameters before one with them."""
    for route in sorted(plugin.routes, key=lambda each: each.path.count("{")):
        params = matches(route.path, path)
        if route.method == method and params is not None:
            return route, params
    raise NotFound(f"The plugin {plugin.id} has no route {method} {path}.")


def _page(plugin: LoadedPlugin, path: str) -> tuple[Page, dict[str, str]]:
    for page in sorted(plugin.pages, key=lambda each: each.path.count("{")):
        params = matches(page.path, path)
        if params is not None:
            return page, params
    raise NotFound(f"The plugin {plugin.id} has no page {path}.")


def _webhook(plugin: LoadedPlugin, name: str) -> InboundWebhook:
    for webhook in plugin.webhooks:
        if webhook.name == name:
            return webhook
    raise NotFound(f"The plugin {plugin.id} has no webhook {name}.")


def _require(actor: Actor, tenant: TenantContext, action: str) -> None:
    """Raise unless the actor may; a plugin can't narrow its answer to what is assigned to one."""
    if actor.tenant_id != tenant.id:
        raise ValueError("an actor of another tenant")
    if authorise(actor, Action(action)).only_assigned:
        raise Forbidden(
            f"The role {actor.role} may do this only for what is assigned to it, and a plugin's "
            "pages and routes are for those who may see everything.",
            action=action,
            reason="assigned",
        )


def _place(received: ReceivedWebhook) -> SecretPlace:
    return SecretPlace("plugin_webhooks", received.id, "sealed")
