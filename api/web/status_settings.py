"""The page of what candidates see of their application, and of who reports statuses from outside.

What a source's statuses stand for is typed a line each, in a form that needs no script.
"""

from collections.abc import Mapping
from typing import Any, Final, get_args
from uuid import UUID

import msgspec
from litestar import Request, get, post
from litestar.params import FromPath
from litestar.types import ControllerRouterHandler

from api.errors import status_of
from api.replies import Reply
from api.request_scope import Scoped
from api.v1.status_sources import SourceChanges
from api.web import labels
from api.web.careers_frame import home_of
from api.web.frame import WEB, page, read_form, redirect, require
from api.web.languages import mark
from api.web.refusals import said
from core.careers.contracts import ShowSite
from core.shared.errors import DomainError, FieldError, InvalidInput
from core.shared.permissions import Action
from core.shared.problems import problems_in
from core.status.contracts.preferences import ShowStatusPreferences
from core.status.contracts.sources import (
    Act,
    ChangeSource,
    ListSources,
    ShowSource,
    SourceId,
    SourceView,
    Target,
)
from core.status.model import REJECTION_REASONS, WITHDRAWAL_REASONS
from tenants.scope import TenantScope

PATH: Final = "/settings/status"
SHOWN: Final[labels.Labels] = {
    "stage": mark("The stages that they go through, by their public names"),
    "interviews": mark("Their interviews: when, where, and that one was changed or cancelled"),
    "viewed": mark("That the application was viewed"),
    "downloaded": mark("That a file of theirs was downloaded"),
    "commented": mark("That the hiring team wrote a comment, never what it says"),
    "assigned": mark("That somebody looks after the application"),
}
_FIELDS: Final = ("name", "mapping")
_ACTS: Final = get_args(Act)


class Typed(msgspec.Struct, frozen=True):
    """What was typed about a source that isn't kept yet."""

    source_id: UUID
    name: str
    mapping: str


@get(PATH, **WEB)
async def status_settings(request: Request[Any, Any, Any], tenant_scope: Scoped) -> Reply[bytes]:
    """Show what candidates see, and who reports."""
    return await _shown(request, tenant_scope)


@post(PATH + "/sources/{source_id:uuid}", opt={"form": True}, status_code=303, **WEB)
async def change_source(
    request: Request[Any, Any, Any], tenant_scope: Scoped, source_id: FromPath[UUID]
) -> Reply[Any]:
    """Keep a source's name and what its statuses stand for."""
    require(tenant_scope, Action.MANAGE_TENANT)
    form = await read_form(request)
    typed = Typed(source_id, form["name"], form["mapping"].replace("\r\n", "\n"))
    version = int(form["version"]) if form["version"].isdecimal() else None
    try:
        changes = _changes(typed)
        await tenant_scope.execute(
            ChangeSource(
                source_id=SourceId(source_id),
                name=changes.name,
                mapping=changes.mapping,
                expected_version=version,
            )
        )
    except DomainError as error:
        await tenant_scope.ask(ShowSource(source_id=SourceId(source_id)))
        return await _shown(
            request, tenant_scope, typed, status=status_of(error), **said(error, _FIELDS)
        )
    return redirect(f"{PATH}#source-{source_id}")


async def _shown(
    request: Request[Any, Any, Any],
    tenant_scope: TenantScope,
    typed: Typed | None = None,
    *,
    status: int = 200,
    error: str = "",
    errors: Mapping[str, str] | None = None,
) -> Reply[bytes]:
    require(tenant_scope, Action.MANAGE_TENANT)
    sources = await tenant_scope.ask(ListSources())
    home = home_of(tenant_scope, await tenant_scope.ask(ShowSite()))
    return page(
        request,
        "status_settings.html",
        status=status,
        preferences=await tenant_scope.ask(ShowStatusPreferences()),
        kinds=SHOWN,
        sources=sources.items,
        host=home.removesuffix("/careers"),
        typed=typed,
        lines=lines_of,
        rejections=REJECTION_REASONS,
        withdrawals=WITHDRAWAL_REASONS,
        error=error,
        errors=dict(errors or {}),
    )


def lines_of(source: SourceView) -> str:
    """Return what a source's statuses stand for as lines to be edited."""
    return "\n".join(f"{word} = {_said(target)}" for word, target in source.mapping.items())


def read_lines(text: str) -> dict[str, Any]:
    """Return what lines say, as the API takes it. Raises InvalidInput naming the wrong line."""
    mapping: dict[str, Any] = {}
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        word, act, more = _parts(line)
        if not word or word in mapping:
            message = f"Line {number}: write the status, =, and what it does; each status once."
            raise InvalidInput(FieldError("mapping", message))
        if act not in _ACTS:
            message = f"Line {number}: behind the = stands one of {', '.join(_ACTS)}."
            raise InvalidInput(FieldError("mapping", message))
        name = "stage" if act == "move" else "reason"
        mapping[word] = {"act": act, **({name: more} if more else {})}
    return mapping


def _parts(line: str) -> tuple[str, str, str]:
    """Return a status, what it does and the name of the stage or reason.

    Statuses and stages may hold a = themselves: the one counts behind which something known stands.
    """
    found = ("", "", "")
    for place, sign in enumerate(line):
        if sign == "=":
            act, _, more = (part.strip() for part in line[place + 1 :].partition(":"))
            found = line[:place].strip(), act, more
            if act in _ACTS:
                break
    return found


def _changes(typed: Typed) -> SourceChanges:
    """Return what was typed as the API takes it. Raises InvalidInput."""
    plain = {"name": typed.name, "mapping": read_lines(typed.mapping)}
    wrong = list(problems_in(plain, SourceChanges, ""))
    if wrong:
        raise InvalidInput(*wrong)
    return msgspec.convert(plain, SourceChanges)


def _said(target: Target) -> str:
    more = target.stage if target.act == "move" else target.reason
    return f"{target.act}: {more}" if more else target.act


ROUTES: Final[tuple[ControllerRouterHandler, ...]] = (status_settings, change_source)
