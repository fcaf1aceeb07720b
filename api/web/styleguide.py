"""`/styleguide`: every piece that pages are put together from, in each of its states."""

from datetime import UTC, datetime
from typing import Annotated, Any, Final

import msgspec
from litestar import Request, get
from litestar.types import ControllerRouterHandler
from msgspec import Meta

from api.replies import Reply
from api.web.frame import PUBLIC, WEB, page
from api.web.schema_form import fields_of

_AT: Final = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)


class SampleSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Settings such as a plugin may ask for."""

    host: Annotated[
        str,
        Meta(title="Server", description="Name or address of the mail server.", max_length=253),
    ]
    port: Annotated[int, Meta(title="Port", ge=1, le=65535)] = 587
    password: Annotated[
        str,
        Meta(title="Password", extra_json_schema={"writeOnly": True}),
    ]
    encryption: Annotated[
        str,
        Meta(title="Encryption", extra_json_schema={"enum": ["none", "starttls", "tls"]}),
    ] = "starttls"
    is_on: Annotated[bool, Meta(title="Send mail", description="Off keeps mail in the queue.")] = (
        True
    )


@get("/styleguide", opt=PUBLIC, **WEB)
async def styleguide(request: Request[Any, Any, Any]) -> Reply[bytes]:
    """Show the pieces. It holds nothing of any workspace."""
    schema = msgspec.json.schema(SampleSettings)
    return page(
        request,
        "styleguide.html",
        at=_AT,
        fields=fields_of(schema, {"host": "mail.example.com"}, secrets_set={"password"}),
    )


ROUTES: Final[tuple[ControllerRouterHandler, ...]] = (styleguide,)
