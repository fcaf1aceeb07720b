"""The live streams: server-sent events, WebSocket, and `/stream/poll` for those who can't."""

from typing import Annotated, Any, Final

import msgspec
from litestar import Controller, Request, get, post
from litestar.params import QueryParameter

from api.errors import BadRequest
from api.problems import problems
from api.replies import Reply, reply
from api.request_scope import Scoped
from api.streams.client import Client, Credential
from api.streams.forms import SSE
from api.streams.frames import EventView, GapView, view_of
from api.streams.hub import Hub
from api.streams.opening import SSE_HEADERS, Opening
from api.streams.socket import SocketClient, accept
from api.streams.view import View, gap_at
from core.shared.actor import Actor
from core.shared.audience import TOPICS
from core.shared.errors import FieldError, Forbidden
from core.shared.ids import MemberId
from plugins.postgres.event_log import Bounds, EventLog
from plugins.valkey.stream_tickets import SECONDS, StreamTickets
from tenants.scope import TenantScope

_LAST_EVENT_ID: Final = "last-event-id"
_CREDENTIALS: Final = frozenset((b"authorization", b"cookie"))
_NO_POSITION: Final = -1

TopicsParameter = Annotated[
    str | None,
    QueryParameter(
        description="Only events about these, separated by commas: " + ", ".join(sorted(TOPICS)),
        max_length=200,
    ),
]


class EventPage(msgspec.Struct, frozen=True):
    """What happened after a position."""

    events: list[EventView]
    position: Annotated[
        int, msgspec.Meta(description="Ask for what comes after this the next time.")
    ]
    more: Annotated[bool, msgspec.Meta(description="Whether more is there already.")]
    gap: Annotated[
        GapView | None,
        msgspec.Meta(description="Set where events can't be told any more: fetch afresh."),
    ]


class StreamTicket(msgspec.Struct, frozen=True):
    """Opens one WebSocket."""

    ticket: Annotated[
        str, msgspec.Meta(description="For the parameter `ticket` of `/ws`; good once.")
    ]
    expires_in: Annotated[int, msgspec.Meta(description="Seconds until it is good no more.")]

    def __repr__(self) -> str:
        return "StreamTicket(...)"


class StreamController(Controller):
    """Who hears of what is settled by the same permissions as reading it."""

    path = "/stream"
    tags = ("Live",)

    @get(
        operation_id="openStream",
        summary="Hear of events as they happen",
        description="Server-sent events. `id` is the event's position in the workspace's log and "
        "contiguous: `checkpoint` stands for positions that you aren't told of, `gap` for those "
        "that can't be told any more. Resume with the header `Last-Event-ID`.",
        response_description="A stream that goes on until either side ends it.",
        opt={"produces": "text/event-stream"},
        responses=problems(403),
    )
    async def open(
        self,
        request: Request[Any, Any, Any],
        tenant_scope: Scoped,
        after: Annotated[
            int | None,
            QueryParameter(
                ge=0,
                le=2**63 - 1,
                description="Resume after this position, as `Last-Event-ID` does.",
            ),
        ] = None,
        topics: TopicsParameter = None,
    ) -> Reply[bytes]:
        """Open a stream."""
        return open_stream(request, tenant_scope, after, _topics(topics))

    @post(
        "/ticket",
        operation_id="createStreamTicket",
        summary="Get a ticket for a WebSocket",
        description="Browsers open `/ws` with the session's cookie and such a ticket; programs "
        "send their API key and need none.",
        status_code=200,
        responses=problems(403),
    )
    async def ticket(
        self, request: Request[Any, Any, Any], tenant_scope: Scoped
    ) -> Reply[StreamTicket]:
        """Return a ticket that is good once, for seconds, with the credential that asks."""
        View.of(tenant_scope.tenant, tenant_scope.actor, frozenset())
        tickets: StreamTickets = request.app.state.stream_tickets
        made = await tickets.issue(tenant_scope.tenant.id, tenant_scope.actor.id)
        return reply(StreamTicket(made, SECONDS))

    @get(
        "/poll",
        operation_id="pollStream",
        summary="Ask what happened",
        description="The same events for those who can't keep a stream open. Without `after` the "
        "answer says only where the log ends now.",
        responses=problems(403),
    )
    async def poll(
        self,
        request: Request[Any, Any, Any],
        tenant_scope: Scoped,
        after: Annotated[
            int | None,
            QueryParameter(ge=0, le=2**63 - 1, description="The `position` of the answer before."),
        ] = None,
        topics: TopicsParameter = None,
        limit: Annotated[
            int, QueryParameter(ge=1, le=200, description="Most positions to look at.")
        ] = 100,
    ) -> Reply[EventPage]:
        """Answer with what happened since."""
        view = View.of(tenant_scope.tenant, tenant_scope.actor, _topics(topics))
        log = log_of(request, view)
        bounds = await log.bounds()
        if after is None:
            return reply(EventPage([], bounds.last, more=False, gap=None))
        return reply(await page_after(log, bounds, view, tenant_scope.actor, after, limit))


