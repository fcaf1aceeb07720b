"""The plugin `mailbox`: in the demo and while developing, the way that messages take."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, Any
from uuid import UUID

import msgspec
from msgspec import Meta

from plugins.mailbox.messages import MailboxMessaging, newest, one, remove_before, remove_to
from plugins.mailbox.pages import show_list, show_message
from plugins.mailbox.tables import MIGRATIONS
from plugins.sdk import (
    Action,
    Health,
    KeptData,
    Manifest,
    Meter,
    Migration,
    Operations,
    Page,
    Permission,
    PluginContext,
    PortAdapter,
    Request,
    Response,
    Route,
    ScheduledTask,
    Settings,
    SettingsSpec,
    Subject,
    hook,
)
from plugins.sdk.ports import Messaging


class MailboxSettings(Settings, frozen=True):
    """What is kept how long."""

    retention_days: Annotated[
        int,
        Meta(title="Days kept", description="Older messages are removed at night.", ge=1, le=3650),
    ] = 30
    reply_domain: Annotated[
        str,
        Meta(
            title="Domain of replies",
            description="Stands in the addresses that candidates would answer to. Nothing is sent "
            "there: answers are written on the page of a message.",
            pattern=r"^[a-z0-9\-]+(?:\.[a-z0-9\-]+)*\.invalid$",
            max_length=190,
        ),
    ] = "mailbox.invalid"


async def list_messages(context: PluginContext[Any], request: Request) -> Response:
    """Answer with the newest messages, all or those `to` one address."""
    try:
        limit = int(request.query.get("limit", "50"))
    except ValueError:
        limit = 0
    if not 1 <= limit <= 200:
        return _problem(400, "limit must be a whole number from 1 to 200.")
    messages = await newest(context, receiver=request.query.get("to"), limit=limit)
    return Response(body={"items": msgspec.to_builtins(messages)})


async def show_one(context: PluginContext[Any], request: Request) -> Response:
    """Answer with one message."""
    try:
        message = await one(context, UUID(request.params["message_id"]))
    except ValueError:
        message = None
    if message is None:
        return _problem(404, "There is no such message.")
    return Response(body=msgspec.to_builtins(message))


async def tidy(context: PluginContext[MailboxSettings]) -> None:
    """Remove what is older than the tenant wants."""
    before = context.now() - timedelta(days=context.settings.retention_days)
    removed = await remove_before(context, before)
    context.log.info("mailbox_tidied", removed=removed)


async def check(context: PluginContext[Any]) -> Health:
    """Say what is in it."""
    found = await newest(context, limit=1)
    since = f" The last one was sent at {found[0].sent_at:%Y-%m-%d %H:%M} UTC." if found else ""
    return Health(ok=True, message=f"Messages stay on this server and reach nobody.{since}")


async def export(context: PluginContext[Any], subject: Subject) -> Mapping[str, Any]:
    """Return what was sent to a person."""
    found = [
        message
        for address in subject.addresses
        for message in await newest(context, receiver=address, limit=1_000)
    ]
    return {"messages": msgspec.to_builtins(found)}


async def erase(context: PluginContext[Any], subject: Subject) -> None:
    """Remove what was sent to a person."""
    for address in subject.addresses:
        await remove_to(context, address)


@hook
def manifest() -> Manifest:
    """Say who the plugin is."""
    return Manifest(
        id="mailbox",
        name="Mailbox",
        version="1.0.0",
        sdk=">=1.7,<2",
        summary="Keeps e-mail on this server instead of sending it, to be read on a page.",
        description="For trying things out: nothing reaches anybody outside. Enable a plugin that "
        "sends, such as SMTP, before you hire real people.",
        author="IntelliMatch",
        permissions=(
            Permission(
                action=Action.MANAGE_MESSAGES.value,
                why="To put answers that you write on its pages into candidates' conversations.",
            ),
        ),
        reply_domain_setting="reply_domain",
        keeps=(
            KeptData(
                what="Messages to candidates and team members",
                personal=True,
                retention="As long as you set; 30 days unless you change it",
            ),
        ),
        meters=(Meter(name="messages", unit="message"),),
    )


@hook
def settings() -> SettingsSpec:
    """Say what is configured."""
    return SettingsSpec(type=MailboxSettings)


@hook
def ports() -> tuple[PortAdapter, ...]:
    """Implement messaging."""
    return (PortAdapter(Messaging, MailboxMessaging, repeatable=True),)


@hook
def scheduled_tasks() -> tuple[ScheduledTask, ...]:
    """Tidy at night."""
    return (ScheduledTask(name="tidy", cron="17 3 * * *", run=tidy),)


@hook
def routes() -> tuple[Route, ...]:
    """Let programs read it."""
    action = Action.MANAGE_TENANT.value
    return (
        Route(
            method="GET",
            path="/messages",
            handle=list_messages,
            action=action,
            summary="List messages, newest first",
        ),
        Route(
            method="GET",
            path="/messages/{message_id}",
            handle=show_one,
            action=action,
            summary="Show a message",
        ),
    )


@hook
def pages() -> tuple[Page, ...]:
    """Let people read it."""
    action = Action.MANAGE_TENANT.value
    return (
        Page(path="/", render=show_list, action=action, navigation="Mailbox"),
        Page(path="/{message_id}", render=show_message, action=action),
    )


@hook
def tables() -> tuple[Migration, ...]:
    """Bring the table of messages."""
    return MIGRATIONS


@hook
def operations() -> Operations:
    """Check, export and erase."""
    return Operations(check=check, export=export, erase=erase)


def _problem(status: int, detail: str) -> Response:
    return Response(
        status=status,
        content_type="application/problem+json",
        body={
            "status": status,
            "code": "not_found" if status == 404 else "invalid_input",
            "title": detail,
            "detail": detail,
        },
    )
