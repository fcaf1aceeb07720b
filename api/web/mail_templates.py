"""The pages of e-mail templates.

The editor's form is sent to the API. What a mail looks like is shown in a frame of its own without
any rights: its page allows the styles that mails need, and nothing else.
"""

from collections.abc import Sequence
from typing import Annotated, Any, Final

import msgspec
from litestar import Request, get, post
from litestar.params import FromPath, QueryParameter
from litestar.types import ControllerRouterHandler

from api.replies import Headers, Reply
from api.request_scope import Scoped
from api.v1.templates import named
from api.web.forms import Form
from api.web.frame import WEB, may, page, partial, read_form, require
from api.web.languages import mark
from core.applications.contracts import ApplicationId, ApplicationRow, ListApplications
from core.identity.contracts.team import ListMembers
from core.shared.paging import MAX_LIMIT, PageRequest
from core.shared.permissions import Action
from core.templates.contracts import (
    MAX_BODY,
    MAX_SUBJECT,
    Language,
    ListTemplates,
    ListTemplateVersions,
    PreviewTemplate,
    ShowTemplate,
    TemplateKey,
    TemplatePreview,
    TemplateRow,
)
from tenants.scope import TenantScope

Number = Annotated[str, QueryParameter(max_length=9)]

LANGUAGE_NAMES: Final[dict[str, str]] = {
    "en": "English",
    "de": "Deutsch",
    "es": "Español",
    "fr": "Français",
}
_CHOICES: Final = 30
_FRAME_POLICY: Final = (
    b"default-src 'none'; style-src 'unsafe-inline'; img-src 'self' https:; sandbox; "
    b"frame-ancestors 'self'; base-uri 'none'; form-action 'none'"
)
_FRAMED: Final[Headers] = (
    (b"content-security-policy", _FRAME_POLICY),
    (b"referrer-policy", b"no-referrer"),
)


class Group(msgspec.Struct, frozen=True):
    """Templates under one heading."""

    id: str
    heading: str
    rows: list[TemplateRow]
    is_plugin: bool = False
    """Whether the heading is a plugin's name, in nobody's language but its own."""


@get("/settings/templates", **WEB)
async def templates(request: Request[Any, Any, Any], tenant_scope: Scoped) -> Reply[bytes]:
    """List every kind of mail with its languages."""
    found = await tenant_scope.ask(ListTemplates())
    return page(
        request,
        "mail_templates.html",
        groups=_groups(found.items),
        needs_attention=any(one.needs_attention for each in found.items for one in each.languages),
        language_names=LANGUAGE_NAMES,
    )


def _groups(rows: Sequence[TemplateRow]) -> list[Group]:
    """Return the platform's mails by who gets them, then those of each plugin."""
    ours = [each for each in rows if each.plugin is None]
    groups = [
        Group("to-candidate", mark("To candidates"), [e for e in ours if e.to == "candidate"]),
        Group("to-member", mark("To your team"), [e for e in ours if e.to == "member"]),
    ]
    for plugin in dict.fromkeys(each.plugin for each in rows if each.plugin is not None):
        brought = [each for each in rows if each.plugin == plugin]
        name = brought[0].plugin_name or plugin
        groups.append(Group(f"of-{plugin}", name, brought, is_plugin=True))
    return groups


@get("/settings/templates/{kind:str}/{language:str}", **WEB)
async def template(
    request: Request[Any, Any, Any],
    tenant_scope: Scoped,
    kind: FromPath[str],
    language: FromPath[str],
    start_from: Number = "",
) -> Reply[bytes]:
    """Edit one template beside what it makes; with `start_from`, an older version's text."""
    known, tongue = named(kind, language)
    view = await tenant_scope.ask(ShowTemplate(kind=known, language=tongue))
    versions = (await tenant_scope.ask(ListTemplateVersions(kind=known, language=tongue))).items
    older = next((each for each in versions if str(each.version) == start_from), None)
    members = await tenant_scope.ask(ListMembers(page=PageRequest(limit=MAX_LIMIT)))
    may_change = may(tenant_scope.actor, Action.MANAGE_TENANT)
    return page(
        request,
        "mail_template.html",
        mail=view,
        started_from=older,
        subject=(older or view).subject,
        body=(older or view).body,
        versions=versions,
        authors={each.id: each.name for each in members.items},
        applications=await _choices(tenant_scope) if may_change else (),
        language_names=LANGUAGE_NAMES,
        may_change=may_change,
        longest_subject=MAX_SUBJECT,
        longest_body=MAX_BODY,
    )


@post(
    "/settings/templates/{kind:str}/{language:str}/preview",
    opt={"form": True},
    status_code=200,
    **WEB,
)
async def preview(
    request: Request[Any, Any, Any],
    tenant_scope: Scoped,
    kind: FromPath[str],
    language: FromPath[str],
) -> Reply[bytes]:
    """Return what the editor's frame shows: the mail, or what is wrong."""
    require(tenant_scope, Action.MANAGE_TENANT)
    known, tongue = named(kind, language)
    made = await _previewed(tenant_scope, known, tongue, await read_form(request))
    if made.mail is None or made.mail.html is None:
        return partial(request, "mail_flaws.html", headers=_FRAMED, preview=made)
    return Reply(
        made.mail.html.encode(), headers=list(_FRAMED), content_type=b"text/html; charset=utf-8"
    )


async def _previewed(
    tenant_scope: TenantScope, kind: TemplateKey, language: Language, form: Form
) -> TemplatePreview:
    application_id = form["application_id"].strip()
    return await tenant_scope.execute(
        PreviewTemplate(
            kind=kind,
            language=language,
            subject=form["subject"][:MAX_SUBJECT] or None,
            body=form["body"].replace("\r\n", "\n")[:MAX_BODY] or None,
            application_id=_id(application_id) if application_id else None,
        )
    )


def _id(text: str) -> ApplicationId | None:
    try:
        return msgspec.convert(text, ApplicationId)
    except msgspec.ValidationError:
        return None


async def _choices(tenant_scope: TenantScope) -> list[ApplicationRow]:
    """Return the newest applications, to preview with."""
    query = ListApplications(page=PageRequest(limit=_CHOICES))
    return list((await tenant_scope.ask(query)).items)


ROUTES: Final[tuple[ControllerRouterHandler, ...]] = (templates, template, preview)
