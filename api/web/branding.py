"""The page on which an admin gives the careers site and mails the company's look.

Its form is sent to the API, as others of the console; without a script it is sent here. What the
preview shows of colours is made by the same code as the careers site's own.
"""

import base64
from typing import Annotated, Any, Final

import msgspec
from litestar import Request, get, post
from litestar.params import QueryParameter
from litestar.types import ControllerRouterHandler

from api.errors import BadRequest, status_of
from api.replies import Reply
from api.request_scope import Scoped
from api.v1.tenant import TenantChanges
from api.web.careers_brand import tokens_of
from api.web.forms import Form
from api.web.frame import WEB, page, partial, read_form, redirect, require
from api.web.refusals import said
from core.shared.colour import is_colour, parsed, text_on, written
from core.shared.errors import DomainError, FieldError, InvalidInput
from core.shared.permissions import Action
from core.shared.problems import problems_in
from core.tenancy.contracts import (
    Branding,
    ListPlans,
    ShowEntitlements,
    ShowTenant,
    TenantView,
    UpdateTenant,
)
from core.tenancy.logo import MAX_BYTES, WRONG_KIND
from core.tenancy.look import change_problems
from tenants.scope import TenantScope

Words = Annotated[str, QueryParameter(max_length=200)]
FIELDS: Final = (
    "name",
    "branding.tagline",
    "branding.logo",
    "branding.primary_color",
    "branding.accent_color",
    "branding.footer_lines",
    "branding.privacy_url",
    "branding.contact_email",
    "branding.survey_url",
)
_FEATURE: Final = "branding"


@get("/settings/branding", **WEB)
async def branding(
    request: Request[Any, Any, Any], tenant_scope: Scoped, done: Words = ""
) -> Reply[bytes]:
    """Show the look beside what it makes of the careers site and of mails."""
    require(tenant_scope, Action.MANAGE_TENANT)
    tenant = await tenant_scope.ask(ShowTenant())
    return await _shown(
        request, tenant_scope, tenant, tenant.name, tenant.branding, is_saved=done == "saved"
    )


@post("/settings/branding", opt={"form": True}, status_code=303, **WEB)
async def save_branding(request: Request[Any, Any, Any], tenant_scope: Scoped) -> Reply[Any]:
    """Take the look from a form that the browser sent itself."""
    require(tenant_scope, Action.MANAGE_TENANT)
    form = await read_form(request)
    tenant = await tenant_scope.ask(ShowTenant())
    name, look = form["name"], _typed(form, tenant.branding)
    try:
        look = msgspec.structs.replace(look, logo=await _chosen_logo(form, look.logo))
        _require_sound(name, look)
        version = form["version"]
        await tenant_scope.execute(
            UpdateTenant(
                expected_version=int(version) if version.isdecimal() else None,
                name=name,
                branding=look,
            )
        )
    except DomainError as error:
        return await _shown(
            request,
            tenant_scope,
            tenant,
            name,
            look,
            status=status_of(error),
            **said(error, FIELDS),
        )
    return redirect("/settings/branding?done=saved")


@get("/settings/branding/colours", **WEB)
async def colours(
    request: Request[Any, Any, Any], tenant_scope: Scoped, primary: Words = "", accent: Words = ""
) -> Reply[bytes]:
    """Fill in what two colours become on pages, and what is wrong with them."""
    require(tenant_scope, Action.MANAGE_TENANT)
    look = Branding(primary_color=primary.strip() or None, accent_color=accent.strip() or None)
    return partial(request, "pieces/look_colours.html", **_colours(look))


async def _shown(
    request: Request[Any, Any, Any],
    tenant_scope: TenantScope,
    tenant: TenantView,
    name: str,
    look: Branding,
    *,
    status: int = 200,
    is_saved: bool = False,
    error: str = "",
    errors: dict[str, str] | None = None,
) -> Reply[bytes]:
    given = await tenant_scope.ask(ShowEntitlements())
    feature = next(each for each in given.features if each.feature == _FEATURE)
    plans = {each.id: each.name for each in await tenant_scope.ask(ListPlans())}
    return page(
        request,
        "branding.html",
        status=status,
        tenant=tenant,
        name=name,
        look=look,
        feature=feature,
        available_in=plans[feature.available_in] if feature.available_in else "",
        is_saved=is_saved,
        is_plain=tenant.branding == Branding(),
        most_bytes=MAX_BYTES,
        wrong_kind=WRONG_KIND,
        error=error,
        errors=errors or {},
        **_colours(look),
    )


def _colours(look: Branding) -> dict[str, Any]:
    """Return what a look's colours become; one that is none is left out, and told of."""
    usable = Branding(
        primary_color=_if_colour(look.primary_color), accent_color=_if_colour(look.accent_color)
    )
    light, dark = tokens_of(usable)
    mail = dict(light)
    if usable.accent:
        chosen = parsed(usable.accent)
        mail |= {"button": written(chosen), "on-button": written(text_on(chosen))}
        mail.setdefault("brand", written(chosen))
    problems = change_problems(Branding(), Branding(accent_color=usable.accent_color))
    return {
        "tokens": {"light": light, "dark": dark, "mail": mail},
        "chosen": usable.accent,
        "is_derived": usable.accent is not None and usable.accent_color is None,
        "colour_problem": problems[0].message if problems else "",
    }


def _if_colour(text: str | None) -> str | None:
    return text if text and is_colour(text) else None


def _typed(form: Form, before: Branding) -> Branding:
    """Return what was typed; without a new logo, the one that the form came with stays."""
    given = {name: form[f"branding.{name}"] or None for name in Branding.__struct_fields__}
    lines = tuple(line.strip() for line in form["branding.footer_lines"].splitlines())
    logo = given["logo"] if "branding.logo" in form else before.logo
    return Branding(
        logo=None if "remove_logo" in form else logo,
        primary_color=given["primary_color"],
        accent_color=given["accent_color"],
        footer_lines=tuple(line for line in lines if line),
        tagline=given["tagline"],
        privacy_url=given["privacy_url"],
        contact_email=given["contact_email"],
        survey_url=given["survey_url"],
    )


async def _chosen_logo(form: Form, present: str | None) -> str | None:
    """Return the file that was chosen as the API takes it. Raises InvalidInput."""
    file = next((each for each in form.files("logo_file") if each.filename), None)
    if file is None:
        return present
    if file.content_type not in {"image/png", "image/jpeg", "image/webp"}:
        raise InvalidInput(FieldError("branding.logo", WRONG_KIND))
    content = await file.read()
    return f"data:{file.content_type};base64,{base64.b64encode(content).decode()}"


def _require_sound(name: str, look: Branding) -> None:
    """Return when the API would take it. Raises BadRequest naming each field that it wouldn't.

    A logo may be longer than there, so that it is told how long it is.
    """
    given = msgspec.to_builtins(msgspec.structs.replace(look, logo=None))
    wrong = list(problems_in({"name": name, "branding": given}, TenantChanges, ""))
    if wrong:
        raise BadRequest(*wrong)


ROUTES: Final[tuple[ControllerRouterHandler, ...]] = (branding, save_branding, colours)
