"""What members are told of, marking it as read, and choosing what to be told of."""

from datetime import datetime
from typing import Annotated, Any, Final
from uuid import UUID

import msgspec
from litestar import Controller, Request, delete, get, post
from litestar.params import FromPath, JSONBody, QueryParameter
from msgspec import UNSET, UnsetType

from api.mutation import mutate
from api.paging import CursorParameter, LimitParameter, reply_page
from api.problems import problems
from api.replies import Reply, reply
from api.request_scope import Scoped
from core.notifications.contracts import (
    AddBrowser,
    Browser,
    BrowserId,
    Browsers,
    ChangeDefaults,
    ChangeSettings,
    DigestTime,
    Hours,
    Inbox,
    ListBrowsers,
    ListNotifications,
    MarkedNotifications,
    MarkRead,
    MarkSeen,
    NotificationDefaults,
    NotificationId,
    NotificationSettings,
    NotificationType,
    QuietHours,
    RemoveBrowser,
    ShowDefaults,
    ShowSettings,
    TypeChoice,
    TypeDefault,
)
from core.shared.errors import FieldError, InvalidInput
from core.shared.paging import DEFAULT_LIMIT, MAX_LIMIT, PageRequest

TypeFilter = Annotated[
    NotificationType | None, QueryParameter(description="Only notifications of this type.")
]
UnreadFilter = Annotated[bool, QueryParameter(description="Only unread ones.")]
UpTo = (
    Annotated[
        datetime,
        msgspec.Meta(description="All that last happened at this time or before.", tz=True),
    ]
    | None
)
_BASE64URL: Final = r"^[A-Za-z0-9_-]+$"
_EXAMPLE_KEY: Final = (
    "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4"
)
"""Of RFC 8291, appendix A."""
_LONGEST_LABEL: Final = 200
_UNVERSIONED: Final = {"also_unversioned": True}


class MarkReadRequest(msgspec.Struct, forbid_unknown_fields=True):
    """Which notifications were read: name one of `ids`, `up_to` and `all`."""

    ids: (
        Annotated[
            list[UUID],
            msgspec.Meta(min_length=1, max_length=MAX_LIMIT, description="These."),
        ]
        | None
    ) = None
    up_to: UpTo = None
    all: Annotated[bool, msgspec.Meta(description="All of them.")] = False
    type: Annotated[
        NotificationType | None, msgspec.Meta(description="Of those, only the ones of this type.")
    ] = None


class MarkSeenRequest(msgspec.Struct, forbid_unknown_fields=True):
    """What was seen: all that is there, unless a time is given."""

    up_to: UpTo = None


class ChangeSettingsRequest(msgspec.Struct, forbid_unknown_fields=True):
    """What to be told of; what isn't named stays as it is."""

    types: Annotated[list[TypeChoice], msgspec.Meta(max_length=50)] = []
    quiet_hours: QuietHours | UnsetType | None = UNSET
    pop_ups: bool | UnsetType = UNSET
    digest: DigestTime | UnsetType = UNSET
    escalate_after_hours: Hours | UnsetType | None = UNSET


class ChangeDefaultsRequest(msgspec.Struct, forbid_unknown_fields=True):
    """What members are told of; what isn't named stays as it is."""

    types: Annotated[list[TypeDefault], msgspec.Meta(max_length=50)] = []
    escalate_after_hours: Hours | UnsetType = UNSET
    chat_names: bool | UnsetType = UNSET
    chat_escalations: bool | UnsetType = UNSET
    chat_quiet_hours: QuietHours | UnsetType | None = UNSET


class BrowserKeys(msgspec.Struct, forbid_unknown_fields=True):
    """What messages to a browser are encrypted with (RFC 8291)."""

    p256dh: Annotated[
        str,
        msgspec.Meta(
            min_length=80,
            max_length=100,
            pattern=_BASE64URL,
            description="Its public key.",
            examples=[_EXAMPLE_KEY],
        ),
    ]
    auth: Annotated[
        str,
        msgspec.Meta(
            min_length=20,
            max_length=24,
            pattern=_BASE64URL,
            description="What it shares with us alone.",
            examples=["BTBZMqHH6r4Tts7J_aSIgg"],
        ),
    ]

    def __repr__(self) -> str:
        return "BrowserKeys(...)"


class AddBrowserRequest(msgspec.Struct, forbid_unknown_fields=True):
    """A subscription of a browser, as its `toJSON` gives it."""

    endpoint: Annotated[
        str,
        msgspec.Meta(
            min_length=8,
            max_length=2_000,
            pattern=r"^https?://[!-~]+$",
            description="Where its push service takes messages.",
            examples=["https://push.example/send/dpH5lCsTSSM"],
        ),
    ]
    keys: BrowserKeys