class SocketController(Controller):
    """The same events over a WebSocket."""

    path = "/ws"
    tags = ("Live",)

    @get(
        operation_id="openSocket",
        summary="Hear of events over a WebSocket",
        description="The same events as `/stream`, each a JSON text message with `event`, `id` and "
        '`data`. Send `{"topics": [...]}` to hear of others; the first message may have '
        "`after`. Programs send their API key in the Authorization header; browsers add a `ticket` "
        "from `/stream/ticket` to the session's cookie.",
        response_description="The connection is a WebSocket from here on.",
        status_code=101,
        responses=problems(403, 426),
    )
    async def open(
        self,
        request: Request[Any, Any, Any],
        tenant_scope: Scoped,
        after: Annotated[
            int | None,
            QueryParameter(ge=0, le=2**63 - 1, description="Resume after this position."),
        ] = None,
        topics: TopicsParameter = None,
        ticket: Annotated[
            str | None,
            QueryParameter(description="From `/stream/ticket`; browsers need one.", max_length=64),
        ] = None,
    ) -> Reply[None]:
        """Open a WebSocket."""
        hub: Hub = request.app.state.streams
        client = SocketClient(*_listener(request, tenant_scope, hub, _topics(topics)))
        answer = accept(request.scope["headers"])
        actor = tenant_scope.actor
        if actor.kind != "api_key":
            tickets: StreamTickets = request.app.state.stream_tickets
            if not ticket or not await tickets.redeem(ticket, tenant_scope.tenant.id, actor.id):
                raise TicketNeeded("Open it with a fresh ticket from /api/v1/stream/ticket.")
        return Opening(hub, client, after, 101, answer)


class TicketNeeded(Forbidden):
    """A browser opens a WebSocket without a good ticket."""

    code = "ticket_needed"
    title = "This needs a ticket"


def open_stream(
    request: "Request[Any, Any, Any]",
    tenant_scope: TenantScope,
    after: int | None,
    topics: frozenset[str],
) -> Opening:
    """Return the answer that opens a stream of `topics`; the client's Last-Event-ID goes first."""
    hub: Hub = request.app.state.streams
    client = Client(SSE, *_listener(request, tenant_scope, hub, topics))
    last = request.headers.get(_LAST_EVENT_ID, "").strip()
    return Opening(hub, client, _position(last) if last else after, 200, SSE_HEADERS)


def log_of(request: "Request[Any, Any, Any]", view: View) -> EventLog:
    """Return the log of events that a view is of."""
    hub: Hub = request.app.state.streams
    return hub.log_of(view.tenant_id)


async def page_after(
    log: EventLog, bounds: Bounds, view: View, actor: Actor, after: int, limit: int
) -> EventPage:
    """Return what of the next `limit` positions `actor` is told, or the gap that is there."""
    gap = gap_at(after, bounds)
    if gap is not None:
        return EventPage([], gap.position, more=False, gap=gap)
    events = await log.after(after, limit)
    if events and events[0].position != after + 1:
        gap = GapView("pruned", after, bounds.last)
        return EventPage([], bounds.last, more=False, gap=gap)
    seen = await view.seen(log, events, actor.member_id)
    position = events[-1].position if events else after
    shown = [view_of(event) for event in events if event.position in seen]
    return EventPage(shown, position, more=position < bounds.last, gap=None)


def _listener(
    request: "Request[Any, Any, Any]", tenant_scope: TenantScope, hub: Hub, chosen: frozenset[str]
) -> tuple[View, frozenset[str], str, MemberId | None, Credential, float]:
    """Return who listens, to what, and for how long at most. Raises as View.of does."""
    actor = tenant_scope.actor
    view = View.of(tenant_scope.tenant, actor, chosen)
    owner = f"{view.tenant_id}:{actor.member_id or actor.id}"
    headers = request.scope["headers"]
    credential = tuple((name, value) for name, value in headers if name in _CREDENTIALS)
    return view, chosen, owner, actor.member_id, credential, hub.lifetime()


def _topics(text: str | None) -> frozenset[str]:
    """Return the topics that were asked for; none means all. Raises BadRequest."""
    if text is None:
        return frozenset()
    asked = frozenset(part.strip() for part in text.split(",") if part.strip())
    unknown = sorted(asked - TOPICS)
    if unknown or not asked:
        raise BadRequest(
            FieldError("topics", f"Topics are {', '.join(sorted(TOPICS))}.", "unknown_topic"),
            message="Some parameters are not valid.",
        )
    return asked


def _position(last_event_id: str) -> int:
    """Return the position in a Last-Event-ID; what isn't one is none of ours, which is a gap."""
    if last_event_id.isascii() and last_event_id.isdigit() and len(last_event_id) < 19:
        return int(last_event_id)
    return _NO_POSITION