class NotificationController(Controller):
    """The notifications of whoever asks; an API key has those of the member who made it."""

    path = "/notifications"
    tags = ("Notifications",)

    @get(
        operation_id="listNotifications",
        summary="List your notifications, the latest first",
        description="What happened several times since you last read it is one notification with a "
        "`count`. The live stream tells of changes: `notification.created` and "
        "`notification.read`.",
        responses=problems(403),
        opt=_UNVERSIONED,
    )
    async def list_notifications(
        self,
        request: Request[Any, Any, Any],
        tenant_scope: Scoped,
        limit: LimitParameter = DEFAULT_LIMIT,
        cursor: CursorParameter = None,
        type: TypeFilter = None,  # noqa: A002 - the parameter's name
        unread: UnreadFilter = False,  # noqa: FBT002 - a parameter of the query
    ) -> Reply[Inbox]:
        """Return a page of the inbox."""
        query = ListNotifications(type=type, unread=unread, page=PageRequest(limit, cursor))
        return reply_page(request, await tenant_scope.ask(query))

    @post(
        "/read",
        status_code=200,
        operation_id="markNotificationsRead",
        summary="Mark notifications as read",
        description="Ids that aren't in your inbox change nothing.",
        responses=problems(403),
        opt=_UNVERSIONED,
    )
    async def mark_read(
        self,
        request: Request[Any, Any, Any],
        tenant_scope: Scoped,
        data: JSONBody[MarkReadRequest],
    ) -> Reply[MarkedNotifications]:
        """Mark them and say how many are left."""
        if (data.ids is not None) + (data.up_to is not None) + data.all != 1:
            raise InvalidInput(
                FieldError("ids", "Name one of `ids`, `up_to` and `all`.", "name_one")
            )
        ids = None if data.ids is None else tuple(NotificationId(each) for each in data.ids)
        command = MarkRead(ids=ids, up_to=data.up_to, type=data.type)
        return await mutate(request, tenant_scope, command, status=200)

    @post(
        "/seen",
        status_code=200,
        operation_id="markNotificationsSeen",
        summary="Note that you saw your notifications",
        description="They stay unread. Until then they are marked as new.",
        responses=problems(403),
    )
    async def mark_seen(
        self,
        request: Request[Any, Any, Any],
        tenant_scope: Scoped,
        data: JSONBody[MarkSeenRequest],
    ) -> Reply[MarkedNotifications]:
        """Note it."""
        return await mutate(request, tenant_scope, MarkSeen(up_to=data.up_to), status=200)

    @get(
        "/settings",
        operation_id="showNotificationSettings",
        summary="Show what you are told of",
        responses=problems(403),
        opt=_UNVERSIONED,
    )
    async def show_settings(self, tenant_scope: Scoped) -> Reply[NotificationSettings]:
        """Return preferences and what the workspace decided."""
        return reply(await tenant_scope.ask(ShowSettings()))

    @post(
        "/settings",
        status_code=200,
        operation_id="changeNotificationSettings",
        summary="Choose what you are told of",
        responses=problems(403),
        opt=_UNVERSIONED,
    )
    async def change_settings(
        self,
        request: Request[Any, Any, Any],
        tenant_scope: Scoped,
        data: JSONBody[ChangeSettingsRequest],
    ) -> Reply[NotificationSettings]:
        """Keep the choices and return what holds now."""
        command = ChangeSettings(
            types=tuple(data.types),
            quiet_hours=data.quiet_hours,
            pop_ups=data.pop_ups,
            digest=data.digest,
            escalate_after_hours=data.escalate_after_hours,
        )
        return await mutate(request, tenant_scope, command, status=200)

    @get(
        "/browsers",
        operation_id="listNotificationBrowsers",
        summary="List the browsers that take your push messages",
        responses=problems(403),
    )
    async def list_browsers(self, tenant_scope: Scoped) -> Reply[Browsers]:
        """Return them, and the key that another one subscribes with."""
        return reply(await tenant_scope.ask(ListBrowsers()))

    @post(
        "/browsers",
        operation_id="addNotificationBrowser",
        summary="Let push messages be sent to a browser",
        description="With what `PushManager.subscribe` gave. One that is known already is "
        "replaced, be it yours or a colleague's.",
        responses=problems(403),
    )
    async def add_browser(
        self,
        request: Request[Any, Any, Any],
        tenant_scope: Scoped,
        data: JSONBody[AddBrowserRequest],
    ) -> Reply[Browser]:
        """Keep it."""
        label = request.headers.get("user-agent", "")[:_LONGEST_LABEL]
        command = AddBrowser(
            endpoint=data.endpoint, p256dh=data.keys.p256dh, auth=data.keys.auth, label=label
        )
        return await mutate(
            request,
            tenant_scope,
            command,
            status=201,
            location=lambda view: f"/api/v1/notifications/browsers/{view.id}",
        )

    @delete(
        "/browsers/{browser_id:uuid}",
        status_code=204,
        operation_id="removeNotificationBrowser",
        summary="Send no more push messages to a browser",
        responses=problems(403, 404),
    )
    async def remove_browser(
        self, request: Request[Any, Any, Any], tenant_scope: Scoped, browser_id: FromPath[UUID]
    ) -> Reply[None]:
        """Forget it."""
        command = RemoveBrowser(browser_id=BrowserId(browser_id))
        return await mutate(request, tenant_scope, command, status=204)

    @get(
        "/defaults",
        operation_id="showNotificationDefaults",
        summary="Show what members are told of unless they choose otherwise",
        responses=problems(403),
    )
    async def show_defaults(self, tenant_scope: Scoped) -> Reply[NotificationDefaults]:
        """Return what the workspace decided."""
        return reply(await tenant_scope.ask(ShowDefaults()))

    @post(
        "/defaults",
        status_code=200,
        operation_id="changeNotificationDefaults",
        summary="Decide what members are told of",
        description="A type that is `locked` is the same for everybody, whatever they chose.",
        responses=problems(403),
    )
    async def change_defaults(
        self,
        request: Request[Any, Any, Any],
        tenant_scope: Scoped,
        data: JSONBody[ChangeDefaultsRequest],
    ) -> Reply[NotificationDefaults]:
        """Keep it and return what holds now."""
        command = ChangeDefaults(
            types=tuple(data.types),
            escalate_after_hours=data.escalate_after_hours,
            chat_names=data.chat_names,
            chat_escalations=data.chat_escalations,
            chat_quiet_hours=data.chat_quiet_hours,
        )
        return await mutate(request, tenant_scope, command, status=200)
